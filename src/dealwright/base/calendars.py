"""Business time: working hours, holidays, and counting in them across clock changes.

Hours are local wall time of the calendar's zone. Minutes are counted as they pass, so a
working day on which the clock skips an hour is an hour shorter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from dealwright.base.errors import Invalid
from dealwright.base.periods import (
    Period,
    PeriodKind,
    last_day_of_month,
    period_labelled,
    period_of,
    periods_between,
)

__all__ = [
    "BusinessCalendar",
    "Period",
    "PeriodKind",
    "add_business_days",
    "add_business_time",
    "business_minutes_between",
    "calendar_from",
    "last_day_of_month",
    "next_business_day",
    "period_labelled",
    "period_of",
    "periods_between",
    "previous_business_day",
]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FARTHEST = 366 * 10  # days to look for working time before giving up
Interval = tuple[time, time]  # local; an end of 00:00 is the end of the day
Span = tuple[datetime, datetime]  # UTC


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """When people work.

    ``hours`` maps the weekday (0 is Monday) to intervals in order; a weekday without any is
    free. ``country`` (ISO 3166, with ``subdivision`` such as ``BY``) brings its public
    holidays, ``own_holidays`` adds days with their names.
    """

    timezone: str
    hours: Mapping[int, Sequence[Interval]]
    country: str = ""
    subdivision: str = ""
    own_holidays: Mapping[date, str] = field(default_factory=dict)

    @classmethod
    def weekdays(
        cls,
        *,
        timezone: str = "UTC",
        start: time = time(9),
        end: time = time(17),
        country: str = "",
        subdivision: str = "",
    ) -> BusinessCalendar:
        """Monday to Friday with the same hours."""
        return cls(timezone, dict.fromkeys(range(5), ((start, end),)), country, subdivision)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def holiday_name(self, day: date) -> str:
        """What holiday a day is, or nothing."""
        if own := self.own_holidays.get(day):
            return own
        if not self.country:
            return ""
        return _public_holidays(self.country, self.subdivision, day.year).get(day, "")

    def is_working_day(self, day: date) -> bool:
        """Whether anybody works on a day."""
        return bool(self.hours.get(day.weekday())) and not self.holiday_name(day)

    def spans_on(self, day: date) -> list[Span]:
        """The working time of a day in UTC, in order; nothing on a free day.

        A wall time that the clock skips counts as the moment of the skip, so an interval
        inside a skipped hour (or, in Apia on 30 December 2011, day) has no length and is
        left out; of a wall time that comes twice, a start takes the first and an end the
        second.
        """
        if not self.is_working_day(day):
            return []
        spans = []
        for start, end in self.hours[day.weekday()]:
            last = day + timedelta(days=1) if end == time(0) else day
            begins = _moment(datetime.combine(day, start), self.zone, last=False)
            ends = _moment(datetime.combine(last, end), self.zone, last=True)
            if begins < ends:
                spans.append((begins, ends))
        return spans


def calendar_from(
    *,
    timezone: str,
    hours: Mapping[Any, Any],
    country: str = "",
    subdivision: str = "",
    own_holidays: Mapping[Any, str] | None = None,
) -> BusinessCalendar:
    """A calendar from plain values as JSON holds them; raises Invalid naming each wrong field.

    ``hours`` maps weekdays ("0" is Monday) to ``[["09:00", "17:00"], …]``; ``own_holidays``
    maps ``"2026-12-24"`` to a name.
    """
    wrong: dict[str, list[str]] = {}
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong["timezone"] = [f"“{timezone[:40]}” is no time zone such as Europe/Berlin."]
    weekly: dict[int, tuple[Interval, ...]] = {}
    for key, intervals in hours.items():
        try:
            weekday = int(key)
            if not 0 <= weekday <= 6:
                raise ValueError("A weekday is a number from 0 (Monday) to 6.")
            weekly[weekday] = _intervals(weekday, intervals)
        except (ValueError, TypeError) as error:
            wrong.setdefault("hours", []).append(str(error))
    if not any(weekly.values()) and "hours" not in wrong:
        wrong["hours"] = ["Give working hours for one weekday at least."]
    own: dict[date, str] = {}
    for day, name in (own_holidays or {}).items():
        try:
            own[date.fromisoformat(str(day))] = str(name) or "Holiday"
        except ValueError:
            wrong.setdefault("own_holidays", []).append(
                f"“{str(day)[:20]}” is not a date like 2026-12-24."
            )
    if country and (sentence := _unknown_place(country, subdivision)):
        wrong["country"] = [sentence]
    if subdivision and not country:
        wrong["subdivision"] = ["Name the country that this is a part of, or leave it empty."]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    return BusinessCalendar(timezone, weekly, country, subdivision, own)


def add_business_time(start: datetime, minutes: int, calendar: BusinessCalendar) -> datetime:
    """The moment (UTC) when so many working minutes have passed since ``start``.

    Zero minutes from outside working time is the next moment somebody works. Raises Invalid
    for negative minutes or where no working time comes within ten years.
    """
    if minutes < 0:
        raise Invalid("Business time is added, not taken away.")
    left = timedelta(minutes=minutes)
    for begins, ends in _spans_from(start, calendar):
        if ends - begins > left or (left and ends - begins == left):
            return begins + left
        left -= ends - begins
    raise Invalid("The calendar has no working time within ten years.", code="calendar_empty")


def business_minutes_between(start: datetime, end: datetime, calendar: BusinessCalendar) -> int:
    """Whole working minutes that pass between two moments; negative where the end is first."""
    if end < start:
        return -business_minutes_between(end, start, calendar)
    passed = timedelta()
    finish = _utc(end)
    first = _utc(start).astimezone(calendar.zone).date()
    last = finish.astimezone(calendar.zone).date()
    for offset in range((last - first).days + 1):
        for begins, ends in calendar.spans_on(first + timedelta(days=offset)):
            passed += max(min(ends, finish) - max(begins, _utc(start)), timedelta())
    return int(passed.total_seconds() // 60)


def add_business_days(day: date, count: int, calendar: BusinessCalendar) -> date:
    """The working day so many working days after (or, negative, before) a day.

    Zero is the day itself, or the next working day where it is free.
    """
    if count == 0:
        return next_business_day(day, calendar)
    step = timedelta(days=1 if count > 0 else -1)
    left, looked = abs(count), 0
    while left:
        day += step
        looked += 1
        if calendar.is_working_day(day):
            left, looked = left - 1, 0
        elif looked > _FARTHEST:
            raise Invalid("The calendar has no working day.", code="calendar_empty")
    return day


def next_business_day(day: date, calendar: BusinessCalendar) -> date:
    """The day itself where it is a working day, else the first one after."""
    return day if calendar.is_working_day(day) else add_business_days(day, 1, calendar)


def previous_business_day(day: date, calendar: BusinessCalendar) -> date:
    """The day itself where it is a working day, else the last one before: for a notice that
    must be there in time."""
    return day if calendar.is_working_day(day) else add_business_days(day, -1, calendar)


def _spans_from(start: datetime, calendar: BusinessCalendar) -> Iterator[Span]:
    """Working time from a moment on."""
    begin = _utc(start)
    first = begin.astimezone(calendar.zone).date()
    for offset in range(_FARTHEST):
        for begins, ends in calendar.spans_on(first + timedelta(days=offset)):
            if ends > begin:
                yield max(begins, begin), ends


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise TypeError("A moment needs its time zone.")
    return moment.astimezone(UTC)


def _moment(wall: datetime, zone: ZoneInfo, *, last: bool) -> datetime:
    """The moment at which the clock on the wall shows a time.

    ``last`` chooses of two. A time the clock never shows is the moment of its jump.
    """
    moment = wall.replace(tzinfo=zone, fold=int(last)).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In a gap, fold 1 reads the offset after the jump and so lies before it; fold 0 after.
    low = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    high = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = max(middle, low + timedelta(seconds=1))
        else:
            high = middle
    return high


@lru_cache(maxsize=512)
def _public_holidays(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=year)
    return dict(found.items())


def _unknown_place(country: str, subdivision: str) -> str:
    places = holidays.list_supported_countries(include_aliases=True)
    if country not in places:
        return f"Holidays of “{country[:12]}” are not known; leave it empty and list your own."
    if subdivision and subdivision not in places[country]:
        known = ", ".join(places[country][:20]) or "none"
        return f"“{subdivision[:12]}” is no part of {country}; known are: {known}."
    return ""


def _intervals(weekday: int, given: Any) -> tuple[Interval, ...]:
    """A weekday's intervals in order; raises ValueError where they overlap or run backwards."""
    name = WEEKDAYS[weekday]
    intervals = sorted((_time(name, start), _time(name, end)) for start, end in given)
    before = time(0)
    for index, (start, end) in enumerate(intervals):
        if end != time(0) and end <= start:
            raise ValueError(f"{name}: {start:%H:%M} to {end:%H:%M} runs backwards.")
        if start < before or (index and before == time(0)):
            raise ValueError(f"{name}: the hours overlap.")
        before = end
    return tuple(intervals)


def _time(weekday: str, text: Any) -> time:
    if isinstance(text, time):
        return text
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", str(text))
    if match and str(text) == "24:00":
        return time(0)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f"{weekday}: “{str(text)[:12]}” is not a time like 09:30.")
    return time(int(match[1]), int(match[2]))
