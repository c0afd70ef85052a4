"""What envelopes tell the house. Each names the envelope and the record it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from dealwright.base.events.registry import Event, event


@event("envelope.sent")
@dataclass(frozen=True)
class EnvelopeSent(Event):
    """The first recipients were invited."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    title: str


@event("envelope.viewed")
@dataclass(frozen=True)
class EnvelopeViewed(Event):
    """A recipient opened it for the first time, as a person: a fetch by a mail scanner is none."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    recipient_id: UUID


@event("recipient.signed")
@dataclass(frozen=True)
class RecipientSigned(Event):
    """A recipient did their part: signed, approved or confirmed reading (``role`` tells)."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    recipient_id: UUID
    role: str


@event("envelope.declined")
@dataclass(frozen=True)
class EnvelopeDeclined(Event):
    """A recipient declined; the envelope ends."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    recipient_id: UUID
    reason: str


@event("envelope.voided")
@dataclass(frozen=True)
class EnvelopeVoided(Event):
    """The sender took it back; the envelope ends."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    reason: str


@event("envelope.expired")
@dataclass(frozen=True)
class EnvelopeExpired(Event):
    """Its time ran out; the envelope ends."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None


@event("envelope.sealed")
@dataclass(frozen=True)
class EnvelopeSealed(Event):
    """Everyone acted and every document is sealed: the moment from which it counts.

    ``sha256`` is of the first sealed document, ``documents`` of all in order.
    """

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    sha256: str
    documents: list[str] = field(default_factory=list)


@event("envelope.seal_failed")
@dataclass(frozen=True)
class EnvelopeSealFailed(Event):
    """Everyone acted but sealing did not work; it is tried again by itself."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    reason: str
