"""JSON in the one form that is hashed: RFC 8785 (JSON Canonicalization Scheme)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

_LARGEST = 2**53 - 1  # beyond it a JSON number is not the same in every reader (RFC 7493, 2.2)
_DEEPEST = 40
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]


def canonical_json(value: Any) -> str:
    """The RFC 8785 text of a value: keys by UTF-16 code units, no spaces, fixed escapes.

    Decimals, dates, times (as UTC) and UUIDs become strings first, see ``plain``. Raises
    ValueError for what has no exact form: floats, integers beyond 2**53 - 1, lone
    surrogates, the character NUL (PostgreSQL cannot keep it).
    """
    parts: list[str] = []
    _write(plain(value), parts)
    return "".join(parts)


def plain(value: Any, depth: int = 0) -> Plain:
    """The value in JSON's own types, as it is stored beside its canonical text."""
    if depth > _DEEPEST:
        raise ValueError(f"Evidence may be nested at most {_DEEPEST} deep.")
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError(f"{value} is too large for a JSON number; give it as text.")
        return value
    if isinstance(value, float):
        raise ValueError("Evidence takes no floats: their text differs between programs.")
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is no finite number.")
        return f"{value:f}"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone.")
        return utc_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): plain(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, depth + 1) for each in value]
    raise ValueError(f"Evidence cannot hold a {type(value).__name__}.")


def utc_text(moment: datetime) -> str:
    """A moment as ``2026-11-24T10:38:00.123456Z``, always with six digits."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ValueError(f"A key must be text, not {type(key).__name__}.")
    return _text(key)


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("Text may not hold the character NUL.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("Text may not hold half of a surrogate pair.") from None
    return str(text)


def _write(value: Plain, parts: list[str]) -> None:
    match value:
        case None:
            parts.append("null")
        case True:
            parts.append("true")
        case False:
            parts.append("false")
        case int():
            parts.append(str(value))
        case str():
            parts.append(_quoted(value))
        case list():
            for index, each in enumerate(value):
                parts.append("," if index else "[")
                _write(each, parts)
            parts.append("]" if value else "[]")
        case dict():
            # RFC 8785, 3.2.3: by UTF-16 code units, which big-endian bytes order alike.
            keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
            for index, key in enumerate(keys):
                parts.append("," if index else "{")
                parts.append(_quoted(key))
                parts.append(":")
                _write(value[key], parts)
            parts.append("}" if value else "{}")


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\u{ord(character):04x}" if character < " " else character
