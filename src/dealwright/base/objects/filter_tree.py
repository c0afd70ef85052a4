"""The filter tree as a person's JSON and as checked, typed nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.filter_values import read_value
from dealwright.base.objects.formulas import formula_kind
from dealwright.base.objects.paths import FieldPath, resolve_path
from dealwright.base.objects.registry import ObjectType

MAX_DEPTH = 8
MAX_NODES = 200


class Op(StrEnum):
    """What a condition asks of a value."""

    IS = "is"
    IS_NOT = "is_not"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    BETWEEN = "between"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"
    WITHIN_LAST_DAYS = "within_last_days"
    WITHIN_NEXT_DAYS = "within_next_days"
    IS_ME = "is_me"


_EQUAL = (Op.IS, Op.IS_NOT, Op.IN, Op.NOT_IN)
_ORDER = (Op.GT, Op.GTE, Op.LT, Op.LTE, Op.BETWEEN)
_THERE = (Op.EMPTY, Op.NOT_EMPTY)
_TEXT = (Op.IS, Op.IS_NOT, Op.CONTAINS, Op.STARTS_WITH, Op.IN, Op.NOT_IN, *_THERE)
_NUMBER = (*_EQUAL, *_ORDER, *_THERE)
_MOMENT = (Op.IS, Op.IS_NOT, *_ORDER, Op.WITHIN_LAST_DAYS, Op.WITHIN_NEXT_DAYS, *_THERE)

OPS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.TEXT: _TEXT,
    Kind.LONG_TEXT: _TEXT,
    Kind.EMAIL: _TEXT,
    Kind.PHONE: _TEXT,
    Kind.URL: _TEXT,
    Kind.NUMBER: _NUMBER,
    Kind.INTEGER: _NUMBER,
    Kind.MONEY: _NUMBER,
    Kind.PERCENT: _NUMBER,
    Kind.DATE: _MOMENT,
    Kind.DATETIME: _MOMENT,
    Kind.BOOLEAN: (Op.IS, Op.IS_NOT, *_THERE),
    Kind.CHOICE: (*_EQUAL, *_THERE),
    Kind.CHOICES: (*_EQUAL, Op.CONTAINS, *_THERE),
    Kind.RELATION: (*_EQUAL, *_THERE),
    Kind.USER: (*_EQUAL, Op.IS_ME, *_THERE),
    Kind.JSON: _THERE,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One checked question. ``value`` is what ``read_value`` made for the kind and op of what
    was ``given``; ``kind`` is the field's, or for a formula the kind of its result."""

    path: FieldPath
    kind: Kind
    op: Op
    value: Any
    given: Any


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold. Without parts it asks nothing: the whole filter may be so, a part never."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    part: Node


Node = Condition | Every | Some | Negation
NOTHING_ASKED = Every(())


def kind_of(field: Field, of: ObjectType | None) -> Kind:
    """The kind by which a field is filtered: a formula counts as what it results in."""
    if field.kind != Kind.FORMULA or of is None:
        return field.kind
    return formula_kind(of, field)


def ops_of(kind: Kind) -> tuple[Op, ...]:
    """What may be asked of a field of this kind."""
    return OPS.get(kind, ())


def read_filter(of: ObjectType, tree: Any, user: Any = None, *, trusted: bool = False) -> Node:
    """Check a filter tree and type its values.

    ``{}``, None and a group that a person opened in the builder and left empty ask nothing.
    ``user`` is who asks: it gives "me", the time zone of "today", and (unless the tree is
    ``trusted``) which fields exist.
    Raises Invalid with the key of the field that is wrong (``filter`` for a tree that is no
    tree).
    """
    if tree is None or tree == {}:
        return NOTHING_ASKED
    return _Reader(of, user, trusted).node(tree, 1)


class _Reader:
    def __init__(self, of: ObjectType, user: Any, trusted: bool) -> None:
        self.of = of
        self.user = user
        self.seer = None if trusted else user
        self.count = 0

    def node(self, tree: Any, depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH:
            raise _broken(f"A filter may nest at most {MAX_DEPTH} levels deep.")
        if self.count > MAX_NODES:
            raise _broken(f"A filter may have at most {MAX_NODES} conditions.")
        if not isinstance(tree, Mapping):
            raise _broken("Each part of a filter is an object with all, any, not or field.")
        if "field" in tree:
            return self.condition(tree)
        if len(tree) != 1:
            raise _broken("Each part of a filter has exactly one of all, any, not or field.")
        ((word, inside),) = tree.items()
        if word == "not":
            part = self.node(inside, depth + 1)
            return part if part == NOTHING_ASKED else Negation(part)
        if word not in ("all", "any"):
            raise _broken(f"“{str(word)[:40]}” is none of all, any, not and field.")
        if not isinstance(inside, list):
            raise _broken(f"“{word}” takes a list of conditions.")
        read = (self.node(each, depth + 1) for each in inside)
        parts = tuple(part for part in read if part != NOTHING_ASKED)
        return Some(parts) if word == "any" and parts else Every(parts)

    def condition(self, tree: Mapping[str, Any]) -> Condition:
        unknown = set(tree) - {"field", "op", "value"}
        if unknown:
            raise _broken(f"A condition has field, op and value; not “{str(min(unknown))[:40]}”.")
        path = resolve_path(self.of, tree["field"], self.seer)
        kind = kind_of(path.field, path.place.of)
        allowed = ops_of(kind)
        if not path.field.filterable or not allowed:
            raise _wrong(path, f"{path.label} cannot be filtered by.")
        given = tree.get("op")
        if given not in tuple(op.value for op in allowed):
            raise _wrong(
                path,
                f"{path.label}: “{str(given)[:40]}” is none of: "
                + ", ".join(op.value for op in allowed)
                + ".",
            )
        op = Op(given)
        try:
            value = read_value(path.field, kind, op.value, tree.get("value"), self.user)
        except ValueError as error:
            raise _wrong(path, f"{path.label}: {error}") from None
        return Condition(path, kind, op, value, tree.get("value"))


def _wrong(path: FieldPath, sentence: str) -> Invalid:
    return Invalid(sentence, fields={path.key: [sentence]})


def _broken(sentence: str) -> Invalid:
    return Invalid(sentence, code="invalid_filter", fields={"filter": [sentence]})
