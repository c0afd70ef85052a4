"""An offer on its way to the customer and back: document, mail, public page, answer."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events import record_event
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file, store_file
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import clean_value
from dealwright.base.records.services import save_changes
from dealwright.crm.activities.mail import send_email_from_record
from dealwright.crm.opportunities.line_items import take_line_items
from dealwright.crm.opportunities.models import Opportunity, StageCategory
from dealwright.crm.quotes.document import render_quote
from dealwright.crm.quotes.events import QuoteAccepted, QuoteRejected, QuoteSent
from dealwright.crm.quotes.models import Quote, QuoteLineItem
from dealwright.crm.quotes.services import quote_lines

_SENDABLE = (Quote.Status.DRAFT, Quote.Status.APPROVED, Quote.Status.SENT)


def quote_pdf(actor: Actor, quote_id: Any) -> tuple[str, bytes]:
    """File name and PDF: as it was sent, or as it would be sent now."""
    quote, lines = quote_lines(actor, quote_id)
    return f"{_file_name(quote)}.pdf", _pdf(quote, lines)


def _pdf(quote: Quote, lines: list[QuoteLineItem]) -> bytes:
    stored = StoredFile.objects.filter(pk=quote.document_id).first() if quote.document_id else None
    return read_file(stored) if stored is not None else render_quote(quote, lines)


def _file_name(quote: Quote) -> str:
    return str(quote).replace("/", "-")


def send_quote(
    actor: Actor, quote_id: Any, *, to: str = "", subject: str = "", message: str = ""
) -> Quote:
    """Send an offer by mail, with the PDF and a link where the customer answers.

    The document is kept as it went out. ``to`` is the contact's address unless given.
    Raises Invalid without lines or address, Conflict for an offer that is answered, expired
    or still in review.
    """
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", quote_id)
        if quote.status not in _SENDABLE:
            raise Conflict(f"A quote that is {quote.get_status_display().lower()} cannot be sent.")
        lines = list(quote.lines.order_by("position", "id"))
        if not lines:
            raise Invalid(
                "This quote has no lines yet.", fields={"lines": ["Add at least one line."]}
            )
        to = _address(to or (quote.contact.email if quote.contact else ""))
        now = timezone.now()
        values: dict[str, Any] = {"sent_at": now, "sent_to": to, "status": Quote.Status.SENT}
        if not quote.public_token:
            values["public_token"] = secrets.token_urlsafe(32)
        quote = save_changes(actor, quote, values)
        stored = store_file(
            actor,
            name=f"{_file_name(quote)}.pdf",
            content=render_quote(quote, lines),
            object="quote",
            record_id=quote.pk,
            purpose="quote",
        )
        quote = save_changes(actor, quote, {"document_id": stored.pk})
        link = f"{settings.PUBLIC_URL}/q/{quote.public_token}"
        send_email_from_record(
            actor,
            "quote",
            quote.pk,
            to=to,
            subject=subject.strip() or f"Quote {quote}: {quote.name}",
            text=f"{message.strip() or _default_message(quote)}\n\nLook at it and answer: {link}\n",
            attachments=(stored,),
        )
        record_event(
            actor,
            QuoteSent(
                quote_id=quote.pk,
                opportunity_id=quote.opportunity_id,
                number=quote.number,
                revision=quote.revision,
                total=quote.total,
                currency=quote.currency,
                to=to,
                sent_at=now,
            ),
            object="quote",
            record_id=quote.pk,
        )
        return quote


def _default_message(quote: Quote) -> str:
    name = f" {quote.contact.first_name}" if quote.contact and quote.contact.first_name else ""
    return f"Hello{name},\n\nhere is our quote {quote} for {quote.name}."


def _address(text: str) -> str:
    of = object_type("contact")
    try:
        address = clean_value(of, of.field("email"), text)
    except ValueError as error:
        raise Invalid(str(error), fields={"to": [str(error)]}) from None
    if not address:
        sentence = "To: enter the customer's e-mail address."
        raise Invalid(sentence, fields={"to": [sentence]})
    return str(address)


def quote_of_token(token: str) -> Quote:
    """The offer behind a public link; raises NotFound."""
    quote = (
        Quote.objects.filter(public_token=token)
        .select_related("account", "contact", "owner", "opportunity")
        .first()
        if token
        else None
    )
    if quote is None:
        raise NotFound("There is no quote at this address.")
    found: Quote = quote
    return found


def note_quote_viewed(actor: Actor, quote: Quote) -> None:
    """Remember that the customer opened the offer; only the first time."""
    if quote.viewed_at is None and quote.status == Quote.Status.SENT:
        with change(actor):
            locked = Quote.objects.select_for_update(of=("self",)).get(pk=quote.pk)
            if locked.viewed_at is None:
                save_changes(actor, locked, {"viewed_at": timezone.now()})


def accept_quote(actor: Actor, quote: Quote, *, accepted_by: str) -> Quote:
    """The customer says yes; the deal is now worth what was accepted.

    ``quote`` comes from ``quote_of_token`` or from someone who may change it. Raises Invalid
    without a name, Conflict for an offer that is not open any more.
    """
    accepted_by = accepted_by.strip()[:200]
    if not accepted_by:
        sentence = "Name: enter who accepts this quote."
        raise Invalid(sentence, fields={"accepted_by": [sentence]})
    with change(actor):
        quote = _open_for_answer(quote)
        now = timezone.now()
        quote = save_changes(
            actor,
            quote,
            {"status": Quote.Status.ACCEPTED, "accepted_at": now, "accepted_by": accepted_by},
        )
        _take_over(quote)
        record_event(
            actor,
            QuoteAccepted(
                quote_id=quote.pk,
                opportunity_id=quote.opportunity_id,
                account_id=quote.account_id,
                contact_id=quote.contact_id,
                number=quote.number,
                revision=quote.revision,
                total=quote.total,
                currency=quote.currency,
                accepted_at=now,
                accepted_by=accepted_by,
            ),
            object="quote",
            record_id=quote.pk,
        )
        return quote


def reject_quote(actor: Actor, quote: Quote, *, reason: str = "") -> Quote:
    """The customer says no. Raises Conflict for an offer that is not open any more."""
    with change(actor):
        quote = _open_for_answer(quote)
        quote = save_changes(
            actor,
            quote,
            {
                "status": Quote.Status.REJECTED,
                "rejected_at": timezone.now(),
                "rejected_reason": reason.strip()[:2000],
            },
        )
        record_event(
            actor,
            QuoteRejected(
                quote_id=quote.pk,
                opportunity_id=quote.opportunity_id,
                number=quote.number,
                revision=quote.revision,
                reason=quote.rejected_reason,
            ),
            object="quote",
            record_id=quote.pk,
        )
        return quote


def _open_for_answer(quote: Quote) -> Quote:
    locked: Quote = Quote.objects.select_for_update(of=("self",)).get(pk=quote.pk)
    over = locked.valid_until is not None and locked.valid_until < timezone.localdate()
    if over and locked.status == Quote.Status.SENT:
        raise Conflict("This quote has expired. Ask for a new one.", code="expired")
    if locked.status != Quote.Status.SENT:
        raise Conflict(
            f"This quote is {locked.get_status_display().lower()} and cannot be answered now."
        )
    return locked


def _take_over(quote: Quote) -> None:
    """The accepted lines become the deal's; of a discounted whole only the net sum does.

    Done as the product itself: the customer who accepted may not change deals.
    """
    opportunity: Opportunity = quote.opportunity
    if opportunity.status != StageCategory.OPEN:
        return
    actor = system(f"Quote {quote}")
    if not quote.discount_amount:
        take_line_items(actor, opportunity.pk, quote.lines.order_by("position", "id"))
        return
    with change(actor):
        deal = get_changeable(actor, "opportunity", opportunity.pk)
        net = quote.total - quote.tax_amount
        source = Opportunity.AmountSource.MANUAL
        save_changes(actor, deal, {"amount": net, "amount_source": source})
