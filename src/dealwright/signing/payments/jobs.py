"""What the worker does for payments: ask again about open ones, and close the pages of those who
cannot pay any more."""

from __future__ import annotations

import logging

from django.utils import timezone

from dealwright.base.access.actor import change
from dealwright.base.errors import DealwrightError
from dealwright.base.events import Delivery, subscribe
from dealwright.base.jobs.due import claim_due, due
from dealwright.base.jobs.queue import defer, job
from dealwright.signing.envelopes.events import (
    EnvelopeDeclined,
    EnvelopeExpired,
    EnvelopeVoided,
    RecipientSigned,
)
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.noting import note_asked
from dealwright.signing.payments.services import PAYMENTS, check_payment, end_payments

log = logging.getLogger("dealwright.signing")


@job(name="signing.check_payment")
def check_one(payment_id: str) -> None:
    """Ask the provider about a payment of which it sent word."""
    check_payment(payment_id)


@job(name="signing.close_payment_pages")
def close_pages(envelope_id: str) -> None:
    """Close the provider's pages for whoever cannot pay any more."""
    end_payments(envelope_id)


@due(every=30, name="signing.check_payments")
def check_due() -> int:
    """Ask about open payments: a return or a message may have been lost."""
    with change(PAYMENTS):
        waiting = claim_due(
            Payment.objects.filter(check_at__lte=timezone.now()).order_by("check_at"), limit=10
        )
        for payment in waiting:
            note_asked(payment)
    for payment in waiting:
        try:
            check_payment(payment.pk)
        except DealwrightError as error:
            log.warning("payment %s could not be asked about: %s", payment.pk, error)
    return len(waiting)


@subscribe(
    EnvelopeDeclined, EnvelopeVoided, EnvelopeExpired, RecipientSigned, name="signing.end_payments"
)
def end_open(
    delivery: Delivery,
    event: EnvelopeDeclined | EnvelopeVoided | EnvelopeExpired | RecipientSigned,
) -> None:
    """Nobody is to pay for an envelope that has ended, or after signing."""
    if Payment.objects.filter(envelope_id=event.envelope_id, state="created").exists():
        defer(close_pages, envelope_id=str(event.envelope_id))
