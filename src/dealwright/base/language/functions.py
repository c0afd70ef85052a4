"""The functions there are: an expression can call no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MANY = 20
SPECIAL_FORMS = ("ratio", "muldiv")
MAX_SPECIAL_NESTING = 2


@dataclass(frozen=True, slots=True)
class Function:
    """``usage`` and ``meaning`` are what the help beside a formula shows."""

    usage: str
    meaning: str
    least: int
    most: int


FUNCTIONS: Mapping[str, Function] = {
    "if": Function("if(c, a, b)", "a where c holds, otherwise b", 3, 3),
    "min": Function("min(a, b, …)", "the smallest of the values that are there", 2, MANY),
    "max": Function("max(a, b, …)", "the largest of the values that are there", 2, MANY),
    "abs": Function("abs(x)", "x without its sign", 1, 1),
    "coalesce": Function("coalesce(a, b, …)", "the first value that is there", 2, MANY),
    "round_money": Function(
        "round_money(x, places)",
        "x at 2 or the given number of decimal places (0 to 12), half away from zero",
        1,
        2,
    ),
    "ratio": Function(
        "ratio(a, b, places)",
        "a divided by b at 6 or the given number of decimal places (0 to 12), half away from "
        "zero; 0 where b is 0; never beyond ±999,999,999",
        2,
        3,
    ),
    "muldiv": Function(
        "muldiv(a, b, c, places)",
        "a times b divided by c, rounded once, at 2 or the given number of decimal places "
        "(0 to 12), half away from zero; 0 where c is 0",
        3,
        4,
    ),
    "year": Function("year(d)", "the year of a day", 1, 1),
    "month": Function("month(d)", "the month of a day, 1 to 12", 1, 1),
    "day": Function("day(d)", "the day of the month, 1 to 31", 1, 1),
    "days_between": Function(
        "days_between(a, b)", "days from a to b; negative where b is before a", 2, 2
    ),
    "starts_with": Function("starts_with(t, start)", "whether text t begins with start", 2, 2),
    "contains": Function("contains(t, part)", "whether text t has part in it", 2, 2),
    "lower": Function("lower(t)", "text t in lower case", 1, 1),
    "is_missing": Function("is_missing(x)", "whether x has no value", 1, 1),
}
