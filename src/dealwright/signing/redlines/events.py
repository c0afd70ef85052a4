"""What redlines tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("envelope.redlined")
@dataclass(frozen=True)
class EnvelopeRedlined(Event):
    """An envelope was sent with words of its documents struck out or inserted by the sender.

    ``documents`` are the ids of those that were changed, ``count`` how many changes there are.
    """

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    documents: list[str]
    count: int
