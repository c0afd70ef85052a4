"""What the product asks of a payment provider, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from dealwright.base.errors import Conflict
from dealwright.base.money import Money

SessionStatus = Literal["open", "complete", "expired"]
RefundStatus = Literal["pending", "succeeded", "failed"]


class Refused(Conflict):
    """The provider said no, in its own words; asking again changes nothing."""

    default_code = "payment_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be paid. ``reference`` is our name of it: with the same reference a provider
    begins one session only, however often it is asked, as long as nothing else differs."""

    reference: str
    money: Money
    description: str
    return_url: str
    language: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A visit to the provider's page, as the provider tells of it.

    ``is_paid`` says that the money is there; a complete session that is not paid waits for it,
    or ``has_failed``. ``payment`` is the provider's id of the payment, ``url`` its page while the
    session is open, ``is_live`` whether real money moves.
    """

    id: str
    reference: str
    status: SessionStatus
    is_paid: bool
    money: Money
    payment: str = ""
    url: str = ""
    is_live: bool = True
    has_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money on its way back."""

    id: str
    status: RefundStatus


class Gateway(Protocol):
    """One provider. Each call raises Unavailable where the provider does not answer, Refused
    where it says no."""

    @property
    def name(self) -> str: ...

    def begin(self, order: Order) -> Session: ...

    def read(self, session_id: str) -> Session: ...

    def expire(self, session_id: str) -> Session: ...

    def refund(self, payment: str, *, money: Money, reference: str) -> Refund: ...
