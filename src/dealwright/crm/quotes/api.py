"""What the API can do with offers beyond reading and writing them."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from dealwright.base.access.actor import change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer
from dealwright.crm.opportunities.api import DealLineOut, LineIn, given_line
from dealwright.crm.quotes.delivery import accept_quote, quote_pdf, reject_quote, send_quote
from dealwright.crm.quotes.models import Quote
from dealwright.crm.quotes.services import (
    approve_quote,
    quote_lines,
    revise_quote,
    set_quote_lines,
    submit_quote,
)

router = Router(tags=["Quotes"])


class Send(Given):
    """Whom to send the offer to; the contact's address unless given."""

    to: ShortText = ""
    subject: ShortText = ""
    message: LongText = ""


class Accept(Given):
    """Who said yes."""

    accepted_by: ShortText


class Reject(Given):
    """Why the customer said no."""

    reason: LongText = ""


@router.get(
    "/quotes/{uuid:id}/lines",
    response=list[DealLineOut],
    operation_id="list_quote_lines",
    summary="The lines of an offer",
)
def read_lines(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    _, lines = quote_lines(actor, id)
    keys = (
        "id", "position", "product_id", "name", "description", "quantity", "list_price",
        "unit_price", "discount", "tax_rate", "amount", "starts_on", "term_months",
    )  # fmt: skip
    return as_json([{key: getattr(line, key) for key in keys} for line in lines])


@router.put(
    "/quotes/{uuid:id}/lines",
    response=RecordOut,
    operation_id="set_quote_lines",
    summary="Replace the lines of a draft and add it up",
)
def write_lines(request: HttpRequest, id: UUID, body: list[LineIn]) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    quote = set_quote_lines(actor, id, [given_line(line) for line in body])
    return record_answer(actor, "quote", quote)


@router.get(
    "/quotes/{uuid:id}/pdf",
    operation_id="read_quote_pdf",
    summary="The offer as PDF",
    openapi_extra={
        "responses": {
            200: {"description": "The document.", "content": {"application/pdf": {}}},
        }
    },
)
def pdf(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    name, content = quote_pdf(actor, id)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _quote_verb(path: str, verb: Any, summary: str) -> None:
    @router.post(
        f"/quotes/{{uuid:id}}/{path}",
        response=RecordOut,
        operation_id=f"{path}_quote",
        summary=summary,
    )
    def act(request: HttpRequest, id: UUID) -> HttpResponse:
        actor = require_scope(request, "crm:write")
        return record_answer(actor, "quote", verb(actor, id))


_quote_verb("submit", submit_quote, "Ask a manager to look at a draft")
_quote_verb("approve", approve_quote, "Release a draft to be sent")
_quote_verb("revise", revise_quote, "Make a new revision that replaces the offer")


@router.post(
    "/quotes/{uuid:id}/send",
    response=RecordOut,
    operation_id="send_quote",
    summary="Send an offer by e-mail",
)
def send(request: HttpRequest, id: UUID, body: Send) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    quote = send_quote(actor, id, to=body.to, subject=body.subject, message=body.message)
    return record_answer(actor, "quote", quote)


@router.post(
    "/quotes/{uuid:id}/accept",
    response=RecordOut,
    operation_id="accept_quote",
    summary="Note that the customer accepted",
)
def accept(request: HttpRequest, id: UUID, body: Accept) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", id)
        quote = accept_quote(actor, quote, accepted_by=body.accepted_by)
    return record_answer(actor, "quote", quote)


@router.post(
    "/quotes/{uuid:id}/reject",
    response=RecordOut,
    operation_id="reject_quote",
    summary="Note that the customer turned the offer down",
)
def reject(request: HttpRequest, id: UUID, body: Reject) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    with change(actor):
        quote: Quote = get_changeable(actor, "quote", id)
        quote = reject_quote(actor, quote, reason=body.reason)
    return record_answer(actor, "quote", quote)
