"""What the acceptance of plans tells the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("plan.accepted")
@dataclass(frozen=True)
class PlanAccepted(Event):
    """A payee accepted a version of a plan; ``sha256`` is of the sealed document."""

    plan_id: UUID
    version: int
    user_id: UUID
    envelope_id: UUID
    sha256: str
