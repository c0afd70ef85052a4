"""What can be asked of any object: pages of rows, counts, one row.

Rows are dictionaries read straight from the database; no model object is built. Every
question takes the actor and sees through ``visible_to``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, visible_records
from dealwright.base.database.statements import LINKED, Slot, Statement, compile_rows
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.custom_fields import keep_custom_fields
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.paths import resolve_path
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.cursors import (
    Order,
    Place,
    page_statements,
    read_cursor,
    rows_from,
    write_cursor,
)
from dealwright.base.records.rows import Row, RowReader, value_expression
from dealwright.base.records.selections import Tree, selected_records
from dealwright.base.records.statements import as_word, keep

MAX_ROWS = 100
COUNT_CAP = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list and the cursors to its neighbours ("" where there is none)."""

    rows: list[Row]
    next_cursor: str
    previous_cursor: str


@dataclass(frozen=True, slots=True)
class _List:
    """How a list is read: kept for those who ask for it again."""

    order: Order
    reader: RowReader
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many; ``capped`` says that there are more than ``count``."""

    count: int
    capped: bool


def list_records(
    actor: Actor,
    of: ObjectType,
    *,
    filter: Tree | None = None,
    search: str = "",
    sort: str = "",
    columns: Sequence[str] | None = None,
    cursor: str = "",
    limit: int = 50,
    linked: tuple[str, UUID] | None = None,
) -> Page:
    """A page of rows, in one or two statements.

    ``linked`` keeps to the records whose relation of that key leads to the record of that id;
    unlike such a condition in the filter, it shares one statement for all records.

    ``sort`` is a sortable field's key, ``-`` before it for the other direction; rows without a
    value come last either way. ``columns`` are field keys, also over relations
    (``account.industry``), all fields when None. See ``RowReader`` for the shape of a row.
    Raises Invalid for a wrong filter, sort, column, cursor or limit.
    """
    if not 1 <= limit <= MAX_ROWS:
        sentence = f"Ask for 1 to {MAX_ROWS} rows at once."
        raise Invalid(sentence, fields={"limit": [sentence]})
    tree = filter
    if linked is not None:
        link = {"field": linked[0], "op": "is", "value": LINKED}
        tree = {"all": [filter, link]} if filter else link

    place = read_cursor(of.key, sort or of.default_sort, cursor)

    def write() -> _List:
        order = order_of(actor, of, sort)
        reader = RowReader(actor, of, columns)
        rows = selected_records(actor, of, filter=tree, search=search)
        rows = rows.annotate(**reader.expressions, dw_sort=order.expression)
        names = [*reader.names, "dw_sort"]
        return _List(order, reader, page_statements(rows, order, place, limit + 1, names))

    with keep_custom_fields():
        if search.strip():
            asked = write()
        else:
            # Of a place only its kind shapes the statement.
            kind = None if place is None else (place.backward, place.value is None)
            shown = None if columns is None else tuple(columns)
            question = ("list", of.key, as_word(tree), sort, shown, kind, limit)
            asked = keep(actor, question, write)
        given = {"linked": linked[1]} if linked is not None else {}
        found = rows_from(asked.statements, place, limit + 1, given)
    return make_page(of, asked.order, place, asked.reader, found, limit)


def make_page(
    of: ObjectType,
    order: Order,
    place: Place | None,
    reader: RowReader,
    found: list[tuple[Any, ...]],
    limit: int,
) -> Page:
    """A page of what ``rows_from`` found with ``limit + 1`` and the order's value last."""
    more = len(found) > limit
    found = found[:limit]
    backward = place is not None and place.backward
    if backward:
        found.reverse()
    before = more if backward else place is not None
    after = backward or more

    def cursor(values: Sequence[Any], *, back: bool) -> str:
        return write_cursor(of.key, order, Place(values[-1], values[0], back))

    return Page(
        rows=[reader.row(values) for values in found],
        next_cursor=cursor(found[-1], back=False) if after and found else "",
        previous_cursor=cursor(found[0], back=True) if before and found else "",
    )


def order_of(actor: Actor, of: ObjectType, sort: str) -> Order:
    """The order that a sort key names; the object's own when empty. Raises Invalid."""
    name = sort or of.default_sort
    key = name.removeprefix("-")
    path = resolve_path(of, key, actor.user)
    if not path.field.sortable or path.hops or path.field.kind in (Kind.CHOICES, Kind.JSON):
        sentence = f"{of.label_plural} cannot be sorted by {path.label}."
        raise Invalid(sentence, fields={"sort": [sentence]})
    column = None
    if not path.field.custom and "__" not in path.field.column:
        column = of.model._meta.get_field(path.field.column)
    return Order(
        name=name,
        expression=value_expression(path, actor.user),
        descending=name.startswith("-"),
        nullable=column is None or getattr(column, "null", True),
    )


def count_records(
    actor: Actor,
    of: ObjectType,
    *,
    filter: Tree | None = None,
    search: str = "",
    cap: int = COUNT_CAP,
) -> Count:
    """How many rows the list has; counting stops at ``cap``, so that it stays quick."""
    with keep_custom_fields():
        rows = selected_records(actor, of, filter=filter, search=search)
        number = rows.order_by().values("pk")[: cap + 1].count()
    return Count(min(number, cap), number > cap)


def get_row(
    actor: Actor, of: ObjectType, record_id: Any, columns: Sequence[str] | None = None
) -> Row:
    """One record as a row; raises NotFound alike for absent and for hidden."""

    def write() -> tuple[RowReader, Statement]:
        reader = RowReader(actor, of, columns)
        rows = visible_records(actor, of.key).filter(pk=Slot("id"))
        return reader, compile_rows(rows.annotate(**reader.expressions), reader.names)

    with keep_custom_fields():
        shown = None if columns is None else tuple(columns)
        reader, statement = keep(actor, ("row", of.key, shown), write)
        found = statement.rows({"id": as_uuid(record_id)})
    if not found:
        raise NotFound(f"This {of.label.lower()} does not exist, or you may not see it.")
    return reader.row(found[0])


def get_rows(
    actor: Actor, of: ObjectType, ids: Sequence[Any], columns: Sequence[str] | None = None
) -> Mapping[Any, Row]:
    """Up to 1,000 records by id, in one statement; those the actor may not see are left out."""
    with keep_custom_fields():
        reader = RowReader(actor, of, columns)
        rows = reader.read(visible_records(actor, of.key).filter(pk__in=list(ids)[:1_000]))
    return {row["id"]: row for row in rows}
