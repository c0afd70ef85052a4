"""Fiscal periods: months, quarters and years of a business year that may start in any month."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from dealwright.base.errors import Invalid

PeriodKind = Literal["month", "quarter", "year"]
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
_LONGEST = 2400  # periods in one answer: two hundred years of months


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of whole days, both ends included.

    ``label`` sorts and reads: ``2026-11``, ``2026-Q4``, ``2026``; where the business year
    does not start in January, quarters and years are named by the year it ends in:
    ``FY2027-Q2``, ``FY2027``.
    """

    start: date
    end: date
    kind: PeriodKind
    label: str
    fiscal_start: int = 1

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return self.label

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    @property
    def next(self) -> Period:
        """The period of the same kind that follows."""
        return period_of(self.end + timedelta(days=1), self.kind, self.fiscal_start)

    @property
    def previous(self) -> Period:
        """The period of the same kind before."""
        return period_of(self.start - timedelta(days=1), self.kind, self.fiscal_start)


def period_of(day: date, kind: PeriodKind, fiscal_start: int = 1) -> Period:
    """The month, quarter or year that a day is in.

    ``fiscal_start`` is the month in which the business year starts, 1 to 12. Raises Invalid
    for another kind or month.
    """
    if kind not in get_args(PeriodKind):
        raise Invalid(f"“{kind}” is no kind of period: take month, quarter or year.")
    if not 1 <= fiscal_start <= 12:
        raise Invalid("The business year starts in a month from 1 to 12.")
    into_year = (day.month - fiscal_start) % 12
    step = _MONTHS[kind]
    first = _month_index(day) - into_year % step
    start, end = _first_of(first), _first_of(first + step) - timedelta(days=1)
    year_start = _month_index(day) - into_year
    year = (year_start + 11) // 12 if fiscal_start > 1 else day.year
    return Period(
        start, end, kind, _label(kind, start, year, into_year, fiscal_start), fiscal_start
    )


def periods_between(
    start: date, end: date, kind: PeriodKind, fiscal_start: int = 1
) -> list[Period]:
    """Every period that has a day in the span, both ends included, in order.

    Raises Invalid where the end lies before the start or the answer would be endless.
    """
    if end < start:
        raise Invalid("The end of a span lies before its start.", fields={"end": ["Before start."]})
    found = [period_of(start, kind, fiscal_start)]
    while found[-1].end < end:
        if len(found) == _LONGEST:
            raise Invalid("This span is too long.")
        found.append(found[-1].next)
    return found


def period_labelled(label: str, fiscal_start: int = 1) -> Period:
    """The period by its label (``2026-11``, ``2026-Q4``, ``FY2027``); raises Invalid."""
    text = label.removeprefix("FY")
    year_text, _, part = text.partition("-")
    try:
        year = int(year_text)
        named_by_end = fiscal_start > 1 and label.startswith("FY")
        first = date(year - 1 if named_by_end else year, fiscal_start, 1)
        if not part:
            found = period_of(first, "year", fiscal_start)
        elif part.startswith("Q"):
            index = _month_index(first) + 3 * (int(part[1:]) - 1)
            found = period_of(_first_of(index), "quarter", fiscal_start)
        else:
            found = period_of(date(year, int(part), 1), "month", fiscal_start)
    except (ValueError, OverflowError):
        raise Invalid(f"“{label[:20]}” names no period.") from None
    if found.label != label:
        raise Invalid(f"“{label[:20]}” names no period.")
    return found


def _label(kind: PeriodKind, start: date, year: int, into_year: int, fiscal_start: int) -> str:
    if kind == "month":
        return f"{start.year:04d}-{start.month:02d}"
    name = f"FY{year:04d}" if fiscal_start > 1 else f"{year:04d}"
    return f"{name}-Q{into_year // 3 + 1}" if kind == "quarter" else name


def _month_index(day: date) -> int:
    return day.year * 12 + day.month - 1


def _first_of(month_index: int) -> date:
    year, month = divmod(month_index, 12)
    if not 1 <= year <= 9999:
        raise Invalid("This date is out of the range of the calendar.")
    return date(year, month + 1, 1)


def last_day_of_month(day: date) -> date:
    """The last day of the month a day is in."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
