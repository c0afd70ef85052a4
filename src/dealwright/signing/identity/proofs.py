"""Which way to show an identity comes next, and what follows when one is shown."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dealwright.base.errors import Invalid
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.choices import REPEATABLE
from dealwright.signing.identity.models import IdentityStep, Purpose
from dealwright.signing.identity.passkeys import has_passkey
from dealwright.signing.identity.services import confirm_session
from dealwright.signing.identity.totp import has_app
from dealwright.signing.identity.trials import Proof, Trial, session_hash

VERIFIED_FOR = timedelta(hours=12)


def next_method(recipient: Recipient, session_key: str) -> IdentityMethod | None:
    """The first way that was not shown in this browser lately; None where all were.

    An app or a passkey that has yet to be set up for the address waits for a code by e-mail:
    otherwise whoever was forwarded the link would set up their own.
    """
    shown = confirmed_methods(recipient, session_key)
    for each in recipient.identity_methods:
        method = IdentityMethod(each)
        if method in shown:
            continue
        if is_enrolling(recipient, method) and IdentityMethod.EMAIL_OTP not in shown:
            return IdentityMethod.EMAIL_OTP
        return method
    return None


def confirmed_methods(recipient: Recipient, session_key: str) -> set[str]:
    """The ways that were shown in this browser in the last hours."""
    rows = IdentityStep.objects.filter(
        recipient=recipient,
        session_hash=session_hash(session_key),
        confirmed_at__gt=timezone.now() - VERIFIED_FOR,
    )
    return set(rows.values_list("method", flat=True))


def is_enrolling(recipient: Recipient, method: str) -> bool:
    """Whether a way has to be set up for the recipient's address first."""
    if method == IdentityMethod.TOTP:
        return not has_app(recipient.email)
    return method == IdentityMethod.WEBAUTHN and not has_passkey(recipient.email)


def keep_proof(trial: Trial, proof: Proof) -> None:
    """Write down that a way was shown; when it was the last, this browser may act for the
    recipient and the one before no longer may."""
    now = timezone.now()
    step = trial.step(proof.method)
    step.confirmed_at, step.session_hash = now, trial.session_hash
    step.facts, step.attempts = dict(proof.facts), 0
    step.save(update_fields=["confirmed_at", "session_hash", "facts", "attempts"])
    recipient = trial.recipient
    if next_method(recipient, trial.session_key) is None:
        confirm_session(trial.actor, recipient, session_key=trial.session_key)
    record_evidence(
        trial.envelope,
        "recipient.authenticated",
        actor=trial.actor,
        recipient=recipient,
        facts={"method": proof.method, **proof.facts},
        details={**trial.details, **proof.details},
    )


def act_method(recipient: Recipient, *, part11: bool) -> IdentityMethod | None:
    """What a recipient shows once more at the act of signing: a passkey always, under Part 11
    the strongest of their ways. None where nothing is asked."""
    asked = REPEATABLE if part11 else (IdentityMethod.WEBAUTHN,)
    return next((each for each in asked if each in recipient.identity_methods), None)


def check_identifier(trial: Trial, typed: str) -> Invalid | None:
    """The first of two components (21 CFR 11.200): the address that identifies the signer."""
    if trial.purpose == Purpose.ACT and typed.strip().casefold() != trial.recipient.email:
        sentence = "Type the e-mail address this request was sent to."
        return Invalid(sentence, fields={"identifier": [sentence]})
    return None
