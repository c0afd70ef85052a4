"""What activities tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealwright.base.events import Event, event


@event("activity.completed")
@dataclass(frozen=True)
class ActivityCompleted(Event):
    """Something was done: a call held, a meeting over, a task ticked off, a mail sent."""

    activity_id: UUID
    kind: str
    outcome: str
    owner_id: UUID | None
    contact_id: UUID | None
    account_id: UUID | None
    lead_id: UUID | None
    opportunity_id: UUID | None
    completed_at: datetime
