"""What periods tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("period.closed")
@dataclass(frozen=True)
class PeriodClosed(Event):
    """A pay period was closed; its postings are sealed under the Merkle root."""

    period_id: UUID
    label: str
    merkle_root: str
