"""An expression as an English sentence, for the plan a person signs and the rule a person reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from dealwright.base.language.check import places_of
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

_OPERATORS = {
    "=": "is",
    "!=": "is not",
    "<": "is less than",
    "<=": "is at most",
    ">": "is more than",
    ">=": "is at least",
}
# How tightly each kind of phrase binds; looser ones get brackets inside tighter ones.
_LOOSE = {"or": 1, "and": 2, "question": 3, "clause": 4, "sum": 5, "product": 6, "word": 9}


def to_english(tree: Node, labels: Mapping[str, str] | None = None) -> str:
    """What the expression says; ``labels`` are the names a person knows the values by."""
    return _say(tree, labels or {})[0]


def _say(node: Node, labels: Mapping[str, str]) -> tuple[str, int]:
    def inside(part: Node, than: str) -> str:
        text, binding = _say(part, labels)
        return text if binding > _LOOSE[than] else f"({text})"

    match node:
        case Literal(value):
            return _literal(value), _LOOSE["word"]
        case Name(name):
            return labels.get(name, name), _LOOSE["word"]
        case Negative(operand):
            return f"minus {inside(operand, 'product')}", _LOOSE["product"]
        case Sum(terms):
            text = inside(terms[0].node, "clause")
            for term in terms[1:]:
                word = "minus" if term.negative else "plus"
                text += f" {word} {inside(term.node, 'sum')}"
            return text, _LOOSE["sum"]
        case Product(factors):
            return " times ".join(inside(each, "sum") for each in factors), _LOOSE["product"]
        case Comparison(operator, left, right):
            sides = inside(left, "question"), inside(right, "question")
            return f"{sides[0]} {_OPERATORS[operator]} {sides[1]}", _LOOSE["question"]
        case Membership(item, among, negated):
            if isinstance(among, Name):
                word = "is not in" if negated else "is in"
                listed = labels.get(among.name, among.name)
            else:
                word = "is none of" if negated else "is one of"
                listed = ", ".join(_say(each, labels)[0] for each in among.items)
            return f"{inside(item, 'question')} {word} {listed}", _LOOSE["question"]
        case Connection(word, parts):
            # "and" in "or" gets brackets too, so that nobody has to know which binds tighter.
            text = f" {word} ".join(inside(each, "and") for each in parts)
            return text, _LOOSE[word]
        case Negation(part):
            return f"not ({_say(part, labels)[0]})", _LOOSE["question"]
        case Listing(items):
            return ", ".join(_say(each, labels)[0] for each in items), _LOOSE["word"]
        case Call(function, arguments):
            tight = function in ("ratio", "muldiv", "abs", "lower", "days_between")
            loose = [_say(each, labels)[0] for each in arguments]
            said = [inside(each, "product") for each in arguments] if tight else loose
            return _call(node, said)


def _call(node: Call, said: list[str]) -> tuple[str, int]:
    clause, word = _LOOSE["clause"], _LOOSE["word"]
    match node.function:
        case "if":
            return f"{said[1]} if {said[0]}, otherwise {said[2]}", clause
        case "min" | "max":
            size = "smallest" if node.function == "min" else "largest"
            return f"the {size} of {_listed(said)}", clause
        case "coalesce":
            return f"{said[0]}, where missing {', else '.join(said[1:])}", clause
        case "abs":
            return f"{said[0]} without its sign", clause
        case "round_money":
            return f"{said[0]}, rounded to {_places(node)}", clause
        case "ratio":
            return (
                f"{said[0]} divided by {said[1]} (0 where that is 0), rounded to {_places(node)}",
                clause,
            )
        case "muldiv":
            return (
                f"{said[0]} times {said[1]} divided by {said[2]} (0 where that is 0), rounded to "
                f"{_places(node)}",
                clause,
            )
        case "year" | "month" | "day":
            return f"the {node.function} of {said[0]}", word
        case "days_between":
            return f"the days from {said[0]} to {said[1]}", clause
        case "starts_with":
            return f"{said[0]} starts with {said[1]}", _LOOSE["question"]
        case "contains":
            return f"{said[0]} contains {said[1]}", _LOOSE["question"]
        case "lower":
            return f"{said[0]} in lower case", clause
        case _:
            return f"{said[0]} is missing", _LOOSE["question"]


def _listed(said: list[str]) -> str:
    return ", ".join(said[:-1]) + f" and {said[-1]}"


def _places(node: Call) -> str:
    places = places_of(node)
    if places == 0:
        return "a whole number"
    return f"{places} decimal place" if places == 1 else f"{places} decimal places"


def _literal(value: Decimal | date | str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return f"“{value}”"
    if isinstance(value, date):
        return value.isoformat()
    if 0 < value < 1 and (value * 100).normalize().as_tuple().exponent in (0, 1, -1, -2):
        return f"{(value * 100).normalize():f}%"
    return f"{value:,f}"
