"""What the care for seals tells the house."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("certificate.expiring")
@dataclass(frozen=True)
class CertificateExpiring(Event):
    """A certificate of the seal expires within 60, 30 or 7 days (``days``)."""

    subject: str
    serial: str
    expires_at: datetime
    days: int


@event("envelope.archive_renewed")
@dataclass(frozen=True)
class EnvelopeArchiveRenewed(Event):
    """A sealed document got a newer archive time stamp; ``sha256`` is of the new version."""

    envelope_id: UUID
    document_id: UUID
    subject_object: str
    subject_id: UUID | None
    sha256: str
    number: int
