"""Offers: priced exactly, sent as a document, answered once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace

import pypdfium2
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crm.make import make_account, make_contact, make_opportunity, make_product, make_quote
from dealwright.base.access.actor import Actor, system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.records.services import update_record
from dealwright.crm.models import Activity, PriceBookEntry, Quote
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.products.lines import price_of
from dealwright.crm.products.pricing import line_amount, taxes, totals
from dealwright.crm.products.services import create_price_book, set_prices
from dealwright.crm.quotes.delivery import (
    accept_quote,
    quote_of_token,
    quote_pdf,
    reject_quote,
    send_quote,
)
from dealwright.crm.quotes.services import (
    approve_quote,
    expire_quotes,
    revise_quote,
    set_quote_lines,
    submit_quote,
)
from make import acting, make_user

VISITOR = Actor(user=None, via="public", label="Visitor")
amounts = st.decimals("0", "1000000", places=2)
fractions = st.decimals("0", "1", places=4)
lines = st.lists(
    st.builds(
        lambda amount, tax: SimpleNamespace(amount=amount, tax_rate=tax),
        amounts,
        st.sampled_from([Decimal(0), Decimal("0.07"), Decimal("0.19"), Decimal("0.2")]),
    ),
    max_size=12,
)


@given(lines, fractions, st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
def test_totals_always_add_up(rows, discount, currency):
    for row in rows:
        row.amount = line_amount(Decimal(1), row.amount, Decimal(0), currency)
    sums = totals(rows, discount, currency)
    assert sums.subtotal == sum((row.amount for row in rows), Decimal(0))
    assert sums.total == sums.subtotal - sums.discount_amount + sums.tax_amount
    assert 0 <= sums.discount_amount <= sums.subtotal
    parts = taxes(rows, discount, currency)
    assert sum((part.base for part in parts), Decimal(0)) == sums.subtotal - sums.discount_amount
    assert sum((part.tax for part in parts), Decimal(0)) == sums.tax_amount


@given(st.decimals("0.0001", "10000", places=4), amounts, fractions)
def test_a_line_is_rounded_once_and_never_costs_more_than_its_price(quantity, price, discount):
    amount = line_amount(quantity, price, discount, "EUR")
    assert amount == round(amount, 2)
    assert abs(amount - quantity * price * (1 - discount)) <= Decimal("0.005")


def test_half_a_cent_goes_away_from_zero():
    assert line_amount(Decimal("0.5"), Decimal("0.01"), Decimal(0), "EUR") == Decimal("0.01")
    assert line_amount(Decimal(1), Decimal("10.5"), Decimal(0), "JPY") == Decimal(11)


def make_deal(**fields):
    account = make_account(name="Acme", billing_city="Berlin")
    contact = make_contact(first_name="Ada", email="ada@acme.example", account=account)
    deal = make_opportunity(name="Looms", account=account, contact=contact, **fields)
    return set_line_items(
        system(),
        deal.pk,
        [
            {"name": "Loom", "quantity": "3", "unit_price": "1000", "tax_rate": "0.19"},
            {"name": "Set-up", "unit_price": "250.50", "tax_rate": "0.07"},
        ],
    )


@pytest.mark.django_db
class TestQuote:
    def test_it_takes_lines_people_and_currency_from_the_deal(self):
        deal = make_deal()
        quote = make_quote(opportunity=deal)
        assert quote.number == f"Q-{timezone.localdate().year}-00001"
        assert (quote.account, quote.contact, quote.currency) == (deal.account, deal.contact, "USD")
        assert (quote.subtotal, quote.tax_amount) == (Decimal("3250.50"), Decimal("587.54"))
        assert quote.total == Decimal("3838.04")
        assert [line.name for line in quote.lines.order_by("position")] == ["Loom", "Set-up"]
        assert quote.valid_until == timezone.localdate() + timedelta(days=30)

    def test_a_discount_on_the_whole_is_spread_over_the_tax_rates(self):
        quote = make_quote(opportunity=make_deal(), discount="0.1")
        assert quote.discount_amount == Decimal("325.05")
        # 2700.00 at 19 % is 513.00; 225.45 at 7 % is 15.78
        assert quote.tax_amount == Decimal("528.78")
        assert quote.total == Decimal("3454.23")

    def test_numbers_have_no_gaps(self):
        deal = make_deal()
        with pytest.raises(Invalid):
            make_quote(opportunity=deal, discount="2")
        numbers = [make_quote(opportunity=deal).number[-5:] for _ in range(2)]
        assert numbers == ["00001", "00002"]

    def test_its_lines_can_be_changed_while_it_is_a_draft(self):
        quote = make_quote(opportunity=make_deal())
        changed = set_quote_lines(system(), quote.pk, [{"name": "Loom", "unit_price": "10"}])
        assert changed.total == 10
        update_record(system(), "quote", quote.pk, {"discount": "0.5"})
        assert Quote.objects.get(pk=quote.pk).total == 5

    def test_sending_keeps_the_document_and_writes_a_mail_and_an_activity(self):
        quote = make_quote(opportunity=make_deal())
        sent = send_quote(system(), quote.pk)
        assert (sent.status, sent.sent_to) == ("sent", "ada@acme.example")
        message = OutboundMessage.objects.get()
        assert f"/q/{sent.public_token}" in message.text
        assert message.attachments.get().name == f"{quote.number}.pdf"
        activity = Activity.objects.get(kind="email")
        assert (activity.opportunity, activity.contact) == (quote.opportunity, quote.contact)
        name, content = quote_pdf(system(), quote.pk)
        assert name == f"{quote.number}.pdf"
        page = pypdfium2.PdfDocument(content)[0]
        text = page.get_textpage().get_text_range()
        for expected in (quote.number, "Looms", "Loom", "$1,000.00", "$3,838.04", "Acme", "Berlin"):
            assert expected in text
        with pytest.raises(Conflict, match="Make a revision to change it"):
            update_record(system(), "quote", quote.pk, {"discount": "0.5"})

    def test_text_in_a_quote_is_never_read_as_markup(self):
        deal = make_opportunity(name='#panic("x") *bold* $ _ @ref <b>')
        set_line_items(system(), deal.pk, [{"name": '#read("/etc/passwd")', "unit_price": "1"}])
        _, content = quote_pdf(system(), make_quote(opportunity=deal).pk)
        text = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_range()
        assert '#panic("x") *bold* $ _ @ref <b>' in text
        assert '#read("/etc/passwd")' in text

    def test_acceptance_sets_what_the_deal_is_worth(self):
        deal = make_deal()
        quote = make_quote(opportunity=deal)
        set_quote_lines(
            system(), quote.pk, [{"name": "Loom", "unit_price": "777", "tax_rate": "0.2"}]
        )
        sent = send_quote(system(), quote.pk)
        accepted = accept_quote(VISITOR, quote_of_token(sent.public_token), accepted_by="Ada Byron")
        assert (accepted.status, accepted.accepted_by) == ("accepted", "Ada Byron")
        deal.refresh_from_db()
        assert (deal.amount, deal.amount_source) == (777, "lines")
        payload = OutboxEvent.objects.get(name="quote.accepted").payload
        assert payload["total"] == "932.40"
        with pytest.raises(Conflict, match="is accepted and cannot be answered now"):
            reject_quote(VISITOR, quote_of_token(sent.public_token))

    def test_an_answer_needs_a_name_and_a_living_offer(self):
        quote = send_quote(system(), make_quote(opportunity=make_deal()).pk)
        with pytest.raises(Invalid) as refusal:
            accept_quote(VISITOR, quote, accepted_by=" ")
        assert "accepted_by" in refusal.value.fields
        Quote.objects.filter(pk=quote.pk).update(
            valid_until=timezone.localdate() - timedelta(days=1)
        )
        with pytest.raises(Conflict, match="expired"):
            accept_quote(VISITOR, quote, accepted_by="Ada")
        assert expire_quotes(system()) == 1
        assert Quote.objects.get(pk=quote.pk).status == "expired"

    def test_an_unknown_link_is_nothing(self):
        make_quote(opportunity=make_deal())
        for token in ("", "guess"):
            with pytest.raises(NotFound):
                quote_of_token(token)

    def test_a_revision_replaces_the_offer_under_the_same_number(self):
        quote = send_quote(system(), make_quote(opportunity=make_deal()).pk)
        revision = revise_quote(system(), quote.pk)
        quote.refresh_from_db()
        assert (revision.number, revision.revision, revision.status) == (quote.number, 2, "draft")
        assert str(revision) == f"{quote.number}/2"
        assert quote.status == "replaced"
        assert revision.total == quote.total
        with pytest.raises(Conflict):
            accept_quote(VISITOR, quote, accepted_by="Ada")

    def test_only_managers_approve(self):
        rep, boss = make_user(), make_user(profile="manager")
        quote = make_quote(opportunity=make_deal(owner=boss))
        Quote.objects.filter(pk=quote.pk).update(owner=rep)
        assert submit_quote(acting(rep), quote.pk).status == "in_review"
        with pytest.raises(NotAllowed):
            approve_quote(acting(rep), quote.pk)
        with pytest.raises(Conflict, match="in review cannot be sent"):
            send_quote(acting(rep), quote.pk)
        assert approve_quote(system(), quote.pk).status == "approved"

    def test_sending_without_lines_or_address_names_what_is_missing(self):
        empty = make_quote(opportunity=make_opportunity())
        with pytest.raises(Invalid) as refusal:
            send_quote(system(), empty.pk, to="ada@acme.example")
        assert "lines" in refusal.value.fields
        set_quote_lines(system(), empty.pk, [{"name": "X", "unit_price": "1"}])
        with pytest.raises(Invalid) as refusal:
            send_quote(system(), empty.pk)
        assert "to" in refusal.value.fields


@pytest.mark.django_db
class TestPrices:
    def test_the_quantity_chooses_the_tier(self):
        product = make_product(list_price="100")
        book = create_price_book(
            system(), {"name": "Standard", "currency": "USD", "is_standard": True}
        )
        set_prices(
            system(),
            book.pk,
            product.pk,
            [{"list_price": "90"}, {"min_quantity": "10", "list_price": "80"}],
        )
        prices = [
            price_of(product, currency="USD", quantity=Decimal(quantity))
            for quantity in (1, 9, 10, 50)
        ]
        assert prices == [90, 90, 80, 80]

    def test_without_a_price_in_the_currency_one_must_be_entered(self):
        product = make_product(list_price="100", currency="USD")
        assert price_of(product, currency="EUR", quantity=Decimal(1)) is None
        deal = make_opportunity(currency="EUR")
        with pytest.raises(Invalid) as refusal:
            set_line_items(system(), deal.pk, [{"product": product.pk}])
        assert refusal.value.fields == {"lines.1.unit_price": ["Enter a price in EUR."]}

    def test_one_quantity_has_one_price(self):
        product = make_product()
        book = create_price_book(system(), {"name": "A"})
        with pytest.raises(Invalid) as refusal:
            set_prices(system(), book.pk, product.pk, [{"list_price": "1"}, {"list_price": "2"}])
        assert "prices.2.min_quantity" in refusal.value.fields
        assert PriceBookEntry.objects.count() == 0
