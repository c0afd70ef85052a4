"""Writing, sending and answering quotes."""

from __future__ import annotations

import pytest
from django.test import Client

from crm.make import make_contact, make_opportunity, make_quote
from crm.pages.look import page
from dealwright.base.access.actor import system
from dealwright.crm.models import Quote
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.quotes.delivery import send_quote

pytestmark = pytest.mark.django_db


class TestQuotes:
    def test_the_way_of_a_quote(self, browser, rep):
        contact = make_contact(email="ada@acme.example", owner=rep)
        deal = make_opportunity(owner=rep, contact=contact)
        set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "1000"}])
        page(browser, f"/opportunities/{deal.pk}/quotes/new")
        browser.post(f"/opportunities/{deal.pk}/quotes/new", {"name": "Offer"})
        quote = Quote.objects.get()
        base = f"/quotes/{quote.pk}"
        for verb in ("send", "submit", "revise"):
            page(browser, f"{base}/{verb}")
        browser.post(
            f"{base}/lines",
            {"lines.1.name": "Loom", "lines.1.unit_price": "900"},
            headers={"HX-Request": "true"},
        )
        pdf = browser.get(f"{base}/pdf")
        assert pdf["Content-Type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF")
        browser.post(f"{base}/send", {"to": "ada@acme.example", "subject": "Offer"})
        quote.refresh_from_db()
        assert quote.status == "sent"
        public = f"/q/{quote.public_token}"
        visitor = Client()
        assert "900.00" in page(visitor, public)
        quote.refresh_from_db()
        assert quote.viewed_at is not None
        assert visitor.get(f"{public}/pdf").content.startswith(b"%PDF")
        assert visitor.post(public, {"answer": "yes", "accepted_by": ""}).status_code == 422
        visitor.post(public, {"answer": "yes", "accepted_by": "Ada"})
        assert "Accepted by Ada" in page(visitor, public)
        page(visitor, "/q/guess", 404)

    def test_an_answer_by_phone_is_noted(self, browser, rep):
        deal = make_opportunity(owner=rep)
        set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "1"}])
        quote = send_quote(system(), make_quote(opportunity=deal).pk, to="a@b.example")
        page(browser, f"/quotes/{quote.pk}/answer")
        browser.post(f"/quotes/{quote.pk}/answer", {"answer": "no", "reason": "Too dear"})
        quote.refresh_from_db()
        assert (quote.status, quote.rejected_reason) == ("rejected", "Too dear")
