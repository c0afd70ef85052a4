"""An expression as a tree. Nodes are plain and frozen; ``at`` is their place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal as OneOf

Operator = OneOf["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Literal:
    value: Decimal | date | str | bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A value from outside, by its name in the schema (``amount``, ``account.industry``)."""

    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """A summand; ``negative`` where it is subtracted."""

    node: Node
    negative: bool


@dataclass(frozen=True, slots=True)
class Sum:
    terms: tuple[Term, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Product:
    factors: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: Operator
    left: Node
    right: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """The values in brackets after ``in``."""

    items: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Membership:
    """``item in (a, b)`` or ``item in list_name``."""

    item: Node
    among: Listing | Name
    negated: bool
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Connection:
    word: OneOf["and", "or"]
    parts: tuple[Node, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Negation:
    part: Node
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One of the functions in ``functions.FUNCTIONS``; there are no others."""

    function: str
    arguments: tuple[Node, ...]
    at: int = field(default=0, compare=False)


Node = (
    Literal
    | Name
    | Negative
    | Sum
    | Product
    | Comparison
    | Listing
    | Membership
    | Connection
    | Negation
    | Call
)


def parts_of(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Negative(operand):
            return (operand,)
        case Sum(terms):
            return tuple(term.node for term in terms)
        case Product(factors):
            return factors
        case Comparison(_, left, right):
            return (left, right)
        case Listing(items):
            return items
        case Membership(item, among):
            return (item, among)
        case Connection(_, parts):
            return parts
        case Negation(part):
            return (part,)
        case Call(_, arguments):
            return arguments
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    waiting: list[Node] = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(parts_of(each)))


def names_in(node: Node) -> list[str]:
    """The names the expression reads, each once, in the order of the text."""
    return list(dict.fromkeys(each.name for each in walk(node) if isinstance(each, Name)))
