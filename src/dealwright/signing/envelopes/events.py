"""What envelopes tell the house. Each names the envelope and the record it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
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


@event("envelope.completed")
@dataclass(frozen=True)
class EnvelopeCompleted(Event):
    """Nothing is left to do: everyone acted, all is sealed, and everyone has their copy."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None


@event("envelope.seal_failed")
@dataclass(frozen=True)
class EnvelopeSealFailed(Event):
    """Everyone acted but sealing did not work; it is tried again by itself."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    reason: str


@event("envelope.scheduled")
@dataclass(frozen=True)
class EnvelopeScheduled(Event):
    """It is to be sent at a time."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    send_at: datetime


@event("envelope.corrected")
@dataclass(frozen=True)
class EnvelopeCorrected(Event):
    """The sender (or an editor, then ``recipient_id`` tells) corrected it while it was out.

    ``changed`` says what: message, expires_at, reminders, recipients, fields.
    """

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    changed: list[str] = field(default_factory=list)
    recipient_id: UUID | None = None


@event("envelope.expiring")
@dataclass(frozen=True)
class EnvelopeExpiring(Event):
    """Its time runs out soon; sender and those who are waited for were told."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True)
class RecipientEvent(Event):
    """What is told of one recipient: their envelope, the record it is about, their role."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    recipient_id: UUID
    role: str


@event("recipient.sent")
@dataclass(frozen=True)
class RecipientSent(RecipientEvent):
    """A recipient was invited: it is their turn."""


@event("recipient.bounced")
@dataclass(frozen=True)
class RecipientBounced(RecipientEvent):
    """The invitation came back; the address must be corrected."""


@event("recipient.viewed")
@dataclass(frozen=True)
class RecipientViewed(RecipientEvent):
    """A recipient opened the envelope for the first time."""


@event("recipient.consented")
@dataclass(frozen=True)
class RecipientConsented(RecipientEvent):
    """A recipient agreed to sign electronically."""


@event("recipient.consent_withdrawn")
@dataclass(frozen=True)
class RecipientConsentWithdrawn(RecipientEvent):
    """A recipient wants to sign on paper after all."""


@event("recipient.authenticated")
@dataclass(frozen=True)
class RecipientAuthenticated(RecipientEvent):
    """A recipient showed who they are, by ``method``; ``assurance`` is what an identity provider
    checked of them, where that was asked."""

    method: str = ""
    assurance: str = ""


@event("recipient.authentication_failed")
@dataclass(frozen=True)
class RecipientAuthenticationFailed(RecipientEvent):
    """A recipient tried to show who they are, and did not."""

    method: str = ""


@event("recipient.locked")
@dataclass(frozen=True)
class RecipientLocked(RecipientEvent):
    """A recipient failed too often; the sender has to let them try again."""


@event("recipient.approved")
@dataclass(frozen=True)
class RecipientApproved(RecipientEvent):
    """An approver approved; ``recipient.signed`` is told as well."""


@event("recipient.declined")
@dataclass(frozen=True)
class RecipientDeclined(RecipientEvent):
    """A recipient said no."""


@event("recipient.reassigned")
@dataclass(frozen=True)
class RecipientReassigned(RecipientEvent):
    """A recipient's part went to somebody else, by hand or by a standing delegation."""

    to_recipient: str = ""


@event("recipient.reminded")
@dataclass(frozen=True)
class RecipientReminded(RecipientEvent):
    """A recipient was written to again."""


@event("recipient.expired")
@dataclass(frozen=True)
class RecipientExpired(RecipientEvent):
    """The time ran out before a recipient acted."""


@event("field.completed")
@dataclass(frozen=True)
class FieldCompleted(Event):
    """What a recipient put into a field counts: they have signed."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    recipient_id: UUID
    document_id: UUID
    field_id: UUID
    kind: str


@event("document.downloaded")
@dataclass(frozen=True)
class DocumentDownloaded(RecipientEvent):
    """A recipient took a document along; ``document`` is its SHA-256."""

    document: str = ""
