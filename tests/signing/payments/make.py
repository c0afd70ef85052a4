"""Envelopes whose signers pay."""

from __future__ import annotations

from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.signing.ceremonies.steps import Ceremony
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.services import begin_payment, check_payment
from make import acting, make_user
from signing.make import a_visit, enter, make_sent_envelope, recipient_of
from signing.routing.act import field, person, ready

from .provider import Provider

FIXED = {"amount": "1250.00", "currency": "EUR", "description": "Deposit for the order"}


def make_paying(actor: Actor | None = None, **more: Any) -> Envelope:
    """Ada pays EUR 1,250.00 and signs; ``more`` as for an envelope."""
    values: dict[str, Any] = {
        "recipients": [person("Ada")],
        "fields": [
            field(1, "payment", label="Deposit", y=0.3, checks=FIXED),
            field(1, y=0.5),
        ],
    }
    return make_sent_envelope(actor or acting(make_user()), **{**values, **more})


def make_computed(**more: Any) -> Envelope:
    """Ada says how many seats, pays EUR 90 for each, and signs."""
    return make_paying(
        fields=[
            field(1, "number", label="Seats", y=0.2, checks={"places": 0, "minimum": "0"}),
            field(1, "payment", label="Price", y=0.3, formula="seats * 90",
                  checks={"currency": "EUR"}),
            field(1, y=0.5),
        ],
        **more,
    )  # fmt: skip


def the_field(envelope: Envelope, kind: str = "payment") -> EnvelopeField:
    return EnvelopeField.objects.get(document__envelope=envelope, kind=kind)


def ada_of(envelope: Envelope) -> Ceremony:
    ceremony = ready(recipient_of(envelope, "Ada"))
    visit = a_visit(session_key=ceremony.visit.session_key, origin="https://sign.example.com")
    return enter(ceremony.recipient, visit)


def begin(envelope: Envelope, ceremony: Ceremony | None = None) -> Payment:
    return begin_payment(ceremony or ada_of(envelope), the_field(envelope).pk)


def paid(envelope: Envelope, provider: Provider) -> Payment:
    """Ada went the whole way."""
    payment = begin(envelope)
    provider.pay()
    return check_payment(payment.pk)
