"""One-time codes by e-mail and SMS, with limits against guessing and flooding.

Six digits from the operating system's random source, valid for ten minutes in the browser
that asked, five tries, three codes in a quarter of an hour, ten a day per address or number.
Three codes used up by wrong tries lock the recipient until the sender lets them try again.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict
from dealwright.base.messaging.outbox import send_sms
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.limits import SENT_CODES, lock_key, take_one
from dealwright.signing.identity.models import OneTimeCode, Purpose
from dealwright.signing.identity.policy import refused_country, signing_settings
from dealwright.signing.identity.trials import (
    TRIES,
    Proof,
    Refusal,
    Trial,
    lock,
    locked,
    note_wrong,
    refused_before,
    session_hash,
    wrong,
)

LIFE = timedelta(minutes=10)
PER_QUARTER_HOUR = 3
PER_DAY = 10
CODES_UNTIL_LOCK = 3
CHANNELS = {IdentityMethod.EMAIL_OTP: "email", IdentityMethod.SMS_OTP: "sms"}


def send_code(trial: Trial, method: str = IdentityMethod.EMAIL_OTP) -> OneTimeCode:
    """Send a new code; an earlier one for the same purpose stops working.

    Raises Conflict where the recipient is locked, has asked too often, or no SMS may go out,
    saying when to try again.
    """
    recipient = trial.recipient
    channel = CHANNELS[IdentityMethod(method)]
    if recipient.locked_at is not None:
        raise locked()
    to = recipient.email if channel == "email" else trial.step(method).destination
    take_one(SENT_CODES, trial.ip)
    now = timezone.now()
    _check_recent(trial, channel)
    address = _check_destination(to)
    if channel == "sms":
        _check_sms(to)
    recipient.codes.filter(
        channel=channel, purpose=trial.purpose, confirmed_at=None, invalidated_at=None
    ).update(invalidated_at=now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    made: OneTimeCode = OneTimeCode.objects.create(
        recipient=recipient,
        channel=channel,
        purpose=trial.purpose,
        destination_hash=address,
        session_hash=_hash(trial.session_key),
        code_hash=_code_hash(trial, channel, code),
        sent_at=now,
        expires_at=now + LIFE,
    )
    if channel == "email":
        mail.tell_code(trial.actor, trial.envelope, recipient, code)
    else:
        _text_code(trial, to, code)
    record_evidence(
        trial.envelope,
        "recipient.code_sent",
        actor=trial.actor,
        recipient=recipient,
        facts={
            "transaction": str(made.pk),
            "channel": channel,
            **({"purpose": trial.purpose.value} if trial.purpose != Purpose.ACCESS else {}),
        },
        details={"email": to} if channel == "email" else {"phone": to},
    )
    return made


def check_code(trial: Trial, code: str, method: str = IdentityMethod.EMAIL_OTP) -> Proof | Refusal:
    """Try a code. A wrong one is counted, so what is wrong is returned and not raised: the
    caller commits first, then raises it."""
    if refusal := refused_before(trial):
        return refusal
    now = timezone.now()
    channel = CHANNELS[IdentityMethod(method)]
    known: OneTimeCode | None = (
        trial.recipient.codes.filter(
            channel=channel,
            purpose=trial.purpose,
            session_hash=_hash(trial.session_key),
            confirmed_at=None,
            invalidated_at=None,
            expires_at__gt=now,
        )
        .order_by("-sent_at")
        .first()
    )
    if known is None:
        return wrong("This code has expired. Ask for a new one.")
    typed = "".join(each for each in code if each.isdigit())
    if constant_time_compare(known.code_hash, _code_hash(trial, channel, typed)):
        known.confirmed_at = now
        known.save(update_fields=["confirmed_at"])
        return Proof(method, {"transaction": str(known.pk)}, {})
    return _count_wrong(trial, known)


def has_open_code(trial: Trial, method: str) -> bool:
    """Whether a code is out that this browser can still confirm."""
    return trial.recipient.codes.filter(
        channel=CHANNELS[IdentityMethod(method)],
        purpose=trial.purpose,
        session_hash=_hash(trial.session_key),
        confirmed_at=None,
        invalidated_at=None,
        expires_at__gt=timezone.now(),
    ).exists()


def confirm_session(actor: Actor, recipient: Recipient, *, session_key: str) -> None:
    """Let this browser act for the recipient; the one before no longer may."""
    with change(actor):
        recipient.session_hash = session_hash(session_key)
        recipient.verified_at = timezone.now()
        recipient.save(update_fields=["session_hash", "verified_at"])


def _count_wrong(trial: Trial, known: OneTimeCode) -> Refusal:
    known.attempts += 1
    left = TRIES - known.attempts
    if left <= 0:
        known.invalidated_at, known.counted = timezone.now(), True
    known.save(update_fields=["attempts", "invalidated_at", "counted"])
    note_wrong(trial, {"transaction": str(known.pk), "attempt": known.attempts})
    if left > 0:
        tries = "one more try" if left == 1 else f"{left} more tries"
        return wrong(f"This is not the code we sent. You have {tries}.")
    if trial.recipient.codes.filter(counted=True).count() >= CODES_UNTIL_LOCK:
        lock(trial)
        return locked()
    return wrong("This was the fifth wrong try. Ask for a new code.")


def _check_recent(trial: Trial, channel: str) -> None:
    recent = trial.recipient.codes.filter(
        channel=channel, sent_at__gt=timezone.now() - timedelta(minutes=15)
    ).count()
    if recent >= PER_QUARTER_HOUR:
        raise Conflict(
            "You have asked for three codes in a short time. Use the newest one in your mailbox "
            "(look in the spam folder, too), or wait 15 minutes and ask again.",
            code="too_many_codes",
        )


def _check_destination(to: str) -> str:
    """The hash under which an address's codes are counted; raises Conflict at ten a day.

    Envelopes asking for the same address at once take their turns.
    """
    address = _hash(f"destination:{to}")
    lock_key(address)
    today = OneTimeCode.objects.filter(
        destination_hash=address, sent_at__gt=timezone.now() - timedelta(days=1)
    ).count()
    if today >= PER_DAY:
        raise Conflict(
            "Too many codes were sent to this address today. Try again tomorrow.",
            code="too_many_codes",
        )
    return address


def _check_sms(to: str) -> None:
    """Raises Conflict where no number is set, its country is not served, or the company's
    messages of the day are used up."""
    sentence = refused_country(to) if to else "The sender has to give your number first."
    if sentence:
        raise Conflict(sentence, code="no_sms")
    lock_key("signing sms budget")
    today = OneTimeCode.objects.filter(
        channel="sms", sent_at__gt=timezone.now() - timedelta(days=1)
    ).count()
    if today >= signing_settings().sms_per_day:
        raise Conflict(
            "No more SMS can be sent today. Ask the sender for another way, or come back tomorrow.",
            code="sms_budget",
        )


def _text_code(trial: Trial, to: str, code: str) -> None:
    language = trial.envelope.language
    with translation.override(language if language in dict(settings.LANGUAGES) else "en"):
        text = gettext("%(code)s is your code for “%(title)s”") % {
            "code": code,
            "title": trial.envelope.title[:60],
        }
    send_sms(
        trial.actor,
        to=to,
        text=text,
        object="envelope",
        record_id=trial.envelope.pk,
        purpose="signing.code",
        sensitive=True,
    )


def _code_hash(trial: Trial, channel: str, code: str) -> str:
    text = (
        f"{trial.recipient.pk}:{trial.envelope.pk}:{trial.session_key}:{trial.purpose}:"
        f"{channel}:{code}"
    )
    return salted_hmac("dealwright.signing.code", text, algorithm="sha256").hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
