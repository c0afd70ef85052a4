"""What the page of a case shows beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from dealwright.base.objects.registry import Action, Panel
from dealwright.crm.cases.models import Case
from dealwright.crm.cases.services import SOLVED


def clocks_context(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Both clocks of the case and what may be done next."""
    case = (
        Case.objects.filter(pk=record_id)
        .values(
            "status", "response_due_at", "first_response_at", "resolution_due_at", "resolved_at",
            "waiting_since", "is_escalated",
        )
        .first()
    )  # fmt: skip
    if case is None:
        return None
    now = timezone.now()
    clocks = [
        _clock("First answer", case["response_due_at"], case["first_response_at"], now, False),
        _clock(
            "Solution",
            case["resolution_due_at"],
            case["resolved_at"],
            now,
            case["waiting_since"] is not None,
        ),
    ]
    return {"case": case, "clocks": clocks, "is_open": case["status"] not in SOLVED}


def _clock(label: str, due: Any, met: Any, now: Any, waits: bool) -> dict[str, Any]:
    if met is not None:
        state = "met" if due is None or met <= due else "missed"
    elif waits:
        state = "paused"
    else:
        state = "late" if due is not None and due < now else "running"
    return {"label": label, "due": due, "met": met, "state": state}


PANELS = (
    Panel(
        key="clocks", label="Promises", template="crm/cases/clocks_panel.html",
        query=clocks_context, position=5,
    ),
)  # fmt: skip
ACTIONS = (
    Action(
        key="solve",
        label="Solve",
        url=lambda record_id: f"/cases/{record_id}/status/solved",
        available=lambda user, row: row.get("status") not in SOLVED,
        primary=True,
        for_writers=True,
    ),
    Action(
        key="wait",
        label="Wait for the customer",
        url=lambda record_id: f"/cases/{record_id}/status/waiting",
        available=lambda user, row: row.get("status") in ("new", "open"),
        for_writers=True,
    ),
    Action(
        key="reopen",
        label="Take up again",
        url=lambda record_id: f"/cases/{record_id}/status/open",
        available=lambda user, row: row.get("status") in ("waiting", "solved", "closed"),
        for_writers=True,
    ),
    Action(
        key="close",
        label="Close",
        url=lambda record_id: f"/cases/{record_id}/status/closed",
        available=lambda user, row: row.get("status") == "solved",
        for_writers=True,
    ),
    Action(
        key="assign",
        label="Assign",
        url=lambda record_id: f"/cases/{record_id}/assign",
        for_writers=True,
    ),
)
