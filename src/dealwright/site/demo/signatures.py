"""Signers of the demo company: each goes the whole way that the page goes."""

from __future__ import annotations

import re
import secrets

from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.ceremonies import adopting, filling, identifying
from dealwright.signing.ceremonies import services as ceremonies
from dealwright.signing.ceremonies.steps import Ceremony, Visit, open_ceremony
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes.models import Recipient
from dealwright.signing.fields.models import FieldKind
from dealwright.site.demo.settling import settle


def sign_as(recipient: Recipient) -> None:
    """Open the link of the mail, consent, confirm the mailed code, type the name, sign."""
    token, visit = _token_of(recipient), _visit()

    def enter() -> Ceremony:
        return open_ceremony(token, visit)

    ceremonies.view_envelope(enter())
    ceremonies.give_consent(enter(), current_consent().pk)
    identifying.request_code(enter())
    identifying.confirm_code(enter(), _mailed(recipient, r"\b(\d{6})\b", purpose="signing.code"))
    adopting.adopt_signature(enter(), text=recipient.name)
    for field in recipient.fields.filter(kind=FieldKind.SIGNATURE):
        filling.fill_field(enter(), field.pk, "on")
    ceremonies.sign(enter())
    settle()


def decline_as(recipient: Recipient, reason: str) -> None:
    """Open the link of the mail and say no."""
    ceremonies.decline(open_ceremony(_token_of(recipient), _visit()), reason=reason)
    settle()


def _visit() -> Visit:
    return Visit(session_key=secrets.token_urlsafe(16), ip="203.0.113.7", user_agent="Demo")


def _token_of(recipient: Recipient) -> str:
    return _mailed(recipient, r"/sign/([A-Za-z0-9_-]{20,})")


def _mailed(recipient: Recipient, pattern: str, **fields: str) -> str:
    """The newest of what the pattern finds in the recipient's mail."""
    mails = OutboundMessage.objects.filter(to=recipient.email, **fields).order_by("-id")
    for mail in mails:
        if found := re.findall(pattern, mail.text):
            return str(found[-1])
    raise LookupError(f"Nothing like it was mailed to {recipient.email}.")
