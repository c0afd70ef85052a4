"""The provider for trying out: a page of our own on which no money moves.

It keeps its sessions as a real one would, on its own side, and is asked in the same way.
"""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.money import Money
from dealwright.base.payments.amounts import to_minor
from dealwright.base.payments.gateway import Order, Refund, Refused, Session
from dealwright.signing.payments.models import TestCheckout


class TestGateway:
    """Sessions in our own database; nothing of it is ever money."""

    __test__ = False  # no class of tests
    name = "test"

    def begin(self, order: Order) -> Session:
        to_minor(order.money)  # refuses what a real one would
        made, _ = TestCheckout.objects.get_or_create(
            reference=order.reference,
            defaults={
                "amount": order.money.amount,
                "currency": order.money.currency,
                "description": order.description,
                "return_url": order.return_url,
                "expires_at": order.expires_at,
            },
        )
        return _session(made)

    def read(self, session_id: str) -> Session:
        return _session(_find(session_id))

    def expire(self, session_id: str) -> Session:
        found = _find(session_id)
        if found.paid_at is not None:
            raise Refused("The session is paid already.")
        if found.ended_at is None:
            found.ended_at = timezone.now()
            found.save(update_fields=["ended_at"])
        return _session(found)

    def refund(self, payment: str, *, money: Money, reference: str) -> Refund:
        found = _find(payment.removeprefix("test_"))
        if found.paid_at is None:
            raise Refused("Nothing was paid.")
        if found.refunded_at is None:
            found.refunded_at = timezone.now()
            found.save(update_fields=["refunded_at"])
        return Refund(id=f"test_refund_{found.pk.hex}", status="succeeded")


def find_checkout(checkout_id: UUID) -> TestCheckout:
    """A session for its page; raises NotFound."""
    return _find(str(checkout_id))


def pay_checkout(checkout_id: UUID) -> TestCheckout:
    """Pretend to pay. Raises NotFound, or Conflict where the session is over."""
    found = _find(str(checkout_id))
    if found.paid_at is None:
        if _is_over(found):
            raise Conflict("This session is over. Go back and begin anew.", code="session_over")
        found.paid_at = timezone.now()
        found.save(update_fields=["paid_at"])
    return found


def _find(session_id: str) -> TestCheckout:
    found = TestCheckout.objects.filter(pk=as_uuid(session_id)).first()
    if found is None:
        raise NotFound("There is no such payment.")
    return found


def _is_over(found: TestCheckout) -> bool:
    return found.ended_at is not None or found.expires_at <= timezone.now()


def _session(found: TestCheckout) -> Session:
    paid = found.paid_at is not None
    is_open = not paid and not _is_over(found)
    origin = found.return_url.rpartition("/payments/")[0]
    return Session(
        id=str(found.pk),
        reference=found.reference,
        status="complete" if paid else "open" if is_open else "expired",
        is_paid=paid,
        money=Money(found.amount, found.currency).rounded(),
        payment=f"test_{found.pk.hex}" if paid else "",
        url=f"{origin}/payments/test/{found.pk}" if is_open else "",
        is_live=False,
    )
