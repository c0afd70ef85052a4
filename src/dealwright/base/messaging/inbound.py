"""Receiving e-mail: each mail once, matched with what it answers, told to the house."""

from __future__ import annotations

from hashlib import sha256

from django.db import IntegrityError, transaction

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.events import record_event
from dealwright.base.files import store_file
from dealwright.base.messaging.delivery import mail_actor, note_bounce
from dealwright.base.messaging.events import EmailReceived
from dealwright.base.messaging.mail_reading import Delivery, Kind, Mail, read_mail
from dealwright.base.messaging.models import InboundMessage, OutboundMessage, Suppression
from dealwright.base.messaging.suppression import suppress_address

LARGEST = 50_000_000


def receive_email(raw: bytes) -> InboundMessage:
    """Take in a mail as it came; the same mail again gives the row that is there.

    It is matched by In-Reply-To and References, by the token of a plus address, or by the
    mail a bounce brings back. A bounce for good marks the message and suppresses the
    address, a complaint or an unsubscribe request suppresses the sender's. Records the
    event ``email.received`` about the record of the message it answers.

    Raises Invalid for nothing at all or more than 50 MB.
    """
    if not raw.strip():
        raise Invalid("This is no mail: it is empty.")
    if len(raw) > LARGEST:
        raise Invalid(f"A mail may have at most {LARGEST // 1_000_000} MB.")
    digest = sha256(raw).hexdigest()
    if known := _known(digest):
        return known
    mail = read_mail(raw)
    try:
        return _take_in(raw, digest, mail)
    except IntegrityError:  # another worker took the same mail in meanwhile
        if known := _known(digest):
            return known
        raise


def _take_in(raw: bytes, digest: str, mail: Mail) -> InboundMessage:
    actor = mail_actor()
    with transaction.atomic(), change(actor):
        outbound = _answered(mail)
        inbound = InboundMessage(
            kind=mail.kind,
            message_id=mail.message_id,
            in_reply_to=mail.in_reply_to,
            references=mail.references,
            from_address=mail.from_address,
            from_name=mail.from_name,
            to=mail.to,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            outbound=outbound,
            object=outbound.object if outbound else "",
            record_id=outbound.record_id if outbound else None,
            sha256=digest,
            dated_at=mail.dated_at,
        )
        if inbound.kind == Kind.REPLY and outbound is None:
            inbound.kind = Kind.NEW  # it answers something, but nothing of ours
        failure = next((each for each in mail.deliveries if each.action == "failed"), None)
        inbound.bounce_status = failure.status if failure else ""
        inbound.save(force_insert=True)
        inbound.raw = store_file(
            actor,
            name=f"{mail.subject[:80] or 'mail'}.eml",
            content=raw,
            content_type="message/rfc822",
            object=inbound.object,
            record_id=inbound.record_id,
            purpose="mail",
            generated=True,
        )
        inbound.save(update_fields=["raw"])
        _react(actor, inbound, outbound, failure)
        record_event(
            actor,
            EmailReceived(
                message=inbound.id,
                outbound=outbound.id if outbound else None,
                object=inbound.object,
                record_id=inbound.record_id,
                from_address=inbound.from_address,
                subject=inbound.subject,
                kind=str(inbound.kind),
                is_auto_reply=inbound.is_auto_reply,
                is_bounce=inbound.is_bounce,
            ),
            object=inbound.object,
            record_id=inbound.record_id,
        )
    return inbound


def _react(
    actor: Actor,
    inbound: InboundMessage,
    outbound: OutboundMessage | None,
    failure: Delivery | None,
) -> None:
    """What the machine-readable kinds mean for the message and the address.

    Only a mail that is matched to one of ours counts: anybody can write a false bounce, but
    not with an unguessable Message-ID of ours in it.
    """
    if outbound is None:
        return
    if inbound.is_bounce and (failure is None or not failure.status.startswith("4")):
        status = failure.status if failure else ""
        words = failure.words if failure and failure.words else inbound.subject
        note_bounce(outbound, status=status, words=f"{status} {words}".strip())
    elif inbound.kind in (Kind.COMPLAINT, Kind.UNSUBSCRIBE):
        complained = inbound.kind == Kind.COMPLAINT
        suppress_address(
            actor,
            outbound.to,
            reason=Suppression.Reason.COMPLAINED if complained else Suppression.Reason.UNSUBSCRIBED,
            source=f"mail {inbound.id}",
        )
    elif inbound.kind in (Kind.REPLY, Kind.AUTO_REPLY, Kind.RECEIPT) and not outbound.delivered_at:
        # It was there to be answered, also where it left the outbox by another way.
        outbound.delivered_at, outbound.held_at = inbound.received_at, None
        outbound.save(update_fields=["delivered_at", "held_at"])


def _answered(mail: Mail) -> OutboundMessage | None:
    """Which of our messages the mail answers."""
    ids = mail.answered_ids
    if mail.plus_tokens:
        domains = {each.rpartition("@")[2] for each in mail.to}
        ids = [*ids, *(f"<{token}@{each}>" for token in mail.plus_tokens for each in domains)]
    found = {row.message_id: row for row in OutboundMessage.objects.filter(message_id__in=ids)}
    return next((found[each] for each in ids if each in found), None)


def _known(digest: str) -> InboundMessage | None:
    return InboundMessage.objects.filter(sha256=digest).first()
