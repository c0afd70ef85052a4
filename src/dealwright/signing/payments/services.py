"""What is done about payments: begun by signers, asked about at the provider, sent back.

A return address and a message of the provider are hints that something may have happened: what
did, only the provider's answer says, and it is asked each time. No transaction is open while a
provider is asked. What is sent to it has a lasting reference, so that a crash at any point leads
to the same session, never to a second one.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import as_uuid, get_changeable
from dealwright.base.errors import Conflict, NotFound, Unavailable
from dealwright.base.payments.amounts import to_minor
from dealwright.base.payments.gateway import Order, Refused, Session
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.payments import noting
from dealwright.signing.payments.accounts import NO_PROVIDER, gateway_of, payment_settings
from dealwright.signing.payments.models import Payment
from dealwright.signing.payments.standing import asked_by_field, is_refundable, paid_fields

log = logging.getLogger("dealwright.signing")

LASTS = timedelta(hours=3)  # of a session; providers take 30 minutes to 24 hours
LEFT_AT_LEAST = timedelta(minutes=45)  # of one that is used again
PAYMENTS = system("Payments")


def begin_payment(ceremony: Ceremony, field_id: Any) -> Payment:
    """A payment whose ``address`` is where the signer pays, or that turned out to be paid.

    One that is open already serves again as long as it asks for the same; others of the field are
    ended first. Raises NotFound, Conflict where nothing is to be paid (yet) or a payment is under
    way, Unavailable where the provider does not answer, Refused where it says no.
    """
    field = _own_field(ceremony, field_id)
    for before in _open_payments(field):
        settled = check_payment(before.pk)
        if settled.counts:
            return settled
        if settled.is_open and settled.submitted_at is not None:
            raise Conflict(
                "The payment is under way: the money has not come yet. Come back later.",
                code="payment_under_way",
            )
    payment = _open_or_new(ceremony, field)
    for other in _open_payments(field):
        if other.pk != payment.pk and _end(other).counts:
            return Payment.objects.get(field=field, counts=True)
    if not payment.address:
        payment = _begin_at_provider(ceremony.actor, payment)
    return payment


def check_payment(payment_id: Any) -> Payment:
    """Ask the provider how a payment stands, and note it. Safe to repeat.

    Raises NotFound, and Unavailable where the provider does not answer, or about something else.
    """
    payment = Payment.objects.filter(pk=as_uuid(payment_id)).first()
    if payment is None:
        raise NotFound("There is no such payment.")
    if not payment.is_open:
        return payment
    if not payment.session:
        return _recover(payment)
    return _take(payment, gateway_of(payment.provider).read(payment.session))


def end_payments(envelope_id: Any) -> None:
    """Close the provider's pages for whoever cannot pay any more: the envelope has ended, or they
    have signed. What was paid just before is noted."""
    for payment in Payment.objects.filter(envelope_id=as_uuid(envelope_id), state="created"):
        is_asked = payment.field is not None and not payment.field.is_settled
        if not (payment.envelope.is_open and is_asked):
            _end(payment)


def refund_payment(actor: Actor, envelope_id: Any, payment_id: Any) -> Payment:
    """Send the money back: of an envelope that ended without being completed, or that came where
    nothing was to be paid. Safe to repeat.

    Raises NotFound, Conflict where it stays, Refused or Unavailable from the provider.
    """
    envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
    payment = Payment.objects.filter(envelope=envelope, pk=as_uuid(payment_id)).first()
    if payment is None:
        raise NotFound("This envelope has no such payment.")
    if payment.refunded_at is not None:
        return payment
    if payment.paid_at is None:
        raise Conflict("Nothing was paid, so nothing can be sent back.", code="not_paid")
    if not is_refundable(payment, envelope):
        raise Conflict(
            "This payment belongs to an envelope that counts. Void the envelope first; of a "
            "completed one, send the money back at the provider.",
            code="payment_counts",
        )
    try:
        made = gateway_of(payment.provider).refund(
            payment.reference, money=payment.taken, reference=str(payment.pk)
        )
    except Refused as refusal:
        if refusal.code != "already_refunded":
            raise
        number = ""
    else:
        if made.status == "failed":
            raise Refused("The provider could not send the money back. Look there for why.")
        number = made.id
    with change(actor):
        envelope, payment = _locked(payment)
        if payment.refunded_at is None:
            noting.note_refunded(actor, envelope, payment, number)
    return payment


def _own_field(ceremony: Ceremony, field_id: Any) -> EnvelopeField:
    field: EnvelopeField | None = ceremony.recipient.fields.filter(
        pk=as_uuid(field_id), kind=FieldKind.PAYMENT
    ).first()
    if field is None:
        raise NotFound("This envelope has no such field.")
    return field


def _open_payments(field: EnvelopeField) -> list[Payment]:
    return list(Payment.objects.filter(field=field, state="created"))


def _open_or_new(ceremony: Ceremony, field: EnvelopeField) -> Payment:
    """The open payment that asks for what the field asks now, or a new one, its amount fixed."""
    provider = payment_settings().provider
    if not provider:
        raise Conflict(NO_PROVIDER, code="no_payment_provider")
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        if field.pk in paid_fields(envelope):
            raise Conflict("This is paid already.", code="paid_already")
        money = asked_by_field(envelope).get(field.pk)
        if money is None:
            raise Conflict(
                "There is nothing to pay yet: fill in the other fields first.", code="not_payable"
            )
        to_minor(money)
        now = timezone.now()
        for found in _open_payments(field):
            if (
                found.provider == provider
                and found.money == money
                and found.recipient_id == recipient.pk
                and found.ends_at - now >= LEFT_AT_LEAST
            ):
                return found
        return Payment.objects.create(
            envelope=envelope,
            recipient=recipient,
            field=field,
            title=field.title[:200],
            description=str(field.checks.get("description") or envelope.title)[:200],
            amount=money.amount,
            currency=money.currency,
            provider=provider,
            is_test=provider == "test",
            origin=ceremony.visit.origin[:300],
            language=(get_language() or envelope.language)[:12],
            ends_at=(now + LASTS).replace(microsecond=0),
            check_at=now + noting.WAITS[0],
        )


def _begin_at_provider(actor: Actor, payment: Payment) -> Payment:
    """Open the session and keep its address; what the provider refuses has failed."""
    try:
        session = gateway_of(payment.provider).begin(_order(payment))
        _check_session(payment, session, is_new=True)
    except Refused as refusal:
        if refusal.code != "payment_key":  # then it may have been begun with another
            with change(actor):
                envelope, payment = _locked(payment)
                if payment.is_open:
                    noting.note_failed(actor, envelope, payment)
        raise
    with change(actor):
        envelope, payment = _locked(payment)
        if payment.is_open and not payment.session:
            noting.note_begun(actor, envelope, payment, session)
    return payment


def _recover(payment: Payment) -> Payment:
    """A payment whose session is not known here, since something broke while it was begun: the
    same order is the same session, or one that can be paid as well."""
    try:
        session = gateway_of(payment.provider).begin(_order(payment))
    except Refused as refusal:
        if refusal.code == "payment_key":
            raise
        # It was never begun, and now cannot be.
        with change(PAYMENTS):
            envelope, payment = _locked(payment)
            if payment.is_open and not payment.session:
                noting.note_expired(PAYMENTS, envelope, payment)
        return payment
    _check_session(payment, session, is_new=True)
    with change(PAYMENTS):
        envelope, payment = _locked(payment)
        if payment.is_open and not payment.session:
            noting.note_begun(PAYMENTS, envelope, payment, session)
    return _take(payment, gateway_of(payment.provider).read(session.id))


def _end(payment: Payment) -> Payment:
    """End an open session; one that was paid meanwhile is noted as such."""
    try:
        payment = check_payment(payment.pk)
        if not payment.is_open or payment.submitted_at is not None:
            return payment
        return _take(payment, gateway_of(payment.provider).expire(payment.session))
    except Refused:
        return check_payment(payment.pk)


def _take(payment: Payment, session: Session) -> Payment:
    """Note what the provider says of a payment, in one transaction."""
    _check_session(payment, session, is_new=False)
    with change(PAYMENTS):
        envelope, payment = _locked(payment)
        if not payment.is_open:
            return payment
        if session.is_paid:
            noting.note_paid(PAYMENTS, envelope, payment, session)
        elif session.status == "expired":
            noting.note_expired(PAYMENTS, envelope, payment)
        elif session.has_failed:
            noting.note_failed(PAYMENTS, envelope, payment)
        elif session.status == "complete" and payment.submitted_at is None:
            payment.submitted_at = timezone.now()
            payment.save(update_fields=["submitted_at"])
    return payment


def _check_session(payment: Payment, session: Session, *, is_new: bool) -> None:
    """Raises Unavailable where an answer is about another payment than was asked about."""
    if session.reference != str(payment.pk) or (not is_new and session.id != payment.session):
        log.error("the provider answered about another payment than %s", payment.pk)
        raise Unavailable(
            "The payment provider's answer is about something else. Try again later.",
            code="payment_answer",
        )


def _locked(payment: Payment) -> tuple[Envelope, Payment]:
    """Both rows locked and read anew; the envelope first, as every act of signing does."""
    envelope = (
        Envelope.objects.select_for_update(of=("self",))
        .select_related("owner")
        .get(pk=payment.envelope_id)
    )
    found = (
        Payment.objects.select_for_update(of=("self",))
        .select_related("field__recipient", "recipient")
        .get(pk=payment.pk)
    )
    found.envelope = envelope
    return envelope, found


def _order(payment: Payment) -> Order:
    return Order(
        reference=str(payment.pk),
        money=payment.money,
        description=payment.description,
        return_url=payment.return_url,
        language=payment.language,
        expires_at=payment.ends_at,
    )
