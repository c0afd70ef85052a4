"""What cases tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealwright.base.events import Event, event


@event("case.assigned")
@dataclass(frozen=True)
class CaseAssigned(Event):
    """A case got an owner."""

    case_id: UUID
    owner_id: UUID


@event("case.solved")
@dataclass(frozen=True)
class CaseSolved(Event):
    """A case was solved; ``in_time`` tells whether its target was met."""

    case_id: UUID
    account_id: UUID | None
    contact_id: UUID | None
    solved_at: datetime
    in_time: bool
