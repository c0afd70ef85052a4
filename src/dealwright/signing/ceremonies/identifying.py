"""Showing who one is, beyond holding the link."""

from __future__ import annotations

from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.models import (
    IdentityMethod,
)
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.services import (
    check_code,
    confirm_session,
    send_code,
)


def request_code(ceremony: Ceremony) -> None:
    """Send a one-time code; raises Conflict where too many were asked for."""
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.CODE)
        send_code(ceremony.actor, envelope, recipient, session_key=ceremony.visit.session_key)


def confirm_code(ceremony: Ceremony, code: str) -> None:
    """Confirm the code that was sent; raises Invalid or Conflict with what to do next."""
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.CODE)
        found = check_code(
            ceremony.actor,
            envelope,
            recipient,
            code,
            session_key=ceremony.visit.session_key,
            details=ceremony.visit.details,
        )
        if not isinstance(found, Exception):
            confirm_session(ceremony.actor, recipient, session_key=ceremony.visit.session_key)
            record_evidence(
                envelope,
                "recipient.authenticated",
                actor=ceremony.actor,
                recipient=recipient,
                facts={"method": IdentityMethod.EMAIL_OTP.value, "transaction": str(found.pk)},
                details=ceremony.visit.details,
            )
    if isinstance(found, Exception):
        raise found
