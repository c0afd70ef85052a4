"""What holds tell the house. Amounts are for those who may see pay, so they carry none."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("hold.placed")
@dataclass(frozen=True)
class HoldPlaced(Event):
    """Pay of a person or a deal waits until it is released."""

    hold_id: UUID
    user_id: UUID | None
    event_id: UUID | None


@event("hold.released")
@dataclass(frozen=True)
class HoldReleased(Event):
    """Pay that waited is payable again, in the period that takes postings now."""

    hold_id: UUID
    user_id: UUID | None
    event_id: UUID | None
