"""Policies, deals and figures for the tests of accounting."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from compensation.make import TEST
from dealwright.compensation.accounting.models import CostPolicy, JournalLine
from dealwright.compensation.accounting.services import set_policy
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.plans.models import CompensationPlan

FLAT = """
currency: EUR
calendar: month
components:
  - fixed: {id: salary, amount: salary}
  - flat: {id: commission, rate: 10%}
  - spif: {id: extra, rate: 1%}
clawback: {on: commission, trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""


def month(number: int) -> date:
    """The first day of a month of 2027 (1 to 12) or after (13 is January 2028)."""
    year, index = divmod(number - 1, 12)
    return date(2027 + year, index + 1, 1)


def make_policy(plan: CompensationPlan, *components: str, **fields: Any) -> CostPolicy:
    """A policy from 2027 on: these components (``commission`` unless named), 36 months."""
    listed = [
        {
            "plan": str(plan.pk),
            "component": each.removesuffix("!"),
            "commensurate": each.endswith("!"),
        }
        for each in components or ("commission",)
    ]
    values: dict[str, Any] = {"starts_on": date(2027, 1, 1), "months": 36, "components": listed}
    return set_policy(TEST, **(values | fields))


def by_month(account: str, deal: CreditEvent | None = None) -> dict[str, str]:
    """What an account took in each month, debits positive."""
    rows = JournalLine.objects.filter(account=account)
    if deal is not None:
        rows = rows.filter(cost__event=deal)
    sums = rows.values_list("month").annotate(sum=Sum("amount")).order_by("month")
    return {f"{at:%Y-%m}": f"{amount:.2f}" for at, amount in sums if amount}


def balance(account: str, until: date) -> Decimal:
    rows = JournalLine.objects.filter(account=account, month__lte=until)
    return rows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
