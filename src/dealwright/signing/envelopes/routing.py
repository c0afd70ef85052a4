"""Whose turn it is, and what follows from an act."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.jobs.queue import defer
from dealwright.base.records.services import save_changes
from dealwright.signing.delegation.services import stand_in_for
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.conditions import is_needed
from dealwright.signing.envelopes.handing import hand_over, next_position, take_fields
from dealwright.signing.envelopes.models import Envelope, FormerLink, Recipient, Role
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.choices import lacks_choice

# When the worker looks for envelopes whose sealing job was lost.
SEAL_WATCH = timedelta(minutes=2)
_NEEDS_CODE = (
    " The part asks for an access code or a number: give {name} one of their own from the "
    "envelope, or they cannot open it."
)


def pending_recipients(envelope: Envelope) -> list[Recipient]:
    """Those who still have to act and whose turn it is: the lowest order that is not done.

    A witness of the same order waits for whom they witness.
    """
    waiting = [each for each in envelope.recipients.all() if each.acts and not each.is_done]
    first = min((each.order for each in waiting), default=None)
    open_ids = {each.pk for each in waiting}
    return [each for each in waiting if each.order == first and each.witness_of_id not in open_ids]


def advance(actor: Actor, envelope: Envelope) -> None:
    """Invite whose turn it now is; when nobody is left, have the documents sealed.

    Who is not needed is passed over. Call it in the transaction of the act, with the
    envelope's row locked.
    """
    turn = pending_recipients(envelope)
    while any(_pass_over(actor, envelope, each) for each in turn):
        turn = pending_recipients(envelope)
    called = [each for each in turn if each.sent_at is None]
    for recipient in called:
        _call(actor, envelope, recipient)
    if called:
        reminded = first_reminder(envelope.remind_first_days, envelope.remind_every_days)
        save_changes(actor, envelope, {"remind_at": reminded, "reminders_sent": 0})
    if not turn:
        now = timezone.now()
        save_changes(
            actor,
            envelope,
            {"signed_at": now, "seal_at": now + SEAL_WATCH, "remind_at": None, "warn_at": None},
        )
        record_evidence(envelope, "envelope.signed", actor=actor)
        ask_for_seal(envelope)


def first_reminder(first_days: int | None, every_days: int | None) -> datetime | None:
    """When those whose turn begins now are reminded first; None where they are not."""
    days = first_days or every_days
    return timezone.now() + timedelta(days=days) if days else None


def ask_for_seal(envelope: Envelope) -> None:
    """Have the worker seal it after this transaction."""
    from dealwright.signing.envelopes.jobs import seal

    defer(seal, lock=f"seal:{envelope.pk}", envelope_id=str(envelope.pk))


def invite(
    actor: Actor,
    envelope: Envelope,
    recipient: Recipient,
    *,
    reminder: bool = False,
    resend: bool = False,
) -> None:
    """Write to a recipient with a new link; an earlier one stops working.

    For an in-person signer the host is written to, who opens it when the person is there.
    """
    token = new_link(recipient)
    now = timezone.now()
    if reminder:
        recipient.reminded_at = now
    else:
        recipient.sent_at = now
    if resend or not reminder:
        recipient.bounced_at = recipient.delivered_at = None
    recipient.save(
        update_fields=["token_hash", "sent_at", "reminded_at", "bounced_at", "delivered_at"]
    )
    if recipient.role == Role.IN_PERSON_SIGNER:
        mail.tell_host(actor, envelope, recipient, reminder=reminder)
    else:
        mail.tell_invited(actor, envelope, recipient, token, reminder=reminder)
    record_evidence(
        envelope,
        "recipient.reminded" if reminder else "recipient.sent",
        actor=actor,
        recipient=recipient,
        details={"email": recipient.email or (recipient.host.email if recipient.host else "")},
    )


def take_part(actor: Actor, envelope: Envelope, recipient: Recipient) -> None:
    """Let a member act for their group: the part is theirs, and the others are told so.

    Does nothing for whoever was asked alone. Call it with the envelope's row locked.
    """
    group_row = recipient.member_of
    if group_row is None or group_row.is_done:
        return
    now = timezone.now()
    take_fields(group_row, recipient)
    group_row.reassigned_at, group_row.reassigned_to = now, recipient
    group_row.save(update_fields=["reassigned_at", "reassigned_to"])
    record_evidence(
        envelope,
        "recipient.took_part",
        actor=actor,
        recipient=recipient,
        facts={"group_recipient": str(group_row.pk)},
        details={"group": group_row.name},
    )
    for other in group_row.members.exclude(pk=recipient.pk):
        if not other.is_done:
            skip(actor, envelope, other, reason="another of the group acts")
            mail.tell_not_needed(actor, envelope, other, recipient.name)


def skip(actor: Actor, envelope: Envelope, recipient: Recipient, *, reason: str) -> None:
    """Let a recipient's part fall away, with what they were to fill in."""
    recipient.skipped_at = timezone.now()
    recipient.save(update_fields=["skipped_at"])
    recipient.fields.update(required=False, value="", filled_at=None)
    record_evidence(
        envelope, "recipient.skipped", actor=actor, recipient=recipient, facts={"because": reason}
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


def _pass_over(actor: Actor, envelope: Envelope, recipient: Recipient) -> bool:
    """Skip whoever is not needed after all; asked once, when their turn comes."""
    if recipient.sent_at is not None:
        return False
    reason = ""
    if recipient.witness_of is not None and recipient.witness_of.skipped_at:
        reason = "whom they were to witness is not needed"
    elif recipient.is_unnamed:
        reason = "nobody named them"
    elif not is_needed(envelope, recipient):
        reason = f"the condition does not hold: {recipient.condition}"
    if reason:
        skip(actor, envelope, recipient, reason=reason)
    return bool(reason)


def _call(actor: Actor, envelope: Envelope, recipient: Recipient) -> None:
    """Begin a recipient's turn: invite them, their stand-in, or every member of the group."""
    if not recipient.is_group:
        invite(actor, envelope, _stand_in(actor, envelope, recipient))
        return
    recipient.sent_at = timezone.now()
    recipient.save(update_fields=["sent_at"])
    assert recipient.group is not None
    members = list(recipient.group.members.select_related("user"))
    here = [each for each in members if each.user is None or each.user.is_active]
    for member in here or members:
        row = Recipient.objects.create(
            envelope=envelope,
            position=next_position(envelope),
            order=recipient.order,
            role=recipient.role,
            name=member.shown_name,
            email=member.address,
            identity_methods=recipient.identity_methods,
            queued_at=recipient.queued_at,
            group=recipient.group,
            member_of=recipient,
        )
        invite(actor, envelope, _stand_in(actor, envelope, row))


def _stand_in(actor: Actor, envelope: Envelope, recipient: Recipient) -> Recipient:
    """Who acts today for a recipient who is away; the recipient where nobody does."""
    if not envelope.may_reassign or recipient.role == Role.IN_PERSON_SIGNER:
        return recipient
    for delegation in stand_in_for(recipient.email) if recipient.email else ():
        away = recipient
        recipient = hand_over(
            actor,
            envelope,
            recipient,
            name=delegation.to_name,
            email=delegation.to_email,
            reason=delegation.reason or "standing delegation",
            facts={"delegation": str(delegation.pk)},
        )
        mail.tell_owner(
            envelope,
            f"{recipient.name} acts for {away.name} in {envelope.title}",
            f"{away.name} has named a stand-in until {delegation.ends_on:%Y-%m-%d}."
            + (_NEEDS_CODE.format(name=recipient.name) if lacks_choice(recipient) else ""),
        )
    return recipient
