"""What leads tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealwright.base.events import Event, event


@event("lead.captured")
@dataclass(frozen=True)
class LeadCaptured(Event):
    """Someone showed interest; the person was matched or made, the lead written."""

    lead_id: UUID
    contact_id: UUID
    account_id: UUID | None
    email: str
    source: str
    is_new_contact: bool
    form_id: UUID | None = None
    campaign_id: UUID | None = None


@event("lead.assigned")
@dataclass(frozen=True)
class LeadAssigned(Event):
    """A lead got an owner, and why this one."""

    lead_id: UUID
    owner_id: UUID
    reason: str
    rule_id: UUID | None = None


@event("lead.first_response_made")
@dataclass(frozen=True)
class FirstResponseMade(Event):
    """The person heard from us for the first time about this lead."""

    lead_id: UUID
    at: datetime
    due_at: datetime | None
    in_time: bool
    owner_id: UUID | None = None


@event("lead.converted")
@dataclass(frozen=True)
class LeadConverted(Event):
    """A lead became an opportunity; it was linked, nothing was copied."""

    lead_id: UUID
    opportunity_id: UUID
    contact_id: UUID
    account_id: UUID | None


@event("lead.disqualified")
@dataclass(frozen=True)
class LeadDisqualified(Event):
    """A lead is not worth pursuing; ``reason`` is a value of Lead.DisqualifiedReason."""

    lead_id: UUID
    contact_id: UUID
    reason: str
