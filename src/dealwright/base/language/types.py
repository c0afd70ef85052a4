"""What values an expression is made of. Numbers carry their unit, their size and their decimal
places, so that every step has a known exact type in every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

MAX_DIGITS = 37  # one less than the engines' 38: Spark gives up a decimal place at 38
POSTGRES_DIGITS = 300  # PostgreSQL's own limit is 1,000

Unit = Literal["number", "money", "rate", "quantity"]


@dataclass(frozen=True, slots=True)
class Numeric:
    """A decimal number: absolutely less than ``bound``, with at most ``scale`` decimal places.

    ``constant`` numbers, made of literals alone, take the unit of what they meet.
    """

    unit: Unit
    bound: int
    scale: int
    currency: str = ""
    minor: int = 2  # decimal places of the currency
    constant: bool = False

    @property
    def whole(self) -> int:
        """Digits before the point."""
        return len(str(max(self.bound - 1, 0)))

    @property
    def digits(self) -> int:
        return self.whole + self.scale

    def __str__(self) -> str:
        if self.unit == "money":
            return f"money in {self.currency}" if self.currency else "money"
        return {"number": "a number", "rate": "a rate", "quantity": "a quantity"}[self.unit]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A day, a text, or yes or no."""

    kind: Literal["date", "string", "bool"]

    def __str__(self) -> str:
        return {"date": "a day", "string": "text", "bool": "yes or no"}[self.kind]


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Numeric | Scalar

    def __str__(self) -> str:
        return f"a list of {self.item}"


Type = Numeric | Scalar | ListOf
Schema = Mapping[str, Type]

DATE = Scalar("date")
STRING = Scalar("string")
BOOL = Scalar("bool")


def number(whole: int = 16, scale: int = 6) -> Numeric:
    """A bare number of up to ``whole`` digits before and ``scale`` after the point."""
    return Numeric("number", 10**whole, scale)


def money(currency: str = "", whole: int = 16, scale: int = 2, minor: int = 2) -> Numeric:
    """An amount of one currency, stored as ``DECIMAL(18, 2)``; ``minor`` is how many decimal
    places the currency has. Without a currency: the one of the record at hand."""
    return Numeric("money", 10**whole, scale, currency, minor)


def rate(whole: int = 3, scale: int = 6) -> Numeric:
    """A fraction such as 0.05, stored as ``DECIMAL(9, 6)``."""
    return Numeric("rate", 10**whole, scale)


def quantity(whole: int = 14, scale: int = 4) -> Numeric:
    """A count of things, stored as ``DECIMAL(18, 4)``."""
    return Numeric("quantity", 10**whole, scale)


def common_unit(left: Numeric, right: Numeric) -> Numeric | None:
    """The type that holds the values of both, or None where they cannot be compared or added."""
    bound, scale = max(left.bound, right.bound), max(left.scale, right.scale)
    if left.constant and not right.constant:
        return replace(right, bound=bound, scale=scale)
    if right.constant and not left.constant:
        return replace(left, bound=bound, scale=scale)
    if left.unit != right.unit or left.currency != right.currency:
        return None
    return replace(left, bound=bound, scale=scale)
