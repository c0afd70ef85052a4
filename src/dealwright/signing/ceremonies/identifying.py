"""Showing who one is, beyond holding the link: before one sees the documents, and once more at
the act of signing where that is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from dealwright.base.errors import Conflict
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.models import Envelope, IdentityMethod, Recipient
from dealwright.signing.identity import knowledge, passkeys, proofs, totp
from dealwright.signing.identity.messengers import channel_name
from dealwright.signing.identity.models import Purpose
from dealwright.signing.identity.provider_answers import (
    ProviderAnswer,
    check_provider_answer,
    describe_provider,
)
from dealwright.signing.identity.services import (
    CHANNELS,
    check_code,
    has_open_code,
    last_code_failed,
    send_code,
)
from dealwright.signing.identity.trials import Proof, Refusal, Trial

ACCESS_INTENT = "I open the documents as the person they were sent to."
ENROL_INTENT = "I keep this passkey to sign documents sent to my e-mail address."


@dataclass(frozen=True, slots=True)
class Shown:
    """What was typed or answered to show an identity: ``identifier`` is the own address."""

    secret: str = ""
    credential: str = ""
    identifier: str = ""


NOTHING_SHOWN = Shown()


def request_code(ceremony: Ceremony, *, act: bool = False) -> None:
    """Send a one-time code; raises Conflict where too many were asked for."""
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT if act else Step.CODE)
        trial = trial_of(ceremony, envelope, recipient, act=act)
        method = _due(trial)
        if method not in CHANNELS:
            raise Conflict("No code is sent for this step.", code="wrong_step")
        _note_beginning(recipient)
        send_code(trial, method)


def send_first_code(ceremony: Ceremony) -> None:
    """Send the code at once where the first way is one, so that nobody has to ask for it."""
    if proofs.next_method(ceremony.recipient, ceremony.visit.session_key) in CHANNELS:
        request_code(ceremony)


def confirm_code(ceremony: Ceremony, code: str) -> None:
    """Confirm the code that was sent; raises Invalid or Conflict with what to do next."""
    confirm_identity(ceremony, Shown(secret=code))


def confirm_identity(ceremony: Ceremony, shown: Shown) -> None:
    """Show what the next way asks for; raises Invalid or Conflict with what to do next.

    A wrong try is counted and committed before it is told.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.CODE)
        trial = trial_of(ceremony, envelope, recipient)
        _note_beginning(recipient)
        found = _try(trial, _due(trial), shown, ACCESS_INTENT)
        if isinstance(found, Proof):
            proofs.keep_proof(trial, found)
    if not isinstance(found, Proof):
        raise found


