"""One recipient's side of an envelope: who holds the link, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.utils import timezone
from django.utils.crypto import constant_time_compare

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.signing.consent.services import is_outdated
from dealwright.signing.envelopes.models import Envelope, Recipient, Role
from dealwright.signing.envelopes.routing import hash_token, pending_recipients
from dealwright.signing.identity.limits import (
    LINK_GUESSES,
    count_link_guess,
    is_used_up,
    too_many,
)
from dealwright.signing.identity.trials import session_hash

VERIFIED_FOR = timedelta(hours=12)


class Step(StrEnum):
    """Where a recipient is on the way."""

    CLOSED = "closed"  # the envelope ended without them
    WAIT = "wait"  # not their turn yet
    LOCKED = "locked"
    CONSENT = "consent"
    CODE = "code"
    DOCUMENT = "document"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Visit:
    """From where a recipient acts. ``session_key`` is this browser's own secret."""

    session_key: str
    ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    origin: str = ""

    @property
    def details(self) -> dict[str, str]:
        return {"ip": self.ip, "user_agent": self.user_agent[:400]}


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One recipient's side of an envelope."""

    envelope: Envelope
    recipient: Recipient
    visit: Visit

    @property
    def actor(self) -> Actor:
        """The recipient as who acts; named by their place, not their name."""
        return Actor(
            user=None,
            via="public",
            request_id=self.visit.request_id,
            label=self.recipient.label,
        )

    @property
    def is_verified(self) -> bool:
        """Whether this browser may act: it confirmed the code, lately."""
        return not self.recipient.identity_methods or self.was_confirmed_here

    @property
    def was_confirmed_here(self) -> bool:
        """Whether the code was confirmed in this browser, lately."""
        return (
            self.recipient.verified_at is not None
            and timezone.now() - self.recipient.verified_at < VERIFIED_FOR
            and constant_time_compare(
                self.recipient.session_hash, session_hash(self.visit.session_key)
            )
        )

    @property
    def step(self) -> Step:
        """What comes next for this recipient."""
        recipient, envelope = self.recipient, self.envelope
        if recipient.signed_at or (recipient.role == Role.CC and envelope.completed_at):
            return Step.DONE
        gone = recipient.declined_at or recipient.reassigned_at or recipient.skipped_at
        if not envelope.is_open or gone or is_over(envelope):
            return Step.CLOSED
        if recipient.pk not in {each.pk for each in pending_recipients(envelope)}:
            return Step.WAIT
        if recipient.locked_at:
            return Step.LOCKED
        if recipient.consented_at is None or is_outdated(recipient.consent):
            return Step.CONSENT
        if not self.is_verified:
            return Step.CODE
        return Step.DOCUMENT


def is_over(envelope: Envelope) -> bool:
    """Whether its time ran out, also before the worker has noted it."""
    return envelope.expires_at is not None and envelope.expires_at <= timezone.now()


def open_ceremony(token: str, visit: Visit) -> Ceremony:
    """The recipient whose link this is; raises NotFound, with the code "replaced_link" for one
    that was theirs until a newer was mailed, "unknown_link" for any other.

    Where the code was confirmed, a replaced link serves on: a reminder or the final mail takes
    the page away from nobody who is in the middle of it.
    """
    recipients = Recipient.objects.filter(envelope__deleted_at__isnull=True).select_related(
        "envelope__owner", "consent"
    )
    if is_used_up(LINK_GUESSES, visit.ip):
        raise too_many()
    key = hash_token(token) if 20 <= len(token) <= 100 else None
    if key and (recipient := recipients.filter(token_hash=key).first()):
        return Ceremony(recipient.envelope, recipient, visit)
    visit_lasts = {"embeddings__session_hash": key, "embeddings__ends_at__gt": timezone.now()}
    if key and (recipient := recipients.filter(**visit_lasts).first()):
        return Ceremony(recipient.envelope, recipient, visit)
    if key and (recipient := recipients.filter(former_links=key).first()):
        ceremony = Ceremony(recipient.envelope, recipient, visit)
        if ceremony.was_confirmed_here:
            return ceremony
        raise NotFound(
            "This link was replaced: a newer one was sent by e-mail. Open the latest message.",
            code="replaced_link",
        )
    count_link_guess(visit.ip)
    raise NotFound(
        "This link is not valid. Check that it is complete, or ask the sender for a new one.",
        code="unknown_link",
    )
