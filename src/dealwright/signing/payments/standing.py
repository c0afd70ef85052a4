"""How the payments of an envelope's fields stand: what is asked, what is paid, what is locked.

A field is locked while a payment counts whose amount or condition asks for it: what was paid for
must not become something else afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.base.errors import Conflict
from dealwright.base.money import Money
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.applying import Applied, apply_rules, depends_on
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.fields.paid import currency_of
from dealwright.signing.payments.models import Payment

Ruled = Sequence[tuple[EnvelopeField, Applied]]


def asked_money(field: EnvelopeField, stands: Applied) -> Money | None:
    """What a payment field asks for now; None where it does not apply, where the amount is not
    known yet, or where there is nothing to pay (zero or less)."""
    if not stands.applies or stands.amount is None or stands.amount <= 0:
        return None
    return Money(stands.amount, currency_of(field.checks)).rounded()


def has_nothing_to_pay(stands: Applied) -> bool:
    """Whether the amount is known to be zero or less: then nobody waits for a payment."""
    return stands.amount is not None and stands.amount <= Decimal(0)


def paid_fields(envelope: Envelope) -> set[UUID]:
    """The ids of the fields that are paid."""
    rows = Payment.objects.filter(envelope=envelope, counts=True, field__isnull=False)
    return {each for each in rows.values_list("field_id", flat=True) if each is not None}


def locked_fields(envelope: Envelope, ruled: Sequence[EnvelopeField] | None = None) -> set[UUID]:
    """The ids of the fields that do not change any more because of a payment: the paid ones, and
    those that their rules ask for."""
    paid = paid_fields(envelope)
    if not paid:
        return set()
    fields = list(
        EnvelopeField.objects.filter(document__envelope=envelope) if ruled is None else ruled
    )
    locked = set(paid)
    for at, field in enumerate(fields):
        if field.pk in paid:
            locked.update(fields[place].pk for place in depends_on(fields, at))
    return locked


def check_unlocked(envelope: Envelope, field_ids: Sequence[Any]) -> None:
    """Raises Conflict where one of the fields is paid, or a payment was made by what it says."""
    locked = locked_fields(envelope) & set(field_ids)
    if locked:
        field = EnvelopeField.objects.get(pk=min(locked))
        raise Conflict(
            f"{field.title} cannot be changed any more: a payment was made by it.",
            code="paid_already",
        )


def check_not_paid_by(recipient: Any) -> None:
    """Raises Conflict where somebody's part cannot go to somebody else, since they have paid."""
    if Payment.objects.filter(field__recipient=recipient, counts=True).exists():
        raise Conflict(
            f"{recipient.name} has paid already, so nobody else can take this part. Void the "
            "envelope and send the money back, then send a new one.",
            code="paid_already",
        )


def is_refundable(payment: Payment, envelope: Envelope) -> bool:
    """Whether money that came may be sent back here."""
    if payment.paid_at is None or payment.refunded_at is not None:
        return False
    ended = bool(envelope.declined_at or envelope.voided_at or envelope.expired_at)
    return not payment.counts or ended


def asked_by_field(envelope: Envelope) -> Mapping[UUID, Money | None]:
    """What each payment field of an envelope asks for now."""
    fields = list(EnvelopeField.objects.filter(document__envelope=envelope))
    return {
        field.pk: asked_money(field, stands)
        for field, stands in zip(fields, apply_rules(fields), strict=True)
        if field.kind == FieldKind.PAYMENT
    }
