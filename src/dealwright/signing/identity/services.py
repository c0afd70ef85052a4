"""One-time codes by e-mail, SMS and messengers, with limits against guessing and flooding.

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
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.messaging.outbox import send_sms
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity import messengers
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
    tries_left,
    wrong,
)

LIFE = timedelta(minutes=10)
PER_QUARTER_HOUR = 3
PER_DAY = 10
CODES_UNTIL_LOCK = 3
CHANNELS = {
    IdentityMethod.EMAIL_OTP: "email",
    IdentityMethod.SMS_OTP: "sms",
    IdentityMethod.WHATSAPP_OTP: messengers.WHATSAPP,
    IdentityMethod.MESSENGER_OTP: messengers.CHANNEL,
}

# What the evidence calls an address by channel; all others are phone numbers.
_KIND_OF_ADDRESS = {"email": "email", messengers.CHANNEL: "address"}


def send_code(trial: Trial, method: str = IdentityMethod.EMAIL_OTP) -> OneTimeCode:
    """Send a new code; an earlier one for the same purpose stops working.

    Raises Conflict where the recipient is locked, has asked too often, or no message may go out
    to a phone, saying when to try again.
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
    if channel != "email":
        _check_phone(channel, to)
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
        _text_code(trial, made, to, code)
    record_evidence(
        trial.envelope,
        "recipient.code_sent",
        actor=trial.actor,
        recipient=recipient,
        facts={
            "transaction": str(made.pk),
            "channel": channel,
            **({"messenger": messengers.channel_name()} if channel == messengers.CHANNEL else {}),
            **({"purpose": trial.purpose.value} if trial.purpose != Purpose.ACCESS else {}),
        },
        details={_KIND_OF_ADDRESS.get(channel, "phone"): to},
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


def last_code_failed(trial: Trial, method: str) -> bool:
    """Whether the newest message with a code could not be delivered to the recipient's phone."""
    channel, to = CHANNELS[IdentityMethod(method)], trial.step(method).destination
    newest = (
        OutboundMessage.objects.filter(
            record_id=trial.envelope.pk,
            purpose="signing.code",
            to=to if channel == "sms" else f"{channel}:{to}",
        )
        .order_by("-id")
        .first()
    )
    return newest is not None and newest.status in ("failed", "bounced")


def texted_to(recipient: Recipient) -> list[str]:
    """The addresses of messages with codes to a recipient's phone, as the outbox writes them."""
    return [
        step.destination if channel == "sms" else f"{channel}:{step.destination}"
        for step in recipient.identity_steps.all()
        if (channel := CHANNELS.get(IdentityMethod(step.method), "email")) != "email"
        and step.destination
    ]


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
        return wrong(f"{gettext('This is not the code we sent.')} {tries_left(left)}")
    if trial.recipient.codes.filter(counted=True).count() >= CODES_UNTIL_LOCK:
        lock(trial)
        return locked()
    return wrong("This was the fifth wrong try. Ask for a new code.")


def _check_recent(trial: Trial, channel: str) -> None:
    recent = trial.recipient.codes.filter(
        channel=channel, sent_at__gt=timezone.now() - timedelta(minutes=15)
    ).count()
    if recent >= PER_QUARTER_HOUR:
        if channel == "email":
            raise Conflict(
                "You have asked for three codes in a short time. Use the newest one in your "
                "mailbox (look in the spam folder, too), or wait 15 minutes and ask again.",
                code="too_many_codes",
            )
        raise Conflict(
            "You have asked for three codes in a short time. Use the newest one on your phone, or "
            "wait 15 minutes and ask again.",
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


def _check_phone(channel: str, to: str) -> None:
    """Raises Conflict where no number or address is set, its country is not served, the way is
    not set up any more, or the company's messages of the day are used up."""
    if not to:
        raise Conflict("The sender has to give your number first.", code="no_sms")
    if channel != "sms":
        messengers.check_ready(channel)
    sentence = _refused(channel, to)
    if sentence:
        raise Conflict(sentence, code="no_sms")
    lock_key(f"signing {channel} budget")
    today = OneTimeCode.objects.filter(
        channel=channel, sent_at__gt=timezone.now() - timedelta(days=1)
    ).count()
    if today >= _budget(channel):
        if channel == "sms":
            raise Conflict(
                "No more SMS can be sent today. Ask the sender for another way, or come back "
                "tomorrow.",
                code="sms_budget",
            )
        raise Conflict(
            "No more codes can be sent this way today. Ask the sender for another way, or come "
            "back tomorrow.",
            code="messenger_budget",
        )


def _refused(channel: str, to: str) -> str:
    if channel == "sms":
        return refused_country(to)
    if channel == messengers.WHATSAPP:
        return messengers.wrong_whatsapp_number(to)
    return messengers.wrong_messenger_address(to)


def _budget(channel: str) -> int:
    """How many codes may go out by a channel in 24 hours."""
    if channel == "sms":
        return signing_settings().sms_per_day
    stored = messengers.messenger_settings()
    by_whatsapp = channel == messengers.WHATSAPP
    return stored.whatsapp_per_day if by_whatsapp else stored.channel_per_day


def _text_code(trial: Trial, made: OneTimeCode, to: str, code: str) -> None:
    envelope = trial.envelope
    language = envelope.language if envelope.language in dict(settings.LANGUAGES) else "en"
    with translation.override(language):
        text = gettext("%(code)s is your code for “%(title)s”") % {
            "code": code,
            "title": envelope.title[:60],
        }
    if made.channel != "sms":
        messengers.send_by_messenger(
            trial.actor,
            made.channel,
            to=to,
            text=text,
            code=code,
            reference=str(made.pk),
            language=language,
            expires_at=made.expires_at,
            envelope=envelope.pk,
        )
        return
    send_sms(
        trial.actor,
        to=to,
        text=text,
        object="envelope",
        record_id=envelope.pk,
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
