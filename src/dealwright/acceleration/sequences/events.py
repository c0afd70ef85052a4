"""What sequences tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("sequence.enrolled")
@dataclass(frozen=True)
class ContactEnrolled(Event):
    """A person was put on a sequence."""

    enrollment_id: UUID
    sequence_id: UUID
    contact_id: UUID
    lead_id: UUID | None
    opportunity_id: UUID | None


@event("sequence.step_done")
@dataclass(frozen=True)
class StepDone(Event):
    """A step was done: its mail written, its task or call set."""

    enrollment_id: UUID
    sequence_id: UUID
    contact_id: UUID
    lead_id: UUID | None
    opportunity_id: UUID | None
    step: int
    kind: str
    subject: str


@event("sequence.stopped")
@dataclass(frozen=True)
class EnrollmentStopped(Event):
    """A sequence ended for a person before its last step; ``reason`` is a StopReason."""

    enrollment_id: UUID
    sequence_id: UUID
    contact_id: UUID
    lead_id: UUID | None
    opportunity_id: UUID | None
    reason: str
