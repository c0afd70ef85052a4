"""What quotes tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from dealwright.base.events import Event, event


@event("quote.sent")
@dataclass(frozen=True)
class QuoteSent(Event):
    """An offer went out to the customer."""

    quote_id: UUID
    opportunity_id: UUID
    number: str
    revision: int
    total: Decimal
    currency: str
    to: str
    sent_at: datetime


@event("quote.accepted")
@dataclass(frozen=True)
class QuoteAccepted(Event):
    """The customer accepted an offer; ``accepted_by`` is who said so."""

    quote_id: UUID
    opportunity_id: UUID
    account_id: UUID | None
    contact_id: UUID | None
    number: str
    revision: int
    total: Decimal
    currency: str
    accepted_at: datetime
    accepted_by: str


@event("quote.rejected")
@dataclass(frozen=True)
class QuoteRejected(Event):
    """The customer turned an offer down."""

    quote_id: UUID
    opportunity_id: UUID
    number: str
    revision: int
    reason: str
