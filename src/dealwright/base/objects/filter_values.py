"""The values in a filter: typed by field, with days that move along (``this_month``)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from dateutil.relativedelta import relativedelta
from django.utils.dateparse import parse_date, parse_datetime

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.moments import this_moment, today_of, zone_of

MAX_LIST = 500
MAX_TEXTS = 100  # each text of a list is a comparison of its own
MAX_TEXT = 1_000
MAX_DAYS = 36_500

Moment = date | datetime


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open [start, end); a single moment where ``end`` is None. Dates for a date field,
    aware datetimes for a field with time."""

    start: Moment
    end: Moment | None


def read_value(field: Field, kind: Kind, op: str, value: Any, user: Any) -> Any:
    """The value as the compiler takes it; raises ValueError with the rest of a sentence.

    None for ops without value; a tuple for lists; Spans for dates and times; UUIDs for
    relations and users.
    """
    if op in ("empty", "not_empty"):
        return None
    if op == "is_me":
        return _me(user)
    if op in ("within_last_days", "within_next_days"):
        return _days_span(kind, op, value, user)
    if value is None or value == "" or value == []:
        raise ValueError("give a value.")
    if op == "between":
        return _pair(field, kind, value, user)
    if op in ("in", "not_in") or (kind == Kind.CHOICES and isinstance(value, list)):
        return _many(field, kind, value, user)
    if isinstance(value, list | dict):
        raise ValueError("give one value.")
    return _one(field, kind, value, user)


def _pair(field: Field, kind: Kind, value: Any, user: Any) -> tuple[Any, Any]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("give two values, from and to.")
    if any(each in (None, "") for each in value):
        raise ValueError("give both values, from and to.")
    return _one(field, kind, value[0], user), _one(field, kind, value[1], user)


def _many(field: Field, kind: Kind, value: Any, user: Any) -> tuple[Any, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    limit = MAX_TEXTS if kind in _TEXTS else MAX_LIST
    if len(values) > limit:
        raise ValueError(f"give at most {limit} values.")
    return tuple(_one(field, kind, each, user) for each in values)


_TEXTS = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL)
_NUMBERS = (Kind.NUMBER, Kind.INTEGER, Kind.MONEY, Kind.PERCENT)


def _one(field: Field, kind: Kind, value: Any, user: Any) -> Any:
    if kind in _TEXTS:
        return _text(value)
    if kind in _NUMBERS:
        return _number(value)
    match kind:
        case Kind.BOOLEAN:
            return _boolean(value)
        case Kind.DATE | Kind.DATETIME:
            return read_span(kind, value, user)
        case Kind.CHOICE | Kind.CHOICES:
            return _choice(field, value)
        case Kind.RELATION:
            return _identifier(value)
        case Kind.USER:
            return _me(user) if value == "me" else _identifier(value)
    raise ValueError("this cannot be compared.")


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("give text.")
    text = str(value)
    if "\x00" in text or len(text) > MAX_TEXT:
        raise ValueError(f"give text of at most {MAX_TEXT} characters.")
    return text


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("give a number.")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError(f"“{str(value)[:40]}” is not a number.") from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 30:
        raise ValueError("give a number of at most 30 digits.")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -30:
        raise ValueError("give a number of at most 30 digits after the point.")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "yes", "1", "on"):
        return True
    if text in ("false", "no", "0", "off"):
        return False
    raise ValueError("give yes or no.")


def _choice(field: Field, value: Any) -> str:
    text = str(value)
    options = field.options
    for stored, _label in options:
        if text == str(stored):
            return str(stored)
    for stored, label in options:
        if text.casefold() == str(label).casefold():
            return str(stored)
    allowed = ", ".join(str(label) for _, label in list(options)[:12])
    raise ValueError(f"“{text[:40]}” is none of: {allowed}.")


def _identifier(value: Any) -> uuid.UUID:
    try:
        return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
    except ValueError:
        raise ValueError(f"“{str(value)[:40]}” is no id.") from None


def _me(user: Any) -> uuid.UUID:
    if user is None:
        raise ValueError("“me” needs a person who asks.")
    return uuid.UUID(str(user.pk))


# Dates and times


_OFFSET = re.compile(r"today\s*([+-])\s*(\d{1,5})")
_PERIOD = re.compile(r"(this|last|next)_(week|month|quarter|year)")


def read_span(kind: Kind, value: Any, user: Any) -> Span:
    """A day, a time or a word for one (``today``, ``today-30``, ``last_quarter``) as a span.

    Weeks begin on Monday. Raises ValueError with the rest of a sentence.
    """
    try:
        days = _day_span(value, user)
        if kind == Kind.DATE:
            if days is None:
                moment = _timestamp(value, user).astimezone(zone_of(user)).date()
                days = (moment, moment + timedelta(days=1))
            return Span(*days)
        if days is None:
            return Span(_timestamp(value, user), None)
        zone = zone_of(user)
        return Span(*(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC) for day in days))
    except OverflowError:
        raise ValueError("this day is out of range.") from None


def _day_span(value: Any, user: Any) -> tuple[date, date] | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value, value + timedelta(days=1)
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    named = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if text in named:
        start = today_of(user) + timedelta(days=named[text])
        return start, start + timedelta(days=1)
    if offset := _OFFSET.fullmatch(text):
        days = min(int(offset[2]), MAX_DAYS) * (1 if offset[1] == "+" else -1)
        start = today_of(user) + timedelta(days=days)
        return start, start + timedelta(days=1)
    if period := _PERIOD.fullmatch(text):
        return _period(period[1], period[2], today_of(user))
    try:
        day = parse_date(text)
    except ValueError:
        raise ValueError(f"“{text[:40]}” is not a day of the calendar.") from None
    return (day, day + timedelta(days=1)) if day else None


def _period(which: str, unit: str, today: date) -> tuple[date, date]:
    steps = {"last": -1, "this": 0, "next": 1}[which]
    match unit:
        case "week":
            start, length = today - timedelta(days=today.weekday()), relativedelta(weeks=1)
        case "month":
            start, length = today.replace(day=1), relativedelta(months=1)
        case "quarter":
            first = (today.month - 1) // 3 * 3 + 1
            start, length = today.replace(month=first, day=1), relativedelta(months=3)
        case _:
            start, length = today.replace(month=1, day=1), relativedelta(years=1)
    start = start + length * steps
    return start, start + length


def _timestamp(value: Any, user: Any) -> datetime:
    moment: datetime | None = None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        if value.strip().lower() == "now":
            return this_moment()
        try:
            moment = parse_datetime(value.strip())
        except ValueError:
            moment = None
    if moment is None:
        raise ValueError(
            f"“{str(value)[:40]}” is not a day like 2027-01-31, nor a word like today, "
            "today-30 or this_month."
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_of(user))


def _days_span(kind: Kind, op: str, value: Any, user: Any) -> Span:
    number = _number(value) if value not in (None, "") else None
    if number is None or number != number.to_integral_value() or not 0 <= number <= MAX_DAYS:
        raise ValueError(f"give a whole number of days, at most {MAX_DAYS}.")
    length = timedelta(days=int(number))
    try:
        if kind == Kind.DATE:
            today = today_of(user)
            tomorrow = today + timedelta(days=1)
            if op == "within_last_days":
                return Span(today - length, tomorrow)
            return Span(today, tomorrow + length)
        now = this_moment()
        # A row written in this very moment counts: the end is open by a hair only.
        if op == "within_last_days":
            return Span(now - length, now + timedelta(microseconds=1))
        return Span(now, now + length)
    except OverflowError:
        raise ValueError("this day is out of range.") from None
