"""The exchange rates that a calculation needs, as rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone

from dealwright.base.exchange_rates import rate_on
from dealwright.base.periods import last_day_of_month
from dealwright.compensation.accounting.rates import plan_rates
from dealwright.compensation.engine.rate_days import rate_day, rate_type
from dealwright.compensation.plans.definition import (
    Plan,
)


def rates_of(plan: Plan, events: Iterable[Mapping[str, Any]], first: date) -> list[dict[str, Any]]:
    """The stated rates of the days on which another currency was used; raises Invalid that
    names a missing one."""
    days: dict[str, set[date]] = defaultdict(set)
    for each in events:
        if each["currency"] != plan.currency:
            days[each["currency"]].add(each["date"])
    kinds = {each.rates for each in plan.measures.values() if each.unit == "money"}
    rows = []
    for currency, used in days.items():
        spot = {
            rate_day(plan, kind, day) for kind in kinds for day in used if rate_type(kind) == "spot"
        }
        rows += [_rate_row(plan, currency, day, "spot") for day in sorted(spot)]
        if "month" in kinds:
            months = sorted({day.replace(day=1) for day in used})
            rows += [_average_row(plan, currency, month) for month in months]
        if "plan" in kinds:
            rows += _plan_rate_rows(plan, currency, min(used), first)
    return rows


def _average_row(plan: Plan, currency: str, month: date) -> dict[str, Any]:
    """The mean of the rates of all days of a month; while it runs, of those up to today."""
    last = last_day_of_month(month)
    today = timezone.localdate()
    if month <= today < last:
        last = today
    days = (last - month).days + 1
    rates = [
        rate_on(currency, plan.currency, month + timedelta(days=each)).rate for each in range(days)
    ]
    row = _rate_row(plan, currency, last, "average")
    mean = (sum(rates, Decimal(0)) / len(rates)).quantize(Decimal("1e-9"), rounding=ROUND_HALF_UP)
    return {**row, "starts": month, "rate": mean}


def _plan_rate_rows(plan: Plan, currency: str, since: date, first: date) -> list[dict[str, Any]]:
    """The rates fixed for plans; for days before them, or where none is, the market's of the
    plan's first day."""
    fixed = plan_rates(currency, plan.currency)
    rows = []
    if not fixed or since < fixed[0][0]:
        rows.append(_rate_row(plan, currency, plan.effective or first, "plan"))
    for starts, rate in fixed:
        rows.append(
            {
                "from_currency": currency,
                "to_currency": plan.currency,
                "starts": starts,
                "rate": rate.quantize(Decimal("1e-9")),
                "type": "plan",
            }
        )
    return rows


def _rate_row(plan: Plan, currency: str, day: date, kind: str) -> dict[str, Any]:
    used = rate_on(currency, plan.currency, day)
    starts = day if kind == "spot" else date(1900, 1, 1)
    rate = used.rate.quantize(Decimal("1e-9"))
    return {
        "from_currency": currency,
        "to_currency": plan.currency,
        "starts": starts,
        "rate": rate,
        "type": kind,
    }
