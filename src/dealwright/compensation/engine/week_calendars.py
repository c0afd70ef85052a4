"""Calendars of whole weeks: 4-4-5 and its kin, as retailers and manufacturers keep them.

A year has four quarters of thirteen weeks, split as the name says. It starts on the weekday of
the given first day, on that of its dates that lies nearest to the day of the month; where this
makes 53 weeks, the last period has the odd one (as in the National Retail Federation's calendar).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from dealwright.base.errors import Invalid

PATTERNS = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4), "5-4-4": (5, 4, 4)}
Unit = Literal["month", "quarter", "year"]


@dataclass(frozen=True, slots=True, order=True)
class Weeks:
    """A stretch of whole weeks: period, quarter or year; ``first`` and ``last`` are the places
    of its periods in the year, from 0."""

    start: date
    end: date
    label: str
    year: int
    first: int
    last: int

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1


@dataclass(frozen=True)
class WeekCalendar:
    """A calendar of weeks, written ``4-4-5@2027-02-01``."""

    pattern: str
    starts: date

    @cached_property
    def named(self) -> int:
        """The year in which most of the first year's days lie: its name."""
        return (self.starts + timedelta(days=182)).year

    def year_start(self, year: int) -> date:
        """The first day of a year by its name."""
        wanted = self.starts.year + year - self.named
        try:
            day = self.starts.replace(year=wanted)
        except ValueError:  # 29 February
            day = date(wanted, 2, 28)
        ahead = (self.starts.weekday() - day.weekday()) % 7
        return day + timedelta(days=ahead if ahead <= 3 else ahead - 7)

    def year_of(self, day: date) -> int:
        year = day.year + self.named - self.starts.year
        while day < self.year_start(year):
            year -= 1
        while day >= self.year_start(year + 1):
            year += 1
        return year

    def periods_of(self, year: int) -> list[Weeks]:
        """The twelve periods of a year."""
        found = []
        start, after = self.year_start(year), self.year_start(year + 1)
        for place in range(12):
            end = start + timedelta(weeks=PATTERNS[self.pattern][place % 3], days=-1)
            if place == 11:
                end = after - timedelta(days=1)
            found.append(Weeks(start, end, f"{year}-P{place + 1:02}", year, place, place))
            start = end + timedelta(days=1)
        return found

    def span(self, day: date, unit: str) -> Weeks:
        """The period ("month"), quarter or year that a day is in."""
        year = self.year_of(day)
        periods = self.periods_of(year)
        if unit == "year":
            return Weeks(periods[0].start, periods[-1].end, str(year), year, 0, 11)
        (own,) = (each for each in periods if each.start <= day <= each.end)
        if unit != "quarter":
            return own
        first = own.first // 3 * 3
        label = f"{year}-Q{first // 3 + 1}"
        return Weeks(periods[first].start, periods[first + 2].end, label, year, first, first + 2)

    def labelled(self, label: str) -> Weeks:
        """A period by its label: ``2027-P03``, ``2027-Q1``, ``2027``. Raises Invalid."""
        year_text = label.partition("-")[0]
        if year_text.isdecimal() and len(year_text) == 4:
            year = int(year_text)
            for each in self.periods_of(year):
                for unit in ("month", "quarter", "year"):
                    found = self.span(each.start, unit)
                    if found.label == label:
                        return found
        raise Invalid(f"“{label[:20]}” names no period of a {self.pattern} calendar.")


def week_calendar(calendar: str) -> WeekCalendar | None:
    """The calendar of weeks that a plan's calendar names, None for months, quarters, years."""
    pattern, _, starts = calendar.partition("@")
    if pattern not in PATTERNS:
        return None
    return WeekCalendar(pattern, date.fromisoformat(starts))
