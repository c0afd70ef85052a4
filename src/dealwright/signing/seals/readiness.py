"""Whether documents can be sealed, asked by ``bin/dealwright doctor`` and before sending."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dealwright.base.database.doctor import Finding, register_check
from dealwright.signing.seals.keys import RENEW_BEFORE
from dealwright.signing.seals.services import ensure_organisation_seal


def check_seal_key() -> Finding:
    """Sign and verify something with the key; it is made here if nothing asked for it before."""
    key = ensure_organisation_seal()
    probe = b"Dealwright asks its seal key."
    signature = key.private_key.sign(probe, ec.ECDSA(hashes.SHA256()))
    public = key.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, probe, ec.ECDSA(hashes.SHA256()))
    until = key.certificate.not_valid_after_utc
    message = f"The seal key of {key.organisation} signs; it is valid until {until:%F}."
    if until - datetime.now(UTC) < RENEW_BEFORE:
        return Finding(
            False, message, "Check that the data folder is writable: it is renewed by itself."
        )
    return Finding(True, message)


register_check("seal key", check_seal_key)
