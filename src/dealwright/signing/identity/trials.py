"""One try of a recipient to show who they are, and what is counted when it fails."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.limits import WRONG_TRIES, count_one, is_used_up, too_many
from dealwright.signing.identity.models import IdentityStep, Purpose

TRIES = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """Who tries, from which browser, and what for. The envelope's row is locked: two tries at
    once count as two."""

    actor: Actor
    envelope: Envelope
    recipient: Recipient
    session_key: str
    ip: str
    origin: str
    details: Mapping[str, Any]
    purpose: Purpose = Purpose.ACCESS

    @property
    def session_hash(self) -> str:
        return session_hash(self.session_key)

    def step(self, method: str) -> IdentityStep:
        """The recipient's row of a way, made where it needs no configuration."""
        found, _ = IdentityStep.objects.get_or_create(recipient=self.recipient, method=method)
        return found


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown: ``facts`` name nobody, ``details`` may."""

    method: str
    facts: Mapping[str, Any]
    details: Mapping[str, Any]


type Refusal = Invalid | Conflict


def refused_before(trial: Trial) -> Refusal | None:
    """What forbids any try at all: a lock, or too many wrong ones from the same network."""
    if trial.recipient.locked_at is not None:
        return locked()
    return too_many() if is_used_up(WRONG_TRIES, trial.ip) else None


def count_wrong(trial: Trial, method: str, sentence: str, *, key: str) -> Refusal:
    """Count a wrong try against a way without a code to invalidate: the fifth locks the
    recipient until the sender lets them try again. ``sentence`` is marked for translation.
    Returns what to tell."""
    step = trial.step(method)
    step.attempts += 1
    step.save(update_fields=["attempts"])
    note_wrong(trial, {"method": method, "attempt": step.attempts})
    left = TRIES - step.attempts
    if left <= 0:
        lock(trial)
        return locked()
    return wrong(f"{gettext(sentence)} {tries_left(left)}", key=key)


def tries_left(left: int) -> str:
    """How many tries are left, as a sentence."""
    said = ngettext("You have one more try.", "You have %(left)s more tries.", left)
    return said % {"left": left}


def note_wrong(trial: Trial, facts: Mapping[str, Any]) -> None:
    """Count a wrong try against its network address and write it down."""
    count_one(WRONG_TRIES, trial.ip)
    record_evidence(
        trial.envelope,
        "recipient.authentication_failed",
        actor=trial.actor,
        recipient=trial.recipient,
        facts={"purpose": trial.purpose.value, **facts},
        details=trial.details,
    )


def lock(trial: Trial) -> None:
    """Lock the recipient out until the sender lets them try again."""
    recipient, envelope = trial.recipient, trial.envelope
    recipient.locked_at = timezone.now()
    recipient.save(update_fields=["locked_at"])
    record_evidence(envelope, "recipient.locked", actor=trial.actor, recipient=recipient)
    mail.tell_owner(
        envelope,
        f"{recipient.name} is locked out of {envelope.title}",
        "Too many wrong codes. Ask the person, then let them try again from the envelope.",
    )


def session_hash(session_key: str) -> str:
    """What rows keep of the browser in which something was confirmed."""
    return hashlib.sha256(f"session:{session_key}".encode()).hexdigest()


def wrong(sentence: str, *, key: str = "code") -> Invalid:
    return Invalid(sentence, code="wrong_code", fields={key: [sentence]})


def locked() -> Conflict:
    return Conflict(
        "Too many wrong codes were entered. Ask the sender to let you try again.",
        code="recipient_locked",
    )
