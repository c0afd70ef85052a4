"""Which exchange rate an event takes: of which type and day, by a measure's policy."""

from __future__ import annotations

from datetime import date

from dealwright.base.periods import last_day_of_month
from dealwright.compensation.engine.periods import period_at
from dealwright.compensation.plans.definition import Plan

TYPES = ("spot", "plan", "average")


def rate_type(policy: str) -> str:
    """The type of the rows that a policy reads."""
    return {"plan": "plan", "month": "average"}.get(policy, "spot")


def rate_day(plan: Plan, policy: str, day: date) -> date:
    """The day whose rate an event of a day takes."""
    if policy == "month_end":
        return last_day_of_month(day)
    if policy == "pay":
        return period_at(day, plan.calendar, plan.fiscal_year_starts).end
    return day
