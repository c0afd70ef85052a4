"""Plans, payees and bookings for tests, made through the real services."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import system
from dealwright.base.people.models import User
from dealwright.compensation.bookings.services import record_booking
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.credits.services import Share
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import approve_period, close_period, submit_period
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.services import activate_version, assign_payee, create_plan
from dealwright.compensation.quotas.services import set_quota
from make import make_user

TEST = system("test")
_numbers = count(1)

TIERS = """
currency: EUR
calendar: month
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
clawback: {trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""


def make_plan(text: str = TIERS, *, starts_on: date = date(2027, 1, 1)) -> CompensationPlan:
    """An active plan; the text may leave its name out."""
    text = textwrap.dedent(text).strip()
    if not text.startswith("plan:"):
        text = f"plan: plan-{next(_numbers)}\n{text}"
    version = create_plan(TEST, text)
    activate_version(TEST, version.pk, starts_on)
    return version.plan


def make_payee(
    plan: CompensationPlan, name: str = "", *, quota: int | None = 1000, **fields: Any
) -> User:
    """A rep on a plan from 2027 on, with a monthly quota “bookings”."""
    user = make_user(name, **{k: v for k, v in fields.items() if k in ("manager", "profile")})
    terms = {k: v for k, v in fields.items() if k in ("salary", "target", "fields", "ends_on")}
    assign_payee(TEST, plan.pk, user, date(2027, 1, 1), **terms)
    if quota is not None:
        set_quota(
            TEST,
            user,
            "bookings",
            Decimal(quota),
            starts_on=date(2027, 1, 1),
            ends_on=date(2028, 12, 31),
            per="month",
        )
    return user


def book(
    amount: int | str,
    *shares: tuple[User, str],
    on: date = date(2027, 1, 15),
    key: str = "",
    currency: str = "EUR",
    **fields: Any,
) -> CreditEvent:
    """A booking shared as given: ``book(1000, (ann, "0.7"), (bob, "0.3"))``."""
    return record_booking(
        TEST,
        key=key or f"deal-{next(_numbers)}",
        on=on,
        amount=Decimal(amount),
        currency=currency,
        splits=[Share(user.pk, Decimal(share)) for user, share in shares],
        **fields,
    )


def close(label: str, *, calendar: str = "month") -> PayPeriod:
    """A period taken through approval and closed."""
    from dealwright.compensation.calculation.services import calculate_period

    period = PayPeriod.objects.get(label=label, calendar=calendar)
    calculate_period(TEST, period.pk)
    submit_period(TEST, period.pk)
    approve_period(TEST, period.pk)
    return close_period(TEST, period.pk)


def owed(user: User, label: str, *, calendar: str = "month") -> str:
    """What the ledger earned a payee in a period, by its postings."""
    rows = Posting.objects.filter(
        payee=user,
        account=Account.PAYABLE,
        posted_period__label=label,
        posted_period__calendar=calendar,
    ).exclude(kind=Posting.Kind.PAYMENT)
    return f"{-sum((row.amount for row in rows), Decimal(0)):.2f}"


def balance(user: User, account: str) -> str:
    rows = Posting.objects.filter(payee=user, account=account)
    return f"{sum((row.amount for row in rows), Decimal(0)):.2f}"


def ledger_total() -> Decimal:
    return sum((row.amount for row in Posting.objects.all()), Decimal(0))


def standing_lines(user: User) -> Sequence[tuple[str, str, str]]:
    """(component, kind, payout) of the lines that hold now."""
    net: dict[str, int] = {}
    rows: dict[str, RunLine] = {}
    for row in RunLine.objects.filter(payee=user).order_by("id"):
        net[row.hash] = net.get(row.hash, 0) + row.sign
        rows[row.hash] = row
    return sorted(
        (rows[hash_].component, rows[hash_].kind, f"{rows[hash_].payout:.2f}")
        for hash_, number in net.items()
        for _ in range(number)
    )


def ids(*users: User) -> list[UUID]:
    return [user.pk for user in users]
