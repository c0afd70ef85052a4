"""Which days count where something is paid in part: all of them, or working days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from dealwright.compensation.plans.definition import Plan

SATURDAY = 5


def is_working(plan: Plan, day: date) -> bool:
    """Monday to Friday without the plan's holidays."""
    return day.weekday() < SATURDAY and day not in plan.holidays


def counted_days(plan: Plan) -> Callable[[date, date], int]:
    """How many days count between two days, both included."""
    if plan.prorate == "calendar":
        return lambda first, last: max((last - first).days + 1, 0)

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
