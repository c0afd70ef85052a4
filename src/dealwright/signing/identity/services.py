"""Proof that a recipient reads the mailbox the envelope was sent to, with limits against guessing.

Six digits from the operating system's random source, valid for ten minutes in the browser
that asked, five tries, three codes in a quarter of an hour, ten a day per address. Three
codes used up by wrong tries lock the recipient until the sender lets them try again.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.models import OneTimeCode

LIFE = timedelta(minutes=10)
TRIES = 5
PER_QUARTER_HOUR = 3
PER_DAY = 10
CODES_UNTIL_LOCK = 3


def send_code(
    actor: Actor, envelope: Envelope, recipient: Recipient, *, session_key: str
) -> OneTimeCode:
    """Mail a new code; an earlier one of the recipient stops working.

    Call it with the envelope's row locked. Raises Conflict where the recipient is locked or
    has asked too often, saying when to try again.
    """
    if recipient.locked_at is not None:
        raise _locked()
    now = timezone.now()
    address = _hash(f"destination:{recipient.email}")
    recent = OneTimeCode.objects.filter(
        recipient=recipient, sent_at__gt=now - timedelta(minutes=15)
    ).count()
    if recent >= PER_QUARTER_HOUR:
        raise Conflict(
            "You have asked for three codes in a short time. Use the newest one in your mailbox "
            "(look in the spam folder, too), or wait 15 minutes and ask again.",
            code="too_many_codes",
        )
    today = OneTimeCode.objects.filter(
        destination_hash=address, sent_at__gt=now - timedelta(days=1)
    ).count()
    if today >= PER_DAY:
        raise Conflict(
            "Too many codes were sent to this address today. Try again tomorrow.",
            code="too_many_codes",
        )
    recipient.codes.filter(confirmed_at=None, invalidated_at=None).update(invalidated_at=now)
    code = f"{secrets.randbelow(1_000_000):06d}"
    made: OneTimeCode = OneTimeCode.objects.create(
        recipient=recipient,
        destination_hash=address,
        session_hash=_hash(session_key),
        code_hash=_code_hash(recipient, session_key, code),
        sent_at=now,
        expires_at=now + LIFE,
    )
    mail.tell_code(actor, envelope, recipient, code)
    record_evidence(
        envelope,
        "recipient.code_sent",
        actor=actor,
        recipient=recipient,
        facts={"transaction": str(made.pk), "channel": made.channel},
        details={"email": recipient.email},
    )
    return made


def check_code(
    actor: Actor,
    envelope: Envelope,
    recipient: Recipient,
    code: str,
    *,
    session_key: str,
    details: dict[str, str],
) -> OneTimeCode | Invalid | Conflict:
    """Try a code. A wrong one is counted, so what is wrong is returned and not raised: the
    caller commits first, then raises it.

    Call it with the envelope's row locked: two tries at once must count as two.
    """
    if recipient.locked_at is not None:
        return _locked()
    now = timezone.now()
    known: OneTimeCode | None = (
        recipient.codes.filter(
            session_hash=_hash(session_key),
            confirmed_at=None,
            invalidated_at=None,
            expires_at__gt=now,
        )
        .order_by("-sent_at")
        .first()
    )
    if known is None:
        return _wrong("This code has expired. Ask for a new one.")
    typed = "".join(each for each in code if each.isdigit())
    if constant_time_compare(known.code_hash, _code_hash(recipient, session_key, typed)):
        known.confirmed_at = now
        known.save(update_fields=["confirmed_at"])
        return known
    known.attempts += 1
    left = TRIES - known.attempts
    if left <= 0:
        known.invalidated_at, known.counted = now, True
    known.save(update_fields=["attempts", "invalidated_at", "counted"])
    record_evidence(
        envelope,
        "recipient.authentication_failed",
        actor=actor,
        recipient=recipient,
        facts={"transaction": str(known.pk), "attempt": known.attempts},
        details=details,
    )
    if left > 0:
        tries = "one more try" if left == 1 else f"{left} more tries"
        return _wrong(f"This is not the code we sent. You have {tries}.")
    if recipient.codes.filter(counted=True).count() >= CODES_UNTIL_LOCK:
        recipient.locked_at = now
        recipient.save(update_fields=["locked_at"])
        record_evidence(envelope, "recipient.locked", actor=actor, recipient=recipient)
        mail.tell_owner(
            envelope,
            f"{recipient.name} is locked out of {envelope.title}",
            "Too many wrong codes. Ask the person, then let them try again from the envelope.",
        )
        return _locked()
    return _wrong("This was the fifth wrong try. Ask for a new code.")


def session_hash(session_key: str) -> str:
    """What a recipient's row keeps of the browser that confirmed a code."""
    return _hash(f"session:{session_key}")


def confirm_session(actor: Actor, recipient: Recipient, *, session_key: str) -> None:
    """Let this browser act for the recipient; the one before no longer may."""
    with change(actor):
        recipient.session_hash = session_hash(session_key)
        recipient.verified_at = timezone.now()
        recipient.save(update_fields=["session_hash", "verified_at"])


def _code_hash(recipient: Recipient, session_key: str, code: str) -> str:
    text = f"{recipient.pk}:{recipient.envelope_id}:{session_key}:{code}"
    return salted_hmac("dealwright.signing.code", text, algorithm="sha256").hexdigest()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, code="wrong_code", fields={"code": [sentence]})


def _locked() -> Conflict:
    return Conflict(
        "Too many wrong codes were entered. Ask the sender to let you try again.",
        code="recipient_locked",
    )
