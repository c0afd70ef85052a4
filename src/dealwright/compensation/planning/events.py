"""What planning tells the house. Amounts are for those who may see pay, so they carry none."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events import Event, event


@event("planning.adopted")
@dataclass(frozen=True)
class ScenarioAdopted(Event):
    """A planning scenario became quotas (so many) and territories."""

    scenario_id: UUID
    quotas: int


@event("planning.undone")
@dataclass(frozen=True)
class ScenarioAdoptionUndone(Event):
    """What adopting a planning scenario wrote was taken back."""

    scenario_id: UUID
