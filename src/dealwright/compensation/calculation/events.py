"""What calculations tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("statement.changed")
@dataclass(frozen=True)
class StatementChanged(Event):
    """What a payee is owed in a period has changed. Amounts are for those who may see pay, so
    the event carries none."""

    user_id: UUID
    period_id: UUID
    run_id: UUID
    opportunity_id: UUID | None = None
