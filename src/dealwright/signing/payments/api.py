"""Payments over the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.signing.payments.queries import as_row, payments_of
from dealwright.signing.payments.services import refund_payment

router = Router(tags=["Envelopes"])


class PaymentOut(Schema):
    """One visit of a signer to the provider's page.

    `state` is created, paid, expired, failed or refunded. `counts` says that it pays its field;
    money that came and does not has a `problem`: twice, changed, amount, ended or signed.
    `session` and `reference` are the provider's ids.
    """

    id: UUID
    recipient: UUID
    field: UUID | None
    title: str
    description: str
    amount: str
    currency: str
    state: str
    counts: bool
    problem: str
    provider: str
    is_test: bool
    session: str
    reference: str
    created_at: datetime
    submitted_at: datetime | None
    paid_at: datetime | None
    failed_at: datetime | None
    expired_at: datetime | None
    refunded_at: datetime | None


@router.get(
    "/envelopes/{uuid:id}/payments",
    response=list[PaymentOut],
    operation_id="list_envelope_payments",
    summary="The payments of an envelope's signers, oldest first",
)
def payments(request: HttpRequest, id: UUID) -> HttpResponse:
    envelope = get_visible(require_scope(request, "signing:read"), "envelope", id)
    return as_json([as_row(each) for each in payments_of(envelope.pk)])


@router.post(
    "/envelopes/{uuid:id}/payments/{uuid:payment_id}/refund",
    response=PaymentOut,
    operation_id="refund_envelope_payment",
    summary="Send back the money of an envelope that ended, or that came where none was due",
)
def refund(request: HttpRequest, id: UUID, payment_id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    made = refund_payment(actor, id, payment_id)
    made.refresh_from_db()
    return as_json(as_row(made))
