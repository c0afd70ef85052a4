"""From text to words, numbers, days, texts and signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from dealwright.base.language.errors import LanguageError

MAX_LENGTH = 2_000
MAX_WHOLE_DIGITS = 18
MAX_DECIMAL_PLACES = 12

Kind = Literal["number", "date", "text", "word", "sign", "end"]

_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<date>\d{4}-\d{2}-\d{2}(?![\w-]))
  | (?P<number>\d+(?:\.\d+)?\s?%?(?![\w.]))
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
  | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<sign>==|!=|<>|<=|>=|[-+*<>=(),])
    """,
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """``value`` is a Decimal, a date or a str; ``at`` the position of its first character."""

    kind: Kind
    value: Decimal | date | str
    at: int


def read_tokens(text: str) -> list[Token]:
    """All tokens and an ``end``; raises LanguageError with the position of what is none.

    Numbers are decimal (``0.05``, ``5%``), days ISO 8601 (``2027-01-31``), texts stand in
    single or double quotes, a quote inside is written twice.
    """
    if len(text) > MAX_LENGTH:
        raise LanguageError(
            f"An expression may have at most {MAX_LENGTH:,} characters; this has {len(text):,}.",
            MAX_LENGTH,
        )
    return [*_tokens(text), Token("end", "", len(text))]


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise LanguageError(_complaint(text, at), at)
        found = match.group()
        match match.lastgroup:
            case "number":
                yield Token("number", _number(found, at), at)
            case "date":
                yield Token("date", _date(found, at), at)
            case "text":
                yield Token("text", _text(found, at), at)
            case "word":
                yield Token("word", found, at)
            case "sign":
                yield Token("sign", found, at)
        at = match.end()


def _complaint(text: str, at: int) -> str:
    character = text[at]
    if character in "'\"":
        return "This text has no closing quote."
    if character == "/":
        return "There is no division. Use ratio(a, b) or muldiv(a, b, c)."
    if character.isdigit():
        return "This number cannot be read. Write it like 1234.50 or 5%."
    return f"“{character}” cannot stand here."


def _number(found: str, at: int) -> Decimal:
    whole, _, places = found.rstrip("% \t\n\r\f\v").partition(".")
    if len(whole.lstrip("0")) > MAX_WHOLE_DIGITS or len(places) > MAX_DECIMAL_PLACES:
        raise LanguageError(
            f"A number may have at most {MAX_WHOLE_DIGITS} digits before and "
            f"{MAX_DECIMAL_PLACES} after the point.",
            at,
        )
    number = Decimal(f"{whole}.{places}" if places else whole)
    return number.scaleb(-2) if found.endswith("%") else number


def _date(found: str, at: int) -> date:
    try:
        return date.fromisoformat(found)
    except ValueError:
        raise LanguageError(f"“{found}” is not a day of the calendar.", at) from None


def _text(found: str, at: int) -> str:
    quote = found[0]
    text = found[1:-1].replace(quote * 2, quote)
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise LanguageError("A text may not hold control characters.", at)
    return text
