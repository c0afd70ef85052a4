"""The periods a plan pays in, numbered, with the windows in which amounts pile up."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, cast

from dealwright.base.periods import (
    Period,
    PeriodKind,
    period_labelled,
    period_of,
    periods_between,
)
from dealwright.compensation.engine.week_calendars import week_calendar


@dataclass(frozen=True, slots=True, order=True)
class PayPeriod:
    """One pay period; ``number``, ``quarter`` and ``year`` grow with time and never repeat."""

    number: int
    label: str
    starts: date
    ends: date
    quarter: int
    year: int

    @property
    def days(self) -> int:
        return (self.ends - self.starts).days + 1


@dataclass(frozen=True, slots=True)
class Closing:
    """Where a window ends: its last period and day, and whether that period is calculated."""

    span: str
    number: int
    period: int
    day: date
    paid: bool


def closings(
    periods: Sequence[PayPeriod], paid: Collection[int], until: date | None
) -> Iterator[Closing]:
    """The end of every window; a plan that ends earlier ends its last windows."""
    kept = [each for each in periods if until is None or each.starts <= until]
    for span in ("period", "quarter", "year", "plan"):
        last: dict[int, PayPeriod] = {}
        for each in kept:
            number = {"period": each.number, "plan": 0}.get(span)
            last[getattr(each, span) if number is None else number] = each
        for number, each in last.items():
            day = each.ends if until is None else min(each.ends, until)
            yield Closing(span, number, each.number, day, each.number in paid)


class Span(Protocol):
    """Days from ``start`` to ``end``, both included, with the label they are read by."""

    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...
    @property
    def label(self) -> str: ...
    @property
    def days(self) -> int: ...


def span_at(day: date, unit: str, calendar: str, fiscal_start: int = 1) -> Span:
    """The month, quarter or year of a plan's calendar that a day is in; in calendars of weeks
    a "month" is a period."""
    weeks = week_calendar(calendar)
    if weeks is not None:
        return weeks.span(day, unit)
    return period_of(day, cast(PeriodKind, unit), fiscal_start)


def period_at(day: date, calendar: str, fiscal_start: int = 1) -> Span:
    """The pay period that a day is in."""
    return span_at(day, "month" if week_calendar(calendar) else calendar, calendar, fiscal_start)


def year_at(day: date, calendar: str, fiscal_start: int = 1) -> Span:
    """The business year that a day is in."""
    return span_at(day, "year", calendar, fiscal_start)


def spans_between(
    first: date, last: date, unit: str, calendar: str, fiscal_start: int = 1
) -> list[Span]:
    """Every month, quarter or year with a day between two days, in order."""
    found = [span_at(first, unit, calendar, fiscal_start)]
    while found[-1].end < last:
        following = found[-1].end + timedelta(days=1)
        found.append(span_at(following, unit, calendar, fiscal_start))
    return found


def span_labelled(label: str, calendar: str, fiscal_start: int = 1) -> Span:
    """The span of a label such as ``2027-Q1``, ``2027-03`` or ``2027-P03``. Raises Invalid."""
    weeks = week_calendar(calendar)
    return weeks.labelled(label) if weeks else period_labelled(label, fiscal_start)


def pay_periods(first: date, last: date, kind: str, fiscal_start: int = 1) -> tuple[PayPeriod, ...]:
    """Every pay period that has a day in the span, numbered."""
    weeks = week_calendar(kind)
    if weeks is not None:
        years = range(weeks.year_of(first), weeks.year_of(last) + 1)
        return tuple(
            PayPeriod(
                year * 12 + each.first,
                each.label,
                each.start,
                each.end,
                year * 4 + each.first // 3,
                year,
            )
            for year in years
            for each in weeks.periods_of(year)
            if each.end >= first and each.start <= last
        )
    return tuple(
        _numbered(period, fiscal_start)
        for period in periods_between(first, last, cast(PeriodKind, kind), fiscal_start)
    )


def _numbered(period: Period, fiscal_start: int) -> PayPeriod:
    year = period_of(period.start, "year", fiscal_start).end.year
    into_year = (period.start.month - fiscal_start) % 12
    quarter = year * 4 + into_year // 3
    number = {"month": year * 12 + into_year, "quarter": quarter, "year": year}[period.kind]
    return PayPeriod(number, period.label, period.start, period.end, quarter, year)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def full_months(first: date, last: date) -> int:
    """How many whole months have passed from one day to another; 0 where it lies before."""
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and add_months(first, months) > last:
        months -= 1
    return max(months, 0)
