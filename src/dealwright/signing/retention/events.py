"""What retention tells the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("envelope.held")
@dataclass(frozen=True)
class EnvelopeHeld(Event):
    """It was put on legal hold: no policy destroys it until the hold is released."""

    envelope_id: UUID
    hold_id: UUID


@event("envelope.released")
@dataclass(frozen=True)
class EnvelopeReleased(Event):
    """A legal hold on it ended."""

    envelope_id: UUID
    hold_id: UUID


@event("envelope.purged")
@dataclass(frozen=True)
class EnvelopePurged(Event):
    """Its files and all about people in it were destroyed; hashes and times stay."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    files: int


@event("recipient.erased")
@dataclass(frozen=True)
class RecipientErased(Event):
    """What was kept of one recipient beside the signed documents was erased."""

    envelope_id: UUID
    recipient_id: UUID
