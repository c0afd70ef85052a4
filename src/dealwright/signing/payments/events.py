"""What payments tell the house. Amounts are of what the provider took, or is to take."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from dealwright.base.events.registry import Event, event


@dataclass(frozen=True)
class _AboutPayment(Event):
    """What every event of a payment tells."""

    envelope_id: UUID
    subject_object: str
    subject_id: UUID | None
    recipient_id: UUID
    payment_id: UUID
    amount: Decimal
    currency: str
    is_test: bool


@event("payment.begun")
@dataclass(frozen=True)
class PaymentBegun(_AboutPayment):
    """A signer went to the provider's page."""


@event("payment.paid")
@dataclass(frozen=True)
class PaymentPaid(_AboutPayment):
    """The provider has the money. ``problem`` is empty where it pays the field, else why it does
    not (``twice``, ``changed``, ``amount``, ``ended``, ``signed``): then it is to be sent back."""

    reference: str
    problem: str


@event("payment.failed")
@dataclass(frozen=True)
class PaymentFailed(_AboutPayment):
    """The provider could not get the money after the signer was done there."""


@event("payment.expired")
@dataclass(frozen=True)
class PaymentExpired(_AboutPayment):
    """The provider's page was closed without a payment."""


@event("payment.refunded")
@dataclass(frozen=True)
class PaymentRefunded(_AboutPayment):
    """The money was sent back."""

    reference: str
