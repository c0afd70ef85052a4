"""How dates and numbers are written in one column: found from the column, never from the locale."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

# name -> pattern of strptime; the names are what a person picks from
DATE_FORMATS = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "MM/DD/YYYY": "%m/%d/%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD-MM-YYYY": "%d-%m-%Y",
    "MM-DD-YYYY": "%m-%d-%Y",
    "YYYY/MM/DD": "%Y/%m/%d",
    "DD Mon, YYYY": "%d %b, %Y",
    "DD Mon YYYY": "%d %b %Y",
    "Mon DD, YYYY": "%b %d, %Y",
    "MM/DD/YY": "%m/%d/%y",
    "DD/MM/YY": "%d/%m/%y",
}
_TIMES = (
    "",
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M:%S",
    "T%H:%M:%S.%f",
    "T%H:%M:%S%z",
    "T%H:%M:%S.%f%z",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %H:%M:%S.%f",
)
_AMBIGUOUS = {"MM/DD/YYYY": "DD/MM/YYYY", "MM-DD-YYYY": "DD-MM-YYYY", "MM/DD/YY": "DD/MM/YY"}


@dataclass(frozen=True, slots=True)
class DateGuess:
    """The format that reads every value; where ``or_else`` would too, a person must say."""

    format: str
    or_else: str = ""
    misread: int = 0


def guess_date_format(values: Iterable[str]) -> DateGuess | None:
    """The date format of a column, or None where no format reads at least 90 % of its values.

    A format that fails on any value loses against one that reads all: one day above 12
    settles a column. Where American and European order both read all, the American one is
    given and ``or_else`` names the other.
    """
    seen = [value for value in dict.fromkeys(values) if value]
    if not seen:
        return None
    misses = {
        name: sum(1 for value in seen if parse_date(value, name) is None) for name in DATE_FORMATS
    }
    best = min(misses, key=lambda name: misses[name])
    if misses[best] > len(seen) * 0.1:
        return None
    rival = _AMBIGUOUS.get(best, "")
    ambiguous = bool(rival) and misses[rival] == misses[best]
    return DateGuess(best, rival if ambiguous else "", misses[best])


def parse_date(text: str, format_name: str) -> date | None:
    """The date, or None; a time behind it is allowed and left out."""
    moment = parse_datetime(text, format_name)
    return moment.date() if moment else None


def parse_datetime(text: str, format_name: str) -> datetime | None:
    """The moment as written (naive unless the text carries an offset), or None."""
    text = text.strip()
    if text.endswith("Z"):
        text = f"{text[:-1]}+00:00"
    pattern = DATE_FORMATS[format_name]
    for time in _TIMES if len(text) > 10 and re.search(r"\d:\d", text) else _TIMES[:1]:
        try:
            return datetime.strptime(text, pattern + time)
        except ValueError:
            continue
    return None


_NUMBER = re.compile(r"^[+-]?[\d.,' \u00a0\u202f]*\d[\d.,' \u00a0\u202f]*$")
_AROUND = re.compile(r"[A-Z]{3}|[$€£¥₹%]|CHF|kr\.?|R\$", re.IGNORECASE)


def guess_decimal_comma(values: Iterable[str]) -> bool:
    """Whether the comma is the decimal sign in a column (``1.234,56``)."""
    comma = point = 0
    for value in values:
        text = _AROUND.sub("", value).strip()
        if re.search(r",\d{1,2}$|\.\d{3},\d+$", text) and not re.search(r"\.\d{1,2}$", text):
            comma += 1
        elif re.search(r"\.\d{1,2}$|,\d{3}\.\d+$|,\d{3}$", text):
            point += 1
    return comma > point


def parse_number(text: str, *, decimal_comma: bool = False) -> Decimal | None:
    """The number in a text such as ``$22,700.00``, ``(1.234,56 €)`` or ``12 %``, or None.

    Parentheses mean a negative amount; a percent sign divides by 100.
    """
    bare = text.strip()
    negative = bare.startswith("(") and bare.endswith(")")
    if negative:
        bare = bare[1:-1]
    percent = "%" in bare
    bare = _AROUND.sub("", bare).strip()
    if not _NUMBER.match(bare):
        return None
    bare = re.sub(r"[ \u00a0\u202f']", "", bare)
    bare = bare.replace(".", "").replace(",", ".") if decimal_comma else bare.replace(",", "")
    try:
        number = Decimal(bare)
    except InvalidOperation:
        return None
    number = -number if negative else number
    return number / 100 if percent else number
