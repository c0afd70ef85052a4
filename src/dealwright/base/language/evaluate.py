"""The meaning of an expression, in exact decimals: what every SQL text must agree with.

A missing value (None) makes what is computed from it missing, except in ``coalesce``, ``if``,
``min``, ``max`` (which look at the values that are there) and ``is_missing``. Comparisons with
a missing value are neither true nor false but missing; ``and``, ``or`` and ``not`` follow
three-valued logic as in SQL: ``false and missing`` is false, ``true or missing`` is true. A
condition holds only where it is true (``holds``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from dealwright.base.language.check import RATIO_BOUND, places_of
from dealwright.base.language.errors import LanguageError
from dealwright.base.language.tree import (
    Call,
    Comparison,
    Connection,
    Listing,
    Literal,
    Membership,
    Name,
    Negation,
    Negative,
    Node,
    Product,
    Sum,
)

# Room for every exact product that the checker lets pass, and for numbers that no checker saw.
_EXACT = Context(prec=1_000, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)

Value = Decimal | date | str | bool | list[Any] | None


def evaluate(tree: Node, values: Mapping[str, Any]) -> Value:
    """The value of the expression where names have ``values`` (None for missing).

    Numbers are Decimal or int, never float. Raises LanguageError for a name without entry or a
    value of the wrong kind; an expression that passed ``check`` raises nothing else.
    """
    with localcontext(_EXACT):
        value: Value = _value(tree, values)
    return value


def holds(tree: Node, values: Mapping[str, Any]) -> bool:
    """Whether the condition is true: neither false nor missing."""
    return evaluate(tree, values) is True


def _value(node: Node, values: Mapping[str, Any]) -> Any:
    match node:
        case Literal(value):
            return value
        case Name():
            return _named(node, values)
        case Negative(operand):
            number = _number(operand, values)
            return None if number is None else -number
        case Sum(terms):
            total = Decimal(0)
            found = [(_number(term.node, values), term.negative) for term in terms]
            for number, negative in found:
                if number is None:
                    return None
                total += -number if negative else number
            return total
        case Product(factors):
            product = Decimal(1)
            for number in [_number(factor, values) for factor in factors]:
                if number is None:
                    return None
                product *= number
            return product
        case Comparison():
            return _compare(node, values)
        case Membership():
            return _is_among(node, values)
        case Connection(word, parts):
            return _connect(word, [_truth(part, values) for part in parts])
        case Negation(part):
            truth = _truth(part, values)
            return None if truth is None else not truth
        case Call():
            return _call(node, values)
        case Listing():
            raise LanguageError("A list can only stand after “in”.", node.at)


def _named(node: Name, values: Mapping[str, Any]) -> Value:
    try:
        value = values[node.name]
    except KeyError:
        raise LanguageError(f"There is no value for “{node.name}”.", node.at) from None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value.adjusted()) < 60):
        raise LanguageError(f"“{node.name}” is too large a number.", node.at)
    if value is None or isinstance(value, bool | Decimal | date | str):
        return value
    if isinstance(value, list | tuple):
        return [Decimal(each) if type(each) is int else each for each in value]
    raise LanguageError(
        f"“{node.name}” has a value of the kind {type(value).__name__}, which cannot be computed "
        "with.",
        node.at,
    )


def _number(node: Node, values: Mapping[str, Any]) -> Decimal | None:
    value = _value(node, values)
    if value is None or isinstance(value, Decimal):
        return value
    raise LanguageError("A number is expected here.", node.at)


def _truth(node: Node, values: Mapping[str, Any]) -> bool | None:
    value = _value(node, values)
    if value is None or isinstance(value, bool):
        return value
    raise LanguageError("A yes-or-no question is expected here.", node.at)


def _compare(node: Comparison, values: Mapping[str, Any]) -> bool | None:
    left, right = _value(node.left, values), _value(node.right, values)
    if left is None or right is None:
        return None
    if node.operator in ("=", "!="):
        return _equal(left, right, node) == (node.operator == "=")
    for kind in (Decimal, date):
        if isinstance(left, kind) and isinstance(right, kind):
            comparisons: dict[str, bool] = {
                "<": left < right,  # type: ignore[operator]
                "<=": left <= right,  # type: ignore[operator]
                ">": left > right,  # type: ignore[operator]
                ">=": left >= right,  # type: ignore[operator]
            }
            return comparisons[node.operator]
    raise LanguageError("These values cannot be compared.", node.at)


def _equal(left: Any, right: Any, node: Node) -> bool:
    if type(left) is not type(right) or isinstance(left, list):
        raise LanguageError("These values cannot be compared.", node.at)
    return bool(left == right)


def _is_among(node: Membership, values: Mapping[str, Any]) -> bool | None:
    item = _value(node.item, values)
    if isinstance(node.among, Name):
        listed = _named(node.among, values)
        if listed is None or item is None:
            return None
        if not isinstance(listed, list):
            raise LanguageError("A list is expected here.", node.among.at)
        found: bool | None = item in listed
    else:
        each = [_value(option, values) for option in node.among.items]
        if item is None:
            return None
        found = any(_equal(item, option, node) for option in each if option is not None)
        if not found and None in each:
            return None
    return not found if node.negated else found


def _connect(word: str, truths: Sequence[bool | None]) -> bool | None:
    decisive = word == "or"
    if decisive in truths:
        return decisive
    return None if None in truths else not decisive


def _call(node: Call, values: Mapping[str, Any]) -> Value:
    name = node.function
    if name == "if":
        chosen = 1 if _truth(node.arguments[0], values) is True else 2
        return _value(node.arguments[chosen], values)  # type: ignore[no-any-return]
    if name == "coalesce":
        found = (_value(each, values) for each in node.arguments)
        return next((each for each in found if each is not None), None)
    if name == "is_missing":
        return _value(node.arguments[0], values) is None
    if name in ("min", "max"):
        return _extreme(node, [_value(each, values) for each in node.arguments])
    if name in ("round_money", "ratio", "muldiv"):
        return _rounded(node, values)
    arguments = [_value(each, values) for each in node.arguments]
    if None in arguments:
        return None
    simple = _SIMPLE.get(name)
    if simple is None:
        raise LanguageError(f"There is no function “{name}”.", node.at)
    kind, function = simple
    if not all(isinstance(each, kind) and not isinstance(each, bool) for each in arguments):
        raise LanguageError(f"{name} is given a value of the wrong kind.", node.at)
    return function(*arguments)


_SIMPLE: dict[str, tuple[type, Callable[..., Value]]] = {
    "abs": (Decimal, abs),
    "year": (date, lambda day: Decimal(day.year)),
    "month": (date, lambda day: Decimal(day.month)),
    "day": (date, lambda day: Decimal(day.day)),
    "days_between": (date, lambda first, last: Decimal((last - first).days)),
    "starts_with": (str, lambda text, start: text.startswith(start)),
    "contains": (str, lambda text, part: part in text),
    "lower": (str, lambda text: text.lower()),
}


def _extreme(node: Call, found: Sequence[Any]) -> Value:
    there = [each for each in found if each is not None]
    if not there:
        return None
    for kind in (Decimal, date):
        if all(isinstance(each, kind) for each in there):
            chosen: Value = min(there) if node.function == "min" else max(there)
            return chosen
    raise LanguageError(f"{node.function} takes numbers or days.", node.at)


def _rounded(node: Call, values: Mapping[str, Any]) -> Decimal | None:
    places = places_of(node)
    given = {"round_money": 1, "ratio": 2, "muldiv": 3}[node.function]
    numbers = [_number(each, values) for each in node.arguments[:given]]
    present = [each for each in numbers if each is not None]
    if len(present) < len(numbers):
        return None
    if node.function == "round_money":
        return _round(present[0], places)
    *above, below = present
    if below == 0:
        return Decimal(0)
    numerator = Decimal(1)
    for each in above:
        numerator *= each
    result = _divide(numerator, below, places)
    if node.function == "ratio":
        # Kept out of the way of overflow: what is this far off is no attainment any more.
        limit = RATIO_BOUND - Decimal(1).scaleb(-places)
        return max(-limit, min(limit, result))
    return result


def _round(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _divide(above: Decimal, below: Decimal, places: int) -> Decimal:
    """Rounded once, half away from zero, by whole numbers alone."""
    (n1, d1), (n2, d2) = above.as_integer_ratio(), below.as_integer_ratio()
    numerator, denominator = n1 * d2 * 10**places, d1 * n2
    quotient = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    negative = (numerator < 0) != (denominator < 0)
    return Decimal(-quotient if negative else quotient).scaleb(-places)
