"""What a person is on, on the person's page; what was done, on an enrollment's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.acceleration.sequences.models import Sequence, StepExecution
from dealwright.acceleration.sequences.queries import enrollments_of_contact, steps_with_figures
from dealwright.base.objects.registry import Action, Panel


def _of_contact(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    rows = enrollments_of_contact(record_id)
    return {"rows": rows, "back": f"/contacts/{record_id}"} if rows else None


def _done_steps(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    rows = list(
        StepExecution.objects.filter(enrollment_id=record_id).select_related("step").order_by("at")
    )
    return {"rows": rows} if rows else None


CONTACT_PANEL = Panel(
    key="sequences",
    label="Sequences",
    template="acceleration/sequences/contact_panel.html",
    query=_of_contact,
    position=40,
)
DONE_PANEL = Panel(
    key="steps",
    label="Steps done",
    template="acceleration/sequences/done_panel.html",
    query=_done_steps,
    position=10,
)


def _steps_of(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    sequence = Sequence.objects.filter(pk=record_id).first()
    if sequence is None:
        return None
    return {"sequence": sequence, "rows": steps_with_figures(sequence)}


STEPS_PANEL = Panel(
    key="steps",
    label="Steps",
    template="acceleration/sequences/steps_panel.html",
    query=_steps_of,
    place="main",
    leads=True,
)


def enroll_action(object_key: str, slug: str) -> Action:
    """The button that puts a person on a sequence."""
    return Action(
        key="enroll",
        label="Enroll in a sequence",
        url=lambda record_id: f"/{slug}/{record_id}/enroll",
        available=lambda user, row: (
            object_key != "lead" or row.get("status") not in ("converted", "disqualified")
        ),
    )


STEPS_ACTION = Action(
    key="steps",
    label="Edit steps",
    url=lambda record_id: f"/sequences/{record_id}/steps",
    primary=True,
)
