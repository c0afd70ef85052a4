"""Authenticator apps (RFC 6238) of people who have no account, bound to their e-mail address.

The first use sets the app up, after a code by e-mail was confirmed in the same browser; every
later envelope to the address asks the same app. The secret rests encrypted.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pyotp
import qrcode
import qrcode.image.svg
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop

from dealwright.base.encrypted_text import decrypt_text, encrypt_text
from dealwright.base.people.organization import organization
from dealwright.signing.envelopes.models import IdentityMethod, Recipient
from dealwright.signing.identity.models import SignerTotp
from dealwright.signing.identity.trials import (
    Proof,
    Refusal,
    Trial,
    count_wrong,
    refused_before,
    wrong,
)

PURPOSE = "signer totp"
STEP = 30  # seconds
DRIFT = (-1, 0, 1)  # steps that a clock may be off
_WRONG = gettext_noop("This is not the code your app shows now.")


def has_app(email: str) -> bool:
    """Whether an authenticator app is set up for the address."""
    return bool(email) and SignerTotp.objects.filter(email=email).exists()


def begin_enrolment(trial: Trial) -> str:
    """The secret of an app that is being set up: the same one until it is confirmed."""
    step = trial.step(IdentityMethod.TOTP)
    if step.secret and step.session_hash == trial.session_hash:
        return decrypt_text(step.secret, purpose=PURPOSE)
    secret = pyotp.random_base32()
    step.secret = encrypt_text(secret, purpose=PURPOSE)
    step.session_hash = trial.session_hash
    step.save(update_fields=["secret", "session_hash"])
    return secret


def address_of(secret: str, recipient: Recipient) -> str:
    """The ``otpauth:`` address that an app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=recipient.email, issuer_name=f"{organization().name} signing"
    )


def picture_of(address: str) -> str:
    """The address as an SVG picture for a camera."""
    made = qrcode.make(address, image_factory=qrcode.image.svg.SvgPathImage, box_size=12)
    text: str = made.to_string(encoding="unicode")
    return text[text.index("<svg") :]


def check_totp(trial: Trial, code: str) -> Proof | Refusal:
    """Try the code that the app shows. Each works once; five wrong tries lock."""
    if refusal := refused_before(trial):
        return refusal
    email = trial.recipient.email
    known = SignerTotp.objects.select_for_update().filter(email=email).first()
    if known is None:
        return _finish_enrolment(trial, code)
    counter = _matching(decrypt_text(known.secret, purpose=PURPOSE), code)
    if counter is None or counter <= known.last_counter:
        return count_wrong(trial, IdentityMethod.TOTP, _WRONG, key="code")
    known.last_counter = counter
    known.save(update_fields=["last_counter"])
    return Proof(IdentityMethod.TOTP, {"enrolled": str(known.pk)}, {})


def _finish_enrolment(trial: Trial, code: str) -> Proof | Refusal:
    step = trial.step(IdentityMethod.TOTP)
    if not step.secret or step.session_hash != trial.session_hash:
        return wrong("Set up your app first: reload the page.")
    counter = _matching(decrypt_text(step.secret, purpose=PURPOSE), code)
    if counter is None:
        return count_wrong(trial, IdentityMethod.TOTP, _WRONG, key="code")
    made = SignerTotp.objects.create(
        email=trial.recipient.email, secret=step.secret, last_counter=counter
    )
    step.secret = ""
    step.save(update_fields=["secret"])
    return Proof(IdentityMethod.TOTP, {"enrolled": str(made.pk), "first_use": True}, {})


def _matching(secret: str, code: str) -> int | None:
    """The time step whose code this is. All are compared, whichever it is."""
    typed = "".join(each for each in code if each.isdigit())
    now = int(timezone.now().timestamp()) // STEP
    app = pyotp.TOTP(secret)
    found = None
    for drift in DRIFT:
        moment = datetime.fromtimestamp((now + drift) * STEP, tz=UTC)
        if constant_time_compare(app.at(moment), typed):
            found = now + drift
    return found