def confirm_at_provider(ceremony: Ceremony, answer: ProviderAnswer) -> None:
    """Take the word of an identity provider for the recipient's address, or for what it checked
    of them where the sender asked for that.

    Raises Invalid where the answer does not do, with what to do next; a check that fails counts
    as a wrong try.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.CODE)
        trial = trial_of(ceremony, envelope, recipient)
        if _due(trial) != IdentityMethod.IDP:
            raise Conflict("This step is not due.", code="wrong_step")
        _note_beginning(recipient)
        found = check_provider_answer(trial, answer)
        if isinstance(found, Proof):
            proofs.keep_proof(trial, found)
    if not isinstance(found, Proof):
        raise found


def asks_check(ceremony: Ceremony) -> bool:
    """Whether the identity provider is to have checked more than whose address it is."""
    steps = ceremony.recipient.identity_steps.filter(method=IdentityMethod.IDP)
    return steps.exclude(assurance="").exists()


def check_act(
    ceremony: Ceremony, envelope: Envelope, recipient: Recipient, shown: Shown, intent: str
) -> Proof | Refusal | None:
    """What is shown at the act of signing; None where nothing is asked. Call it within the act."""
    trial = trial_of(ceremony, envelope, recipient, act=True)
    method = proofs.act_method(recipient, part11=envelope.part11)
    if method is None:
        return None
    if envelope.part11 and recipient.email:
        refusal = proofs.check_identifier(trial, shown.identifier)
        if refusal is not None:
            return refusal
    return _try(trial, method, shown, intent)


def describe_step(ceremony: Ceremony) -> dict[str, Any]:
    """What the page of the next way shows."""
    with acting(ceremony) as (envelope, recipient):
        trial = trial_of(ceremony, envelope, recipient)
        method = _due(trial)
        enrolling = proofs.is_enrolling(recipient, method)
        shown: dict[str, Any] = {"method": method.value, "enrolling": enrolling}
        shown |= _sent(trial, method)
        if method == IdentityMethod.TOTP and enrolling:
            secret = totp.begin_enrolment(trial)
            shown["secret"] = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
            shown["picture"] = totp.picture_of(totp.address_of(secret, recipient))
        elif method == IdentityMethod.WEBAUTHN and enrolling:
            shown["options"] = passkeys.creation_options(trial, ENROL_INTENT)
        elif method == IdentityMethod.WEBAUTHN:
            shown["options"] = passkeys.request_options(trial, ACCESS_INTENT)
        elif method == IdentityMethod.IDP:
            shown |= describe_provider(trial)
    return shown


def describe_act(ceremony: Ceremony, intent: str) -> dict[str, Any]:
    """What the page of signing shows of what is asked once more; empty where nothing is."""
    with acting(ceremony) as (envelope, recipient):
        method = proofs.act_method(recipient, part11=envelope.part11)
        if method is None:
            return {}
        trial = trial_of(ceremony, envelope, recipient, act=True)
        shown: dict[str, Any] = {"method": method.value, "enrolling": False}
        shown |= _sent(trial, method)
        if method == IdentityMethod.WEBAUTHN:
            shown["options"] = passkeys.request_options(trial, intent)
    return shown


def trial_of(
    ceremony: Ceremony, envelope: Envelope, recipient: Recipient, *, act: bool = False
) -> Trial:
    visit = ceremony.visit
    return Trial(
        actor=ceremony.actor,
        envelope=envelope,
        recipient=recipient,
        session_key=visit.session_key,
        ip=visit.ip,
        origin=visit.origin,
        details=visit.details,
        purpose=Purpose.ACT if act else Purpose.ACCESS,
    )


def _due(trial: Trial) -> IdentityMethod:
    found = (
        proofs.act_method(trial.recipient, part11=trial.envelope.part11)
        if trial.purpose == Purpose.ACT
        else proofs.next_method(trial.recipient, trial.session_key)
    )
    if found is None:
        raise Conflict("Nothing more is asked of you here. Reload the page.", code="wrong_step")
    return found


def _try(trial: Trial, method: IdentityMethod, shown: Shown, intent: str) -> Proof | Refusal:
    match method:
        case each if each in CHANNELS:
            return check_code(trial, shown.secret, method)
        case IdentityMethod.ACCESS_CODE:
            return knowledge.check_access_code(trial, shown.secret)
        case IdentityMethod.ACCOUNT:
            return knowledge.check_password(trial, shown.secret)
        case IdentityMethod.TOTP:
            return totp.check_totp(trial, shown.secret)
        case IdentityMethod.WEBAUTHN if proofs.is_enrolling(trial.recipient, method):
            if trial.purpose == Purpose.ACT:
                return Conflict("Your passkey is no longer known. Ask the sender.")
            return passkeys.register_passkey(trial, shown.credential, ENROL_INTENT)
        case IdentityMethod.WEBAUTHN:
            return passkeys.check_passkey(trial, shown.credential, intent)
        case _:
            return Conflict("Sign in at the identity provider.", code="wrong_step")


def _sent(trial: Trial, method: IdentityMethod) -> dict[str, Any]:
    """Whether a code is out, and to where, with most of it hidden."""
    if method not in CHANNELS:
        return {}
    shown: dict[str, Any] = {"by_code": True, "sent": has_open_code(trial, method)}
    if method == IdentityMethod.EMAIL_OTP:
        return shown | {"address": masked(trial.recipient.email)}
    carried = {
        IdentityMethod.SMS_OTP: "SMS",
        IdentityMethod.WHATSAPP_OTP: "WhatsApp",
    }.get(method) or channel_name()
    to = trial.step(method).destination
    failed = shown["sent"] and last_code_failed(trial, method)
    return shown | {"address": f"•••{to[-3:]}", "carried": carried, "failed": failed}


def masked(address: str) -> str:
    """Enough of an address to know one's own: ``a•••@example.com``."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}•••@{domain}"


def _note_beginning(recipient: Recipient) -> None:
    if recipient.identifying_at is None:
        recipient.identifying_at = timezone.now()
        recipient.save(update_fields=["identifying_at"])
