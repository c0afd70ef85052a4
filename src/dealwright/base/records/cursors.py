"""Keyset paging: where a page ended, as a signed word, and the rows after it.

A list is ordered by one expression and then by id. Rows without a value come last in both
directions, read by a statement of their own, so that a plain index on (column, id) serves
every page of either direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django.core import signing
from django.db import models
from django.db.models import F, Func, OrderBy, Q
from django.db.models.lookups import IsNull

from dealwright.base.database.statements import Slot, Statement, Values, compile_rows
from dealwright.base.errors import Invalid


@dataclass(frozen=True, slots=True)
class Order:
    """By ``expression`` and then by id, both in one direction. ``name`` tells orders apart."""

    name: str
    expression: Any
    descending: bool
    nullable: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A row's place in an order; ``value`` is None among the rows without value."""

    value: Any
    id: UUID
    backward: bool = False


class _Beyond(Func):
    """``(value, id) < (place's value, place's id)``: one comparison that an index can start at."""

    arity = 4
    output_field: ClassVar[Any] = models.BooleanField()

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: Any = None,
        template: Any = None,
        arg_joiner: Any = None,
        **extra: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        compiled = [compiler.compile(each) for each in self.get_source_expressions()]
        texts = [sql for sql, _ in compiled]
        params = tuple(param for _, each in compiled for param in each)
        sign = self.extra["sign"]
        return f"({texts[0]}, {texts[1]}) {sign} ({texts[2]}, {texts[3]})", params


def page_statements(
    rows: models.QuerySet[Any], order: Order, place: Place | None, limit: int, fields: list[str]
) -> tuple[Statement, ...]:
    """What reads up to ``limit`` rows beyond a place, nearest first, as tuples of ``fields``.

    There are two where a list has rows without a value: those with one, then those without.
    The place itself is given to ``rows_from``: only its kind matters here.
    """
    backward = place is not None and place.backward
    descending = order.descending != backward
    sign = "<" if descending else ">"
    phases = ["values", "nulls"] if order.nullable else ["values"]
    if backward:
        phases.reverse()
    if place is not None and len(phases) == 2:
        phases = phases[phases.index("nulls" if place.value is None else "values") :]
    statements = []
    for number, phase in enumerate(phases):
        starts = place is not None and number == 0
        part = rows
        keys: list[Any] = [OrderBy(F("pk"), descending=descending)]
        after = Slot("id", models.UUIDField())
        if phase == "values":
            keys.insert(0, OrderBy(order.expression, descending=descending))
            if order.nullable:
                part = part.filter(Q(IsNull(order.expression, False)))
            if starts:
                beyond = _Beyond(order.expression, F("pk"), Slot("value"), after, sign=sign)
                part = part.filter(Q(beyond))
        else:
            part = part.filter(Q(IsNull(order.expression, True)))
            if starts:
                part = part.filter(**{"pk__lt" if descending else "pk__gt": after})
        statements.append(compile_rows(part.order_by(*keys)[:limit], fields))
    return tuple(statements)


def rows_from(
    statements: Sequence[Statement], place: Place | None, limit: int, given: Values
) -> list[tuple[Any, ...]]:
    """Up to ``limit`` rows by ``page_statements``; the second one is asked only if it must."""
    if place is not None:
        given = {**given, "id": place.id, "value": place.value}
    found: list[tuple[Any, ...]] = []
    for statement in statements:
        found += statement.rows(given)[: limit - len(found)]
        if len(found) >= limit:
            break
    return found


def write_cursor(list_name: str, order: Order, place: Place) -> str:
    """The place as a word that tells nothing and cannot be altered or used for another list."""
    packed = [_pack(place.value), place.id.hex, place.backward]
    return signing.dumps(packed, salt=f"cursor:{list_name}:{order.name}", compress=True)


def read_cursor(list_name: str, order_name: str, cursor: str) -> Place | None:
    """The place that a cursor names; raises Invalid for a word we never gave for this list."""
    if not cursor:
        return None
    try:
        value, key, backward = signing.loads(cursor, salt=f"cursor:{list_name}:{order_name}")
    except (signing.BadSignature, ValueError):
        sentence = "This cursor does not belong to this list in this order. Start from the top."
        raise Invalid(sentence, code="invalid_cursor", fields={"cursor": [sentence]}) from None
    return Place(_unpack(value), UUID(hex=key), bool(backward))


def _pack(value: Any) -> list[Any] | None:
    match value:
        case None:
            return None
        case bool() | int() | str():
            return ["", value]
        case Decimal():
            return ["n", str(value)]
        case datetime():
            return ["t", value.isoformat()]
        case date():
            return ["d", value.isoformat()]
        case UUID():
            return ["u", value.hex]
    raise TypeError(f"A list cannot be ordered by {type(value).__name__}.")


def _unpack(packed: list[Any] | None) -> Any:
    if packed is None:
        return None
    kind, value = packed
    readers: dict[str, Any] = {
        "n": Decimal,
        "t": datetime.fromisoformat,
        "d": date.fromisoformat,
        "u": lambda text: UUID(hex=text),
    }
    return readers[kind](value) if kind else value
