"""What sequences do: figures per step that open to the people behind them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q

from dealwright.acceleration.sequences.models import Enrollment, Sequence, StepExecution


def steps_with_figures(sequence: Sequence) -> list[dict[str, Any]]:
    """The live steps with how often each was done, answered and bounced."""
    figures: dict[Any, dict[str, int]] = {
        row["step"]: {key: row[key] for key in ("done", "replied", "bounced")}
        for row in StepExecution.objects.filter(enrollment__sequence=sequence)
        .values("step")
        .annotate(
            done=Count("id"),
            replied=Count("id", filter=Q(replied_at__isnull=False)),
            bounced=Count("id", filter=Q(bounced_at__isnull=False)),
        )
    }
    nothing = {"done": 0, "replied": 0, "bounced": 0}
    return [
        {"step": step, **figures.get(step.pk, nothing)}
        for step in sequence.steps.filter(archived_at__isnull=True)
    ]


def enrollments_of_contact(contact_id: Any) -> list[dict[str, Any]]:
    """What a person is or was on, newest first."""
    return list(
        Enrollment.objects.filter(contact_id=contact_id)
        .order_by("-created_at")
        .values(
            "id", "sequence_id", "sequence__name", "status", "stop_reason", "next_position",
            "due_at", "held_because", "finished_at", "stopped_at",
        )[:20]
    )  # fmt: skip


def status_counts(sequence: Sequence) -> dict[str, int]:
    """Enrollments per status."""
    return dict(
        Enrollment.objects.filter(sequence=sequence)
        .values_list("status")
        .annotate(number=Count("id"))
    )
