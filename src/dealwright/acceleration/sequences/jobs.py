"""Taking due steps: claimed in batches, so that any number of workers never take one twice."""

from __future__ import annotations

from django.utils import timezone

from dealwright.acceleration.sequences.models import Enrollment
from dealwright.acceleration.sequences.services import take_step
from dealwright.base.access.actor import change, system
from dealwright.base.jobs import claim_due, due

BATCH = 50


@due(every=2, name="acceleration.take_steps")
def take_due_steps() -> int:
    """Take the steps that are due; returns how many enrollments were looked at."""
    now = timezone.now()
    with change(system("Sequences")):
        enrollments = claim_due(
            Enrollment.objects.filter(
                due_at__lte=now, stopped_at__isnull=True, finished_at__isnull=True
            )
            .select_related("sequence", "contact", "contact__account", "owner")
            .order_by("due_at"),
            limit=BATCH,
        )
        for enrollment in enrollments:
            take_step(enrollment, now)
    return len(enrollments)
