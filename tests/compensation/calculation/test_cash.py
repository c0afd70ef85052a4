"""Plans that pay on what the customer pays."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, book, make_payee, make_plan, owed
from dealwright.compensation.bookings.services import record_payment

pytestmark = pytest.mark.django_db

CASH = """
currency: EUR
calendar: month
measures:
  cash: {of: payment, amount: amount}
components:
  - flat: {id: commission, measure: cash, rate: 5%}
"""


def test_a_plan_on_cash_alone_pays_at_once_when_the_payment_comes() -> None:
    plan = make_plan(CASH)
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(1000, (ann, "0.75"), (bob, "0.25"), key="big")
    assert (owed(ann, "2027-01"), owed(bob, "2027-01")) == ("0.00", "0.00")
    record_payment(TEST, booking="big", key="p1", on=date(2027, 2, 5), amount=Decimal(400))
    assert (owed(ann, "2027-02"), owed(bob, "2027-02")) == ("15.00", "5.00")
