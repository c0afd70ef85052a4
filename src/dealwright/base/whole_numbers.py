"""Whole numbers as strangers send them: in addresses, forms and headers."""

from __future__ import annotations

from typing import Any


def whole_number(text: Any, *, most: int, least: int = 0) -> int | None:
    """The number that plain digits say, None for any other text and outside the bounds.

    A long row of digits is never turned into a number, which takes time that grows with the
    square of its length and ends in an error beyond 4,300 digits.
    """
    digits = str(text).strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most)) + 9):
        return None
    number = int(digits)
    return number if least <= number <= most else None
