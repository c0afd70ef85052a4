"""Cells of CSV files that a spreadsheet shows as they are."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula: an apostrophe comes before what would begin
    one, unless it is a number (OWASP, CSV injection)."""
    begins = text[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{text}" if begins and not _is_number(text) else text


def _is_number(text: str) -> bool:
    with suppress(ValueError, ArithmeticError):
        return Decimal(text).is_finite()
    return False
