"""Whether documents can be sealed, asked by ``bin/dealwright doctor``."""

from __future__ import annotations

from datetime import UTC, datetime

from dealwright.base.database.doctor import Finding, register_check
from dealwright.base.errors import DealwrightError
from dealwright.signing.seals.administration import check_signs
from dealwright.signing.seals.keys import RENEW_BEFORE, SealKey
from dealwright.signing.seals.services import plan_seal, seal_settings


def check_seal_key() -> Finding:
    """Sign and verify something with the key that seals; the own one is made here if need be."""
    try:
        plan = plan_seal()
        check_signs(plan.key)
    except DealwrightError as error:
        return Finding(False, error.message, "Open Settings, Seal.")
    key = plan.key
    until = key.certificate.not_valid_after_utc
    message = (
        f"The seal key of {key.organisation} signs; it is valid until {until:%F}. Documents are "
        f"sealed at level {plan.profile}."
    )
    if until - datetime.now(UTC) < RENEW_BEFORE:
        own = isinstance(key, SealKey) and seal_settings().key is None
        mend = (
            "Check that the data folder is writable: it is renewed by itself."
            if own
            else "Import its successor under Settings, Seal."
        )
        return Finding(False, message, mend)
    return Finding(True, message)


register_check("seal key", check_seal_key)
