"""Passkeys (W3C WebAuthn Level 3) with user verification, bound to what is signed.

The device checks a finger, a face or a PIN and answers with a signature; of the finger or face
nothing leaves it. The question it signs is SHA-256 over the envelope, the hashes of its
documents and the sentence that says what is meant, so an answer is for these documents and no
others. A passkey is made at first use, after a code by e-mail, and kept for the address.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import orjson
import webauthn
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dealwright.base.evidence.canonical import canonical_json
from dealwright.base.people.organization import organization
from dealwright.signing.envelopes.models import IdentityMethod
from dealwright.signing.identity.models import PasskeyChallenge, SignerPasskey
from dealwright.signing.identity.trials import (
    Proof,
    Refusal,
    Trial,
    count_wrong,
    refused_before,
    wrong,
)

LIFE = timedelta(minutes=10)
MOST_PASSKEYS = 10
LONGEST_ANSWER = 20_000
_ANSWER = ("clientDataJSON", "authenticatorData", "signature", "attestationObject")
_REFUSED = gettext_noop(
    "The passkey's answer does not fit these documents or this address. Try again."
)
_EXPIRED = "Too much time has passed. Try again."


def has_passkey(email: str) -> bool:
    """Whether a passkey was made for the address."""
    return bool(email) and SignerPasskey.objects.filter(email=email).exists()


def creation_options(trial: Trial, intent: str) -> dict[str, Any]:
    """What the browser needs to make a passkey, as JSON for ``navigator.credentials.create``."""
    email = trial.recipient.email
    options = webauthn.generate_registration_options(
        rp_id=_site(trial),
        rp_name=organization().name,
        user_name=email,
        user_id=bytes.fromhex(
            salted_hmac("dealwright.signing.passkey", email, algorithm="sha256").hexdigest()
        ),
        user_display_name=trial.recipient.name,
        challenge=_digest(_question(trial, _ask(trial), intent)),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_known(email),
    )
    return {"publicKey": orjson.loads(webauthn.options_to_json(options))}


def request_options(trial: Trial, intent: str) -> dict[str, Any]:
    """What the browser needs to ask a passkey, as JSON for ``navigator.credentials.get``."""
    options = webauthn.generate_authentication_options(
        rp_id=_site(trial),
        challenge=_digest(_question(trial, _ask(trial), intent)),
        allow_credentials=_known(trial.recipient.email),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return {"publicKey": orjson.loads(webauthn.options_to_json(options))}


def register_passkey(trial: Trial, answer: str, intent: str) -> Proof | Refusal:
    """Take a new passkey. Call it only after the address was proven in this browser."""
    if refusal := refused_before(trial):
        return refusal
    asked = _answered(trial)
    if asked is None:
        return wrong(_EXPIRED, key="credential")
    email = trial.recipient.email
    question = _question(trial, asked, intent)
    try:
        made = webauthn.verify_registration_response(
            credential=_json(answer),
            expected_challenge=_digest(question),
            expected_rp_id=_site(trial),
            expected_origin=trial.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return count_wrong(trial, IdentityMethod.WEBAUTHN, _REFUSED, key="credential")
    taken = SignerPasskey.objects.filter(credential_id=made.credential_id).exists()
    if taken or SignerPasskey.objects.filter(email=email).count() >= MOST_PASSKEYS:
        return wrong("This passkey cannot be added.", key="credential")
    row = SignerPasskey.objects.create(
        email=email,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        last_used_at=timezone.now(),
    )
    return _proof(row, question, _json(answer), first_use=True)


def check_passkey(trial: Trial, answer: str, intent: str) -> Proof | Refusal:
    """Check that a passkey of the recipient's address answered the question for ``intent``."""
    if refusal := refused_before(trial):
        return refusal
    asked = _answered(trial)
    if asked is None:
        return wrong(_EXPIRED, key="credential")
    question = _question(trial, asked, intent)
    try:
        given = _json(answer)
        row = SignerPasskey.objects.select_for_update().get(
            email=trial.recipient.email,
            credential_id=webauthn.base64url_to_bytes(str(given["id"])),
        )
        shown = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=_digest(question),
            expected_rp_id=_site(trial),
            expected_origin=trial.origin,
            credential_public_key=bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (SignerPasskey.DoesNotExist, WebAuthnException, ValueError, KeyError, TypeError):
        return count_wrong(trial, IdentityMethod.WEBAUTHN, _REFUSED, key="credential")
    row.sign_count, row.last_used_at = shown.new_sign_count, timezone.now()
    row.save(update_fields=["sign_count", "last_used_at"])
    return _proof(row, question, given)


def _proof(row: SignerPasskey, question: str, answer: Any, *, first_use: bool = False) -> Proof:
    """What the evidence keeps: enough to check the answer again without us."""
    credential = bytes(row.credential_id)
    return Proof(
        IdentityMethod.WEBAUTHN,
        {
            "user_verified": True,
            "challenge_sha256": _digest(question).hex(),
            "credential_sha256": hashlib.sha256(credential).hexdigest(),
            **({"first_use": True} if first_use else {}),
        },
        {
            "passkey": {
                "challenge_text": question,
                "credential_id": _base64url(credential),
                "public_key": _base64url(bytes(row.public_key)),
                "answer": {
                    key: str(answer["response"][key])
                    for key in _ANSWER
                    if key in answer["response"]
                },
            }
        },
    )


def _question(trial: Trial, asked: PasskeyChallenge, intent: str) -> str:
    """What is signed, as canonical JSON (RFC 8785): its SHA-256 is the challenge."""
    documents = trial.envelope.documents.order_by("position")
    return str(
        canonical_json(
            {
                "envelope": str(trial.envelope.pk),
                "recipient": str(trial.recipient.pk),
                "documents": [each.prepared_sha256 for each in documents],
                "intent": intent,
                "purpose": trial.purpose.value,
                "nonce": asked.nonce,
            }
        )
    )


def _ask(trial: Trial) -> PasskeyChallenge:
    """The open question of this browser; a new one where it was answered or is too old."""
    now = timezone.now()
    asked, made = PasskeyChallenge.objects.get_or_create(
        recipient=trial.recipient,
        session_hash=trial.session_hash,
        purpose=trial.purpose,
        defaults={"nonce": secrets.token_hex(16)},
    )
    if not made and (asked.used_at is not None or asked.created_at <= now - LIFE / 2):
        asked.nonce, asked.created_at, asked.used_at = secrets.token_hex(16), now, None
        asked.save()
    return asked


def _answered(trial: Trial) -> PasskeyChallenge | None:
    """The question that an answer is for; it is answered once, rightly or not."""
    asked = PasskeyChallenge.objects.filter(
        recipient=trial.recipient,
        session_hash=trial.session_hash,
        purpose=trial.purpose,
        used_at=None,
        created_at__gt=timezone.now() - LIFE,
    ).first()
    if asked is not None:
        asked.used_at = timezone.now()
        asked.save(update_fields=["used_at"])
    return asked


def _known(email: str) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=bytes(each.credential_id))
        for each in SignerPasskey.objects.filter(email=email)
    ]


def _json(answer: str) -> Any:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("too long")
    given = orjson.loads(answer)
    if not isinstance(given, dict):
        raise ValueError("no object")
    return given


def _site(trial: Trial) -> str:
    return urlsplit(trial.origin).hostname or "localhost"


def _digest(question: str) -> bytes:
    return hashlib.sha256(question.encode()).digest()


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
