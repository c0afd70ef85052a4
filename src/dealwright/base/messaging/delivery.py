"""Handing messages over to the mail server, the SMS provider and other carriers, with patience."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, DealwrightError, Invalid, Unavailable
from dealwright.base.events import Event, record_event
from dealwright.base.jobs import claim_due, due
from dealwright.base.messaging import accounts
from dealwright.base.messaging.carriers import carrier_of
from dealwright.base.messaging.events import (
    EmailBounced,
    EmailFailed,
    EmailSent,
    SmsFailed,
    SmsSent,
)
from dealwright.base.messaging.models import Channel, OutboundMessage, Suppression
from dealwright.base.messaging.outbox import send_email
from dealwright.base.messaging.sms import send_by_provider
from dealwright.base.messaging.smtp import Refusal, SmtpSession, smtp_session
from dealwright.base.messaging.suppression import ASKED, hold_to_the_list, suppress_address

log = structlog.get_logger("dealwright.messaging")

BATCH = 20
LEASE = timedelta(minutes=15)  # a worker that has not reported by then has died
WAITS = [timedelta(minutes=each) for each in (1, 5, 15, 60, 120, 240, 480, 720, 1440)]
REMOVED_TEXT = "(The text was removed after sending.)"


def mail_actor() -> Actor:
    """Who sends and receives: the product."""
    return system("Dealwright mail", via="mail")


@due(every=2, name="messaging.deliver")
def deliver_messages() -> int:
    """Hand over what is due; returns how many messages were tried."""
    claimed = _claim()
    with ExitStack() as stack:
        session: SmtpSession | None = None
        trouble: Unavailable | None = None
        for message in claimed:
            if message.channel == Channel.EMAIL and session is None and trouble is None:
                try:
                    account = accounts.smtp_account()
                    if account is None:
                        raise Unavailable("No mail server is set any more.")
                    session = stack.enter_context(smtp_session(account))
                except Unavailable as error:
                    trouble = error
                    log.warning("mail server not available", reason=error.message)
            try:
                if message.channel == Channel.SMS:
                    _deliver_text(message)
                elif session is None:
                    raise trouble or Unavailable("The mail server went away.")
                else:
                    session.hand_over(message)
            except Refusal as refusal:
                _note_refusal(message, refusal)
            except Unavailable as error:
                _note_delay(message, error.message)
                if message.channel == Channel.EMAIL:
                    session, trouble = None, trouble or error
            except (DealwrightError, ValueError, UnicodeError) as error:
                _note_failure(message, str(error))
            else:
                _note_sent(message)
    return len(claimed)


def send_test(actor: Actor, address: str) -> OutboundMessage:
    """Hand a test mail over here and now; for administrators.

    Raises Conflict where no server is set, Unavailable where it does not answer, Invalid
    with its words where it refuses the mail.
    """
    actor.require_administrator("Mail is set up by administrators.")
    account = accounts.smtp_account()
    if account is None:
        raise Conflict("No mail server is set.")
    with change(actor):
        message = send_email(
            actor,
            to=address,
            subject="A test from Dealwright",
            text="If you read this, Dealwright can send mail.",
            purpose="test",
        )
        message.next_attempt_at, message.claimed_at = None, timezone.now()
        message.save(update_fields=["next_attempt_at", "claimed_at"])
    try:
        with smtp_session(account) as session:
            session.hand_over(message)
    except (Refusal, Unavailable) as error:
        _note_failure(message, str(error))
        if isinstance(error, Unavailable):
            raise
        sentence = f"The server refuses the mail: {error}"
        raise Invalid(sentence, code="mail_refused", fields={"address": [sentence]}) from None
    _note_sent(message)
    message.refresh_from_db()
    return message


def hand_over_now(actor: Actor, message: OutboundMessage) -> OutboundMessage:
    """Hand over a short text that is claimed already, for administrators who try a carrier.

    Raises Unavailable where it does not answer, Invalid naming "to" with its words where it
    refuses.
    """
    actor.require_administrator("Messages are set up by administrators.")
    try:
        _deliver_text(message)
    except (Refusal, Unavailable) as error:
        _note_failure(message, str(error))
        if isinstance(error, Unavailable):
            raise
        sentence = f"The message was refused: {error}"
        raise Invalid(sentence, code="message_refused", fields={"to": [sentence]}) from None
    _note_sent(message)
    message.refresh_from_db()
    return message


def _claim() -> Sequence[OutboundMessage]:
    """Take due messages for this worker and commit that, before anything leaves the house."""
    now = timezone.now()
    with transaction.atomic():
        found = claim_due(
            OutboundMessage.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at"),
            limit=BATCH,
        )
        claimed = []
        for message in found:
            if message.claimed_at and message.purpose in ASKED:
                # It may have gone out. A second sales mail does more harm than none.
                _note_failure(message, "The worker stopped while sending; it may have been sent.")
                continue
            if reason := hold_to_the_list(message):
                message.suppressed_at, message.error = now, reason
                message.next_attempt_at = message.claimed_at = None
                message.save()
                continue
            message.claimed_at, message.next_attempt_at = now, now + LEASE
            message.attempts += 1
            message.save(update_fields=["claimed_at", "next_attempt_at", "attempts"])
            claimed.append(message)
    return claimed


def _deliver_text(message: OutboundMessage) -> None:
    if carrier := carrier_of(message.to):
        message.provider_id = carrier.send(message)
        return
    account = accounts.sms_account()
    if account is None:
        raise Unavailable("No SMS provider is set any more.")
    message.provider_id = send_by_provider(account, message)


def _note_sent(message: OutboundMessage) -> None:
    def sent(row: OutboundMessage) -> Event:
        row.sent_at, row.error = timezone.now(), ""
        row.provider_id = message.provider_id
        _forget_sensitive(row)
        made = SmsSent if row.channel == Channel.SMS else EmailSent
        return made(message=row.id, purpose=row.purpose, to=row.to)

    _note(message, sent)


def _note_refusal(message: OutboundMessage, refusal: Refusal) -> None:
    if not refusal.permanent:
        _note_delay(message, str(refusal))
        return
    if not refusal.bad_address:
        _note_failure(message, str(refusal))
        return
    note_bounce(message, status=f"{refusal.code}", words=str(refusal))


def note_bounce(message: OutboundMessage, *, status: str, words: str) -> None:
    """The address does not take mail: note it on the message and never write to it again
    in sequences and marketing."""

    def bounced(row: OutboundMessage) -> Event:
        row.bounced_at, row.error = timezone.now(), words[:2000]
        if not row.sent_at:
            row.failed_at = row.bounced_at
        _forget_sensitive(row)
        return EmailBounced(message=row.id, purpose=row.purpose, to=row.to, status=status[:20])

    with change(mail_actor()):
        _note(message, bounced)
        suppress_address(
            mail_actor(),
            message.to,
            reason=Suppression.Reason.BOUNCED,
            source=f"message {message.id}",
        )


def _note_delay(message: OutboundMessage, reason: str) -> None:
    """Try again later, or give up after the last wait."""
    if message.attempts > len(WAITS):
        _note_failure(message, f"Given up after {message.attempts} tries: {reason}")
        return
    OutboundMessage.objects.filter(pk=message.pk).update(
        claimed_at=None,
        next_attempt_at=timezone.now() + WAITS[message.attempts - 1],
        error=reason[:2000],
    )


def _note_failure(message: OutboundMessage, reason: str) -> None:
    def failed(row: OutboundMessage) -> Event:
        row.failed_at, row.error = timezone.now(), reason[:2000]
        _forget_sensitive(row)
        made = SmsFailed if row.channel == Channel.SMS else EmailFailed
        return made(message=row.id, purpose=row.purpose, to=row.to, error=row.error)

    _note(message, failed)
    log.warning("message failed", message=str(message.id), purpose=message.purpose)


def _note(message: OutboundMessage, apply: Callable[[OutboundMessage], Event]) -> None:
    """Change the message's row and tell the house, in one transaction."""
    actor = mail_actor()
    with change(actor):
        row = OutboundMessage.objects.select_for_update().get(pk=message.pk)
        told = apply(row)
        row.claimed_at = row.next_attempt_at = row.held_at = None
        row.save()
        record_event(actor, told, object=row.object, record_id=row.record_id)


def _forget_sensitive(row: OutboundMessage) -> None:
    if row.is_sensitive:
        row.text, row.html = REMOVED_TEXT, ""
        if row.channel == Channel.SMS:
            row.headers = {}  # what a carrier needed besides may hold the code, too
