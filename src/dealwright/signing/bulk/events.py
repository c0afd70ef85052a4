"""What bulk sends tell the house."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("bulk_send.completed")
@dataclass(frozen=True)
class BulkSendCompleted(Event):
    """Every row of a bulk send was tried: ``sent`` envelopes, ``failed`` rows without one."""

    bulk_send_id: UUID
    template_id: UUID
    sent: int
    failed: int


@event("bulk_send.failed")
@dataclass(frozen=True)
class BulkSendFailed(Event):
    """A bulk send stopped before its end, or none of its rows became an envelope."""

    bulk_send_id: UUID
    template_id: UUID
    reason: str
    sent: int
    failed: int
