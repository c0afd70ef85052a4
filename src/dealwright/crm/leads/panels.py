"""What the page of a lead shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from dealwright.base.objects.registry import Action, Panel
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.services import CLOSED

_COLUMNS = (
    "status", "response_due_at", "first_response_at", "assignment_reason", "assigned_at",
    "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "landing_page",
    "referrer", "message", "source_detail", "contact_id", "contact__name", "contact__email",
    "contact__phone", "contact__job_title", "account_id", "account__name", "form_id",
    "form__name", "disqualified_reason", "disqualified_detail", "converted_opportunity_id",
    "converted_opportunity__name", "converted_at", "owner_id",
)  # fmt: skip


def work_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Person, response clock, why this owner, and where the lead came from; two statements."""
    lead = Lead.objects.filter(pk=record_id).values(*_COLUMNS).first()
    if lead is None:
        return None
    now = timezone.now()
    due, answered = lead["response_due_at"], lead["first_response_at"]
    clock = ""
    if answered is not None:
        clock = "met" if due is None or answered <= due else "missed"
    elif lead["status"] not in CLOSED and due is not None:
        clock = "late" if now > due else "running"
    others = (
        Lead.objects.filter(contact=lead["contact_id"])
        .exclude(pk=record_id)
        .order_by("-created_at")
        .values("id", "status", "source", "created_at")
    )
    labels = dict(Lead.Status.choices)
    return {
        "lead": lead,
        "clock": clock,
        "me": user.pk,
        "is_open": lead["status"] not in CLOSED,
        "campaign_facts": [
            (label, lead[f"utm_{key}"])
            for key, label in (
                ("source", "Source"),
                ("medium", "Medium"),
                ("campaign", "Campaign"),
                ("term", "Term"),
                ("content", "Content"),
            )
            if lead[f"utm_{key}"]
        ],
        "reason": dict(Lead.DisqualifiedReason.choices).get(lead["disqualified_reason"], ""),
        "others": [{**row, "label": labels[row["status"]]} for row in others[:5]],
    }


PANELS = (
    Panel(
        key="work",
        label="Inquiry",
        template="crm/leads/work_panel.html",
        query=work_context,
        position=5,
    ),
)


def _is_open(user: Any, row: Mapping[str, Any]) -> bool:
    return row.get("status") not in CLOSED


ACTIONS = (
    Action(
        key="convert",
        label="Convert",
        url=lambda record_id: f"/leads/{record_id}/convert",
        available=_is_open,
        primary=True,
        for_writers=True,
    ),
    Action(
        key="assign",
        label="Assign",
        url=lambda record_id: f"/leads/{record_id}/assign",
        available=_is_open,
        for_writers=True,
    ),
    Action(
        key="disqualify",
        label="Disqualify",
        url=lambda record_id: f"/leads/{record_id}/disqualify",
        available=_is_open,
        for_writers=True,
    ),
    Action(
        key="reopen",
        label="Reopen",
        url=lambda record_id: f"/leads/{record_id}/reopen",
        available=lambda user, row: row.get("status") == Lead.Status.DISQUALIFIED,
        for_writers=True,
    ),
)
