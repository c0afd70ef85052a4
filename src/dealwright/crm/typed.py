"""What people type into this system's own forms, as the services take it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from dealwright.base.errors import Invalid
from dealwright.base.web.records.numbers import percent_to_fraction, plain_number

MOST_ROWS = 500


def typed_datetime(key: str, label: str, text: str) -> datetime | None:
    """A moment on the person's own clock; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    try:
        moment = parse_datetime(text.strip())
        if moment is None:
            day = parse_date(text.strip())
            moment = datetime(day.year, day.month, day.day, 9) if day else None
        if moment is not None:
            return timezone.make_aware(moment) if timezone.is_naive(moment) else moment
    except (ValueError, OverflowError):
        pass
    sentence = f"{label}: “{text[:40]}” is no time."
    raise Invalid(sentence, fields={key: [sentence]})


def typed_date(key: str, label: str, text: str) -> date | None:
    """A day; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    try:
        day = parse_date(text.strip())
    except ValueError:
        day = None
    if day is None:
        sentence = f"{label}: “{text[:40]}” is no date."
        raise Invalid(sentence, fields={key: [sentence]})
    return day


def typed_decimal(key: str, label: str, text: str) -> Decimal | None:
    """A number in the person's way of writing; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    try:
        number = Decimal(plain_number(text.strip()))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 16:
        sentence = f"{label}: “{text[:40]}” is no number."
        raise Invalid(sentence, fields={key: [sentence]})
    return number


def typed_rows(
    posted: Mapping[str, Any],
    prefix: str,
    *,
    percents: tuple[str, ...] = (),
    numbers: tuple[str, ...] = (),
) -> list[dict[str, str]]:
    """Rows of a table form, whose inputs are named ``lines.3.quantity``, in order; empty rows
    are left out. Percents come out as fractions, numbers with a point."""
    rows: dict[int, dict[str, str]] = {}
    for name in posted:
        match = re.fullmatch(rf"{re.escape(prefix)}\.(\d{{1,6}})\.([a-z_]{{1,40}})", name)
        if match is None:
            continue
        text = str(posted[name]).strip()
        if text and match[2] in percents:
            text = percent_to_fraction(plain_number(text))
        elif text and match[2] in numbers:
            text = plain_number(text)
        rows.setdefault(int(match[1]), {})[match[2]] = text
    if len(rows) > MOST_ROWS:
        raise Invalid(f"At most {MOST_ROWS} rows are possible.")
    filled = [rows[number] for number in sorted(rows)]
    return [{key: text for key, text in row.items() if text} for row in filled if any(row.values())]
