"""What can be done with offers: make, price, revise, approve, send, accept, reject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.numbering import next_number
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile
from dealwright.base.records.services import insert_record, save_changes
from dealwright.crm.opportunities.models import Opportunity, StageCategory
from dealwright.crm.products.lines import copy_lines, make_lines
from dealwright.crm.products.pricing import totals
from dealwright.crm.quotes.models import Quote, QuoteLineItem

VALID_DAYS = 30
DRAFT = (Quote.Status.DRAFT, Quote.Status.IN_REVIEW)


def create_quote(actor: Actor, values: Mapping[str, Any]) -> Quote:
    """Make an offer from an opportunity: its lines, account, contact and currency.

    Raises Invalid for a deal that is closed as lost, NotAllowed where the deal may only be
    seen.
    """
    with change(actor):
        opportunity: Opportunity = get_changeable(actor, "opportunity", values["opportunity_id"])
        if opportunity.status == StageCategory.LOST:
            sentence = "Opportunity: this deal is lost. Reopen it before you make an offer."
            raise Invalid(sentence, fields={"opportunity": [sentence]})
        cleaned = {
            "name": opportunity.name,
            "account_id": opportunity.account_id,
            "contact_id": opportunity.contact_id,
            "owner_id": opportunity.owner_id or (actor.user and actor.user.pk),
            "valid_until": timezone.localdate() + timedelta(days=VALID_DAYS),
        }
        cleaned |= {key: value for key, value in values.items() if value not in (None, "")}
        cleaned |= {"currency": opportunity.currency}
        _check_discount(cleaned)
        cleaned["number"] = next_number("quote", prefix="Q", actor=actor)
        quote: Quote = insert_record(actor, object_type("quote"), cleaned)
        _copy_lines(opportunity.line_items.all(), quote)
        return _add_up(actor, quote)


def update_quote(actor: Actor, quote: Quote, values: Mapping[str, Any]) -> Quote:
    """Change an offer that has not gone out. Raises Conflict afterwards: make a revision."""
    _require_draft(quote)
    _check_discount(values)
    save_changes(actor, quote, values)
    return _add_up(actor, quote) if "discount" in values else quote


def set_quote_lines(actor: Actor, quote_id: Any, lines: Sequence[Mapping[str, Any]]) -> Quote:
    """Replace the lines of an offer and add it up again; see ``products.lines.make_lines``."""
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", quote_id)
        _require_draft(quote)
        rows = make_lines(
            actor,
            QuoteLineItem,
            lines,
            currency=quote.currency,
            price_book_id=quote.price_book_id,
        )
        quote.lines.all().delete()
        for row in rows:
            row.quote = quote
        QuoteLineItem.objects.bulk_create(rows)
        return _add_up(actor, quote)


def revise_quote(actor: Actor, quote_id: Any) -> Quote:
    """A new draft of the same number that replaces the offer.

    Raises Conflict for one that was accepted or has a newer revision already.
    """
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", quote_id)
        if quote.status in (Quote.Status.ACCEPTED, Quote.Status.REPLACED):
            raise Conflict(f"This quote is {quote.get_status_display().lower()}.")
        revision: Quote = insert_record(
            actor,
            object_type("quote"),
            {
                "number": quote.number,
                "revision": quote.revision + 1,
                "replaces_id": quote.pk,
                "name": quote.name,
                "opportunity_id": quote.opportunity_id,
                "account_id": quote.account_id,
                "contact_id": quote.contact_id,
                "owner_id": quote.owner_id,
                "price_book_id": quote.price_book_id,
                "currency": quote.currency,
                "discount": quote.discount,
                "valid_until": timezone.localdate() + timedelta(days=VALID_DAYS),
                "terms": quote.terms,
                "introduction": quote.introduction,
            },
        )
        _copy_lines(quote.lines.all(), revision)
        save_changes(actor, quote, {"status": Quote.Status.REPLACED})
        return _add_up(actor, revision)


def submit_quote(actor: Actor, quote_id: Any) -> Quote:
    """Ask a manager to look at a draft."""
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", quote_id)
        if quote.status != Quote.Status.DRAFT:
            raise Conflict("Only a draft can be submitted.")
        _require_lines(quote)
        submitted: Quote = save_changes(actor, quote, {"status": Quote.Status.IN_REVIEW})
        return submitted


def approve_quote(actor: Actor, quote_id: Any) -> Quote:
    """Release a draft to be sent; for managers and administrators."""
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", quote_id)
        may = actor.is_system or actor.require_user().profile in (
            Profile.ADMINISTRATOR,
            Profile.MANAGER,
        )
        if not may:
            raise NotAllowed("Quotes are approved by managers.")
        _require_draft(quote)
        _require_lines(quote)
        approved: Quote = save_changes(actor, quote, {"status": Quote.Status.APPROVED})
        return approved


def expire_quotes(actor: Actor) -> int:
    """Mark what was sent and is no longer valid; returns how many."""
    expired = 0
    with change(actor):
        rows = Quote.objects.filter(
            status=Quote.Status.SENT, valid_until__lt=timezone.localdate()
        ).select_for_update(of=("self",), skip_locked=True)
        for quote in rows:
            save_changes(actor, quote, {"status": Quote.Status.EXPIRED})
            expired += 1
    return expired


def quote_lines(actor: Actor, quote_id: Any) -> tuple[Quote, list[QuoteLineItem]]:
    """An offer with its lines in order."""
    quote: Quote = get_visible(actor, "quote", quote_id)
    return quote, list(quote.lines.select_related("product").order_by("position", "id"))


def _copy_lines(lines: Any, quote: Quote) -> None:
    rows = copy_lines(QuoteLineItem, lines)
    for row in rows:
        row.quote = quote
    QuoteLineItem.objects.bulk_create(rows)


def _add_up(actor: Actor, quote: Quote) -> Quote:
    sums = totals(quote.lines.all(), quote.discount, quote.currency)
    if sums.total >= Decimal(10) ** 16:
        raise Invalid("The total of this quote is more than can be stored.")
    added: Quote = save_changes(
        actor,
        quote,
        {
            "subtotal": sums.subtotal,
            "discount_amount": sums.discount_amount,
            "tax_amount": sums.tax_amount,
            "total": sums.total,
        },
    )
    return added


def _check_discount(values: Mapping[str, Any]) -> None:
    discount = values.get("discount")
    if discount is not None and not 0 <= discount <= 1:
        sentence = "Discount must be between 0 and 100 %."
        raise Invalid(sentence, fields={"discount": [sentence]})


def _require_draft(quote: Quote) -> None:
    if quote.status not in DRAFT:
        raise Conflict(
            f"This quote is {quote.get_status_display().lower()} and stays as it is. "
            "Make a revision to change it.",
            code="not_a_draft",
        )


def _require_lines(quote: Quote) -> None:
    if not quote.lines.exists():
        raise Invalid("This quote has no lines yet.", fields={"lines": ["Add at least one line."]})
