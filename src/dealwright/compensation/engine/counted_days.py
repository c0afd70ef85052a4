"""Which days count where something is paid in part: all of them, working days, or such that
every month counts the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from dealwright.base.periods import periods_between
from dealwright.compensation.plans.definition import Plan

SATURDAY = 5
MONTH = 377_580  # what a month counts where all are equal: 28, 29, 30 and 31 divide it


def is_working(plan: Plan, day: date) -> bool:
    """Monday to Friday without the plan's holidays."""
    return day.weekday() < SATURDAY and day not in plan.holidays


def counted_days(plan: Plan) -> Callable[[date, date], int]:
    """How much counts between two days, both included: days, or parts of months."""
    if plan.prorate == "calendar":
        return lambda first, last: max((last - first).days + 1, 0)
    if plan.prorate == "months":
        return _parts_of_months

    def working(first: date, last: date) -> int:
        days = max((last - first).days + 1, 0)
        weeks, rest = divmod(days, 7)
        found = weeks * 5 + sum(
            (first + timedelta(days=weeks * 7 + each)).weekday() < SATURDAY for each in range(rest)
        )
        return found - sum(
            first <= each <= last and each.weekday() < SATURDAY for each in plan.holidays
        )

    return working


def _parts_of_months(first: date, last: date) -> int:
    if last < first:
        return 0
    found = 0
    for month in periods_between(first, last, "month"):
        days = (min(last, month.end) - max(first, month.start)).days + 1
        found += days * (MONTH // month.days)
    return found
