"""Whether signers can pay, asked by ``bin/dealwright doctor``."""

from __future__ import annotations

from dealwright.base.database.doctor import Finding, register_check
from dealwright.base.errors import DealwrightError
from dealwright.signing.payments.accounts import gateway_of, payment_settings, webhook_secret
from dealwright.signing.payments.models import Provider

_MEND = "Open Settings, Payments."


def check_payment_provider() -> Finding:
    """Look at what is set, and open its secrets; the provider itself is not asked."""
    provider = payment_settings().provider
    if not provider:
        return Finding(True, "No payment provider is set: nobody can be asked to pay.")
    if provider == Provider.TEST:
        return Finding(True, "Payments are tried out: no money moves.")
    try:
        gateway_of(provider)
        has_secret = bool(webhook_secret())
    except DealwrightError as error:
        return Finding(False, error.message, _MEND)
    if not has_secret:
        return Finding(
            True,
            "Signers can pay. Messages of the provider are not taken, since their secret is not "
            "set; it is asked every few minutes instead.",
        )
    return Finding(True, "Signers can pay.")


register_check("payments", check_payment_provider)
