"""Whose turn it is, and what follows from an act."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.jobs.queue import defer
from dealwright.base.records.services import save_changes
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import Envelope, FormerLink, Recipient, Role
from dealwright.signing.evidence.services import record_evidence

# When the worker looks for envelopes whose sealing job was lost.
SEAL_WATCH = timedelta(minutes=2)


def pending_recipients(envelope: Envelope) -> list[Recipient]:
    """Those who still have to act and whose turn it is: the lowest order that is not done."""
    waiting = [
        each
        for each in envelope.recipients.all()
        if each.role != Role.CC and each.signed_at is None and each.declined_at is None
    ]
    first = min((each.order for each in waiting), default=None)
    return [each for each in waiting if each.order == first]


def advance(actor: Actor, envelope: Envelope) -> None:
    """Invite whose turn it now is; when nobody is left, have the documents sealed.

    Call it in the transaction of the act, with the envelope's row locked.
    """
    turn = pending_recipients(envelope)
    for recipient in turn:
        if recipient.sent_at is None:
            invite(actor, envelope, recipient)
    if not turn:
        now = timezone.now()
        save_changes(
            actor, envelope, {"signed_at": now, "seal_at": now + SEAL_WATCH, "remind_at": None}
        )
        record_evidence(envelope, "envelope.signed", actor=actor)
        ask_for_seal(envelope)


def ask_for_seal(envelope: Envelope) -> None:
    """Have the worker seal it after this transaction."""
    from dealwright.signing.envelopes.jobs import seal

    defer(seal, lock=f"seal:{envelope.pk}", envelope_id=str(envelope.pk))


def invite(
    actor: Actor, envelope: Envelope, recipient: Recipient, *, reminder: bool = False
) -> None:
    """Write to a recipient with a new link; an earlier one stops working."""
    token = new_link(recipient)
    now = timezone.now()
    if reminder:
        recipient.reminded_at = now
    else:
        recipient.sent_at = now
    recipient.save(update_fields=["token_hash", "sent_at", "reminded_at"])
    mail.tell_invited(actor, envelope, recipient, token, reminder=reminder)
    record_evidence(
        envelope,
        "recipient.reminded" if reminder else "recipient.sent",
        actor=actor,
        recipient=recipient,
        details={"email": recipient.email},
    )


def new_link(recipient: Recipient) -> str:
    """A fresh 256-bit secret for the recipient's link; only its hash is kept."""
    if recipient.token_hash:
        FormerLink.objects.create(token_hash=recipient.token_hash, recipient=recipient)
    token = secrets.token_urlsafe(32)
    recipient.token_hash = hash_token(token)
    return token


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
