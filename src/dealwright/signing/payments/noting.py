"""Writing down what became of a payment: row, field, evidence, event and notice, in the caller's
transaction and with the envelope's row locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from dealwright.base.access.actor import Actor
from dealwright.base.events.outbox import record_event
from dealwright.base.payments.gateway import Session
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.paid import Paid, shown_money
from dealwright.signing.payments.events import (
    PaymentBegun,
    PaymentExpired,
    PaymentFailed,
    PaymentPaid,
    PaymentRefunded,
)
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.standing import asked_by_field, paid_fields

# Until the provider is asked again.
WAITS = [timedelta(minutes=each) for each in (2, 3, 5, 10, 20, 30, 60, 120, 360)]
MOST_CHECKS = 400  # with the longest wait: a hundred days
# Why money that came does not pay the field.
PROBLEMS = {
    "twice": gettext_noop("The field was paid already."),
    "changed": gettext_noop("The amount had changed meanwhile."),
    "amount": gettext_noop("The provider took another amount than was asked for."),
    "ended": gettext_noop("The envelope had ended."),
    "signed": gettext_noop("The signature was given already."),
}


def note_begun(actor: Actor, envelope: Envelope, payment: Payment, session: Session) -> None:
    """The provider's page is open."""
    payment.session, payment.address = session.id, session.url
    payment.is_test = not session.is_live
    payment.save(update_fields=["session", "address", "is_test"])
    _record(actor, envelope, payment, "payment.begun")
    record_event(actor, PaymentBegun(**_common(payment)), object="envelope", record_id=envelope.pk)


def note_paid(actor: Actor, envelope: Envelope, payment: Payment, session: Session) -> None:
    """The money is there; it pays the field unless something speaks against it."""
    now = timezone.now()
    payment.received, payment.received_currency = session.money.amount, session.money.currency
    payment.paid_at, payment.reference = now, session.payment or session.id
    payment.is_test = not session.is_live
    payment.problem = _problem(envelope, payment)
    payment.counts = not payment.problem
    payment.address, payment.check_at = "", None
    payment.save()
    field = payment.field
    if payment.counts and field is not None:
        paid = Paid(payment.taken, now.date(), payment.reference, payment.is_test)
        field.value, field.filled_at = paid.value, now
        field.save(update_fields=["value", "filled_at"])
    _record(
        actor,
        envelope,
        payment,
        "payment.paid",
        {"reference": payment.reference, "problem": payment.problem},
    )
    told = {**_common(payment), "amount": payment.taken.amount, "currency": payment.taken.currency}
    record_event(
        actor,
        PaymentPaid(**told, reference=payment.reference, problem=payment.problem),
        object="envelope",
        record_id=envelope.pk,
    )
    money = shown_money(payment.taken)
    if payment.counts:
        mail.tell_owner(envelope, f"{payment.recipient.name} paid {money}", envelope.title)
    else:
        mail.tell_owner(
            envelope,
            f"{payment.recipient.name} paid {money}, which is to be sent back",
            f"{PROBLEMS[payment.problem]} Send the money back at the envelope “{envelope.title}”.",
        )


def note_expired(actor: Actor, envelope: Envelope, payment: Payment) -> None:
    """The provider's page closed without a payment."""
    payment.expired_at, payment.address, payment.check_at = timezone.now(), "", None
    payment.save(update_fields=["expired_at", "address", "check_at"])
    if payment.session:  # one that never came to be is no event
        _record(actor, envelope, payment, "payment.expired")
        told = PaymentExpired(**_common(payment))
        record_event(actor, told, object="envelope", record_id=envelope.pk)


def note_failed(actor: Actor, envelope: Envelope, payment: Payment) -> None:
    """The provider refused, or could not get the money."""
    payment.failed_at, payment.address, payment.check_at = timezone.now(), "", None
    payment.save(update_fields=["failed_at", "address", "check_at"])
    _record(actor, envelope, payment, "payment.failed")
    record_event(actor, PaymentFailed(**_common(payment)), object="envelope", record_id=envelope.pk)


def note_refunded(actor: Actor, envelope: Envelope, payment: Payment, number: str) -> None:
    """The money is on its way back; the field's own words stay as evidence of what was."""
    payment.refunded_at, payment.refund = timezone.now(), number
    payment.refunded_by, payment.counts = actor.user, False
    payment.save(update_fields=["refunded_at", "refund", "refunded_by", "counts"])
    _record(
        actor,
        envelope,
        payment,
        "payment.refunded",
        {"reference": payment.reference, "refund": number},
    )
    told = {**_common(payment), "amount": payment.taken.amount, "currency": payment.taken.currency}
    record_event(
        actor,
        PaymentRefunded(**told, reference=payment.reference),
        object="envelope",
        record_id=envelope.pk,
    )


def note_asked(payment: Payment) -> None:
    """Set when the provider is asked again, later each time."""
    wait = WAITS[min(payment.checks, len(WAITS) - 1)]
    payment.checks += 1
    payment.check_at = timezone.now() + wait if payment.checks < MOST_CHECKS else None
    payment.save(update_fields=["checks", "check_at"])


def _problem(envelope: Envelope, payment: Payment) -> str:
    """Why the money does not pay the field: a key of ``PROBLEMS``, or nothing."""
    field = payment.field
    if payment.taken != payment.money:
        return "amount"
    if not envelope.is_open:
        return "ended"
    if field is None or field.recipient_id != payment.recipient_id:
        return "changed"
    if field.pk in paid_fields(envelope):
        return "twice"
    if field.is_settled:
        return "signed"
    return "" if asked_by_field(envelope).get(field.pk) == payment.money else "changed"


def _record(
    actor: Actor,
    envelope: Envelope,
    payment: Payment,
    kind: str,
    facts: dict[str, Any] | None = None,
) -> None:
    """An entry of the evidence: ids and figures, nothing of a card, which is not known here."""
    money = payment.taken
    record_evidence(
        envelope,
        kind,
        actor=actor,
        recipient=payment.recipient,
        facts={
            "payment": str(payment.pk),
            "field": str(payment.field_id) if payment.field_id else "",
            "amount": f"{money.amount:f}",
            "currency": money.currency,
            "provider": payment.provider,
            "session": payment.session,
            "test": payment.is_test,
            **(facts or {}),
        },
    )


def _common(payment: Payment) -> dict[str, Any]:
    envelope = payment.envelope
    return {
        "envelope_id": envelope.pk,
        "subject_object": envelope.subject_object,
        "subject_id": envelope.subject_id,
        "recipient_id": payment.recipient_id,
        "payment_id": payment.pk,
        "amount": payment.money.amount,
        "currency": payment.currency,
        "is_test": payment.is_test,
    }
