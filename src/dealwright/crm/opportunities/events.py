"""What opportunities tell the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from dealwright.base.events import Event, event


@event("opportunity.opened")
@dataclass(frozen=True)
class OpportunityCreated(Event):
    """A deal began."""

    opportunity_id: UUID
    account_id: UUID | None
    contact_id: UUID | None
    owner_id: UUID | None
    stage: str
    amount: Decimal | None
    currency: str
    lead_id: UUID | None = None


@event("opportunity.stage_changed")
@dataclass(frozen=True)
class OpportunityStageChanged(Event):
    """A deal moved; ``status`` is open, won or lost after the move."""

    opportunity_id: UUID
    from_stage_id: UUID
    to_stage_id: UUID
    from_stage: str
    to_stage: str
    status: str
    amount: Decimal | None
    currency: str
    at: datetime


@event("opportunity.won")
@dataclass(frozen=True)
class OpportunityWon(Event):
    """A deal was won.

    ``amount`` is zero where none was ever known. ``split_user_ids`` and ``split_percents``
    pair up: who gets which fraction of the credit, the owner all of it where nobody else
    stands on the deal's team.
    """

    opportunity_id: UUID
    account_id: UUID | None
    contact_id: UUID | None
    product_id: UUID | None
    owner_id: UUID | None
    name: str
    kind: str
    amount: Decimal
    currency: str
    closed_at: datetime
    close_date: date
    split_user_ids: list[UUID] = field(default_factory=list)
    split_percents: list[Decimal] = field(default_factory=list)


@event("opportunity.lost")
@dataclass(frozen=True)
class OpportunityLost(Event):
    """A deal was lost; ``reason`` is a value of Opportunity.LostReason."""

    opportunity_id: UUID
    account_id: UUID | None
    owner_id: UUID | None
    amount: Decimal | None
    currency: str
    reason: str
    competitor: str
    closed_at: datetime


@event("opportunity.reopened")
@dataclass(frozen=True)
class OpportunityReopened(Event):
    """A closed deal runs again; ``was`` is won or lost."""

    opportunity_id: UUID
    was: str
    amount: Decimal | None
    currency: str
