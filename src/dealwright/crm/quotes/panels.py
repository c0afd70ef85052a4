"""What the page of an offer shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.registry import Action, Panel
from dealwright.base.people.models import Profile
from dealwright.crm.deferred import deferred
from dealwright.crm.products.line_form import shown_lines
from dealwright.crm.quotes.models import Quote, QuoteLineItem
from dealwright.crm.quotes.services import DRAFT

_SUMS = (
    "id", "currency", "subtotal", "discount", "discount_amount", "tax_amount", "total", "status",
    "number", "revision", "public_token", "sent_at", "sent_to", "viewed_at", "accepted_at",
    "accepted_by", "rejected_at", "rejected_reason", "replaces_id", "replaced_by__id",
)  # fmt: skip
_LINE = (
    "id", "position", "product_id", "name", "description", "quantity", "unit_price", "discount",
    "tax_rate", "amount", "starts_on", "term_months",
)  # fmt: skip


def lines_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The lines with their sums; a draft can be edited."""
    quote = Quote.objects.filter(pk=record_id).values(*_SUMS).first()
    if quote is None:
        return None
    may_write = Quote.objects.filter(changeable_by(user, "quote"), pk=record_id).exists()
    rows = list(
        QuoteLineItem.objects.filter(quote=record_id).order_by("position", "id").values(*_LINE)
    )
    return {
        "quote": quote,
        "rows": rows,
        "shown": shown_lines(rows),
        "may_edit": may_write and quote["status"] in DRAFT,
        "address": f"/quotes/{record_id}/lines",
    }


def way_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """How far the offer has come on its way to the customer and back."""
    quote = Quote.objects.filter(pk=record_id).values(*_SUMS).first()
    return None if quote is None else {"quote": quote}


PANELS = (
    Panel(
        key="lines",
        label="Lines",
        template="crm/quotes/lines_panel.html",
        query=deferred(lines_context),
        place="main",
        position=0,
    ),
    Panel(
        key="way", label="Delivery", template="crm/quotes/way_panel.html", query=way_context,
        position=5,
    ),
)  # fmt: skip


def _status_is(*statuses: str) -> Any:
    return lambda user, row: row.get("status") in statuses


def _may_approve(user: Any, row: Mapping[str, Any]) -> bool:
    makers = (Profile.ADMINISTRATOR, Profile.MANAGER)
    return row.get("status") in DRAFT and user.profile in makers


ACTIONS = (
    Action(
        key="send",
        label="Send",
        url=lambda record_id: f"/quotes/{record_id}/send",
        available=_status_is("draft", "approved", "sent"),
        primary=True,
        for_writers=True,
    ),
    Action(key="pdf", label="PDF", url=lambda record_id: f"/quotes/{record_id}/pdf"),
    Action(
        key="submit",
        label="Submit for review",
        url=lambda record_id: f"/quotes/{record_id}/submit",
        available=_status_is("draft"),
        for_writers=True,
    ),
    Action(
        key="approve",
        label="Approve",
        url=lambda record_id: f"/quotes/{record_id}/approve",
        available=_may_approve,
    ),
    Action(
        key="revise",
        label="New revision",
        url=lambda record_id: f"/quotes/{record_id}/revise",
        available=_status_is("in_review", "approved", "sent", "rejected", "expired"),
        for_writers=True,
    ),
    Action(
        key="answer",
        label="Note the customer's answer",
        url=lambda record_id: f"/quotes/{record_id}/answer",
        available=_status_is("sent"),
        for_writers=True,
    ),
)
