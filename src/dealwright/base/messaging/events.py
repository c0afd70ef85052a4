"""What messaging tells the house."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from dealwright.base.events import Event, event


@event("email.sent")
@dataclass(frozen=True)
class EmailSent(Event):
    """The mail server took a message over."""

    message: uuid.UUID
    purpose: str
    to: str


@event("email.failed")
@dataclass(frozen=True)
class EmailFailed(Event):
    """A message will not go out: refused for good, or tried for too long."""

    message: uuid.UUID
    purpose: str
    to: str
    error: str


@event("email.bounced")
@dataclass(frozen=True)
class EmailBounced(Event):
    """A message came back: the address does not take mail. ``status`` as in RFC 3463."""

    message: uuid.UUID
    purpose: str
    to: str
    status: str


@event("email.received")
@dataclass(frozen=True)
class EmailReceived(Event):
    """A mail came in. ``outbound`` is the message it answers, where that is known.

    ``kind`` is one of reply, new, auto_reply, bounce, delay, receipt, complaint,
    unsubscribe: only a ``reply`` was written by a person in answer.
    """

    message: uuid.UUID
    outbound: uuid.UUID | None
    object: str
    record_id: uuid.UUID | None
    from_address: str
    subject: str
    kind: str
    is_auto_reply: bool
    is_bounce: bool


@event("sms.sent")
@dataclass(frozen=True)
class SmsSent(Event):
    """The provider took a text message over."""

    message: uuid.UUID
    purpose: str
    to: str


@event("sms.failed")
@dataclass(frozen=True)
class SmsFailed(Event):
    """A text message will not go out."""

    message: uuid.UUID
    purpose: str
    to: str
    error: str


@event("address.suppressed")
@dataclass(frozen=True)
class AddressSuppressed(Event):
    """An address must not be written to any more; an empty purpose means all that ask."""

    suppression: uuid.UUID
    address_hash: str
    purpose: str
    reason: str


@event("notice.changed")
@dataclass(frozen=True)
class NoticeChanged(Event):
    """A user got a notice or read one; told to that user alone."""

    notice: uuid.UUID
