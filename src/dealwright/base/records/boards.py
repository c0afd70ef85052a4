"""A board: the first cards of every column in one statement, sums in a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, OrderBy, Q, Value
from django.db.models.fields.related import RelatedField
from django.db.models.lookups import IsNull

from dealwright.base.access.actor import Actor
from dealwright.base.database.statements import Statement, compile_rows
from dealwright.base.errors import Invalid
from dealwright.base.objects.columns import column_of
from dealwright.base.objects.crossing import living_rows
from dealwright.base.objects.custom_fields import keep_custom_fields
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import resolve_path
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.records.cursors import Order
from dealwright.base.records.queries import make_page, order_of
from dealwright.base.records.rows import Row, RowReader
from dealwright.base.records.selections import Tree, selected_records
from dealwright.base.records.statements import as_word, keep
from dealwright.base.records.summaries import Sums, summarize_records

CARDS = 25
MAX_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One column: its first cards, how many rows it has and their sums (None and empty without
    sums), and the cursor by which ``list_records`` goes on with ``more``, the filter of the
    column's rows."""

    key: str
    label: str
    cards: list[Row]
    next_cursor: str
    more: Tree
    count: int | None = None
    sums: Sums = field(default_factory=dict)


def board_columns(
    actor: Actor,
    of: ObjectType,
    *,
    filter: Tree | None = None,
    search: str = "",
    by: str = "",
    sort: str = "",
    columns: Sequence[str] | None = None,
    sums: Sequence[str] = (),
    with_sums: bool = True,
    cards: int = CARDS,
) -> list[BoardColumn]:
    """The board of an object by a choice or a relation, ``of.board_field`` unless told otherwise.

    Each column reads its own first cards from the index on (column, order), so that a large
    column costs no more than a small one. With ``with_sums`` one more statement counts and
    sums all rows; a page may show the cards first and ask for ``board_sums`` after.
    Raises Invalid for a field that makes no columns.
    """
    with keep_custom_fields():
        board_field = _board_field(actor, of, by)
        options = _options(actor, board_field)
        order = order_of(actor, of, sort)
        reading = _Reading(actor, of, board_field, order, filter, search, columns)
        found = reading.first_cards([key for key, _ in options], cards + 1)
        totals = (
            board_sums(actor, of, filter=filter, search=search, by=by, sums=sums)
            if with_sums
            else None
        )
    result = []
    for key, label in options:
        page = make_page(of, order, None, reading.reader, found.get(key, []), cards)
        column: Tree = {"field": board_field.key, "op": "is", "value": key}
        count, summed = (totals or {}).get(key, (0, {}))
        result.append(
            BoardColumn(
                key=key,
                label=label,
                cards=page.rows,
                next_cursor=page.next_cursor,
                more={"all": [filter, column]} if filter else column,
                count=None if totals is None else count,
                sums=summed,
            )
        )
    return result


class _Reading:
    """How the cards of a board are read: in one statement of one branch per column.

    Rows without a value come last: by a second statement, for the columns that are not full.
    Asked for together they could not be read off the end of an index.
    """

    def __init__(
        self,
        actor: Actor,
        of: ObjectType,
        board_field: Field,
        order: Order,
        filter: Tree | None,
        search: str,
        columns: Sequence[str] | None,
    ) -> None:
        self.actor, self.of, self.order = actor, of, order
        self.filter, self.search = filter, search
        self.path = _path(of, board_field)
        shown = None if columns is None else tuple(columns)
        self.question = ("board", of.key, board_field.key, order.name, as_word(filter), shown)
        self.reader = keep(actor, ("reader", of.key, shown), lambda: RowReader(actor, of, shown))

    def first_cards(self, keys: Sequence[str], limit: int) -> dict[str, list[tuple[Any, ...]]]:
        """Up to ``limit`` rows of every column by its key, in the board's order."""
        if not self.order.nullable:
            return self._read(keys, limit, "all")
        found = self._read(keys, limit, "valued")
        missing = [key for key in keys if len(found.get(key, ())) < limit]
        for key, more in self._read(missing, limit, "empty").items():
            rows = found.setdefault(key, [])
            rows.extend(more[: limit - len(rows)])
        return found

    def _read(self, keys: Sequence[str], limit: int, part: str) -> dict[str, list[tuple[Any, ...]]]:
        if not keys:
            return {}

        def write() -> Statement:
            return self._statement(keys, limit, part)

        if self.search.strip():
            statement = write()
        else:
            question = (*self.question, tuple(keys), limit, part)
            statement = keep(self.actor, question, write)
        found: dict[str, list[tuple[Any, ...]]] = {}
        for key, *values in statement.rows():
            found.setdefault(key, []).append(tuple(values))
        return found

    def _statement(self, keys: Sequence[str], limit: int, part: str) -> Statement:
        order, reader = self.order, self.reader
        rows = selected_records(self.actor, self.of, filter=self.filter, search=self.search)
        rows = rows.annotate(**reader.expressions, dw_sort=order.expression)
        by: list[Any] = [OrderBy(F("pk"), descending=order.descending)]
        if part == "empty":
            rows = rows.filter(Q(IsNull(order.expression, True)))
        else:
            by.insert(0, OrderBy(order.expression, descending=order.descending))
        if part == "valued":
            rows = rows.filter(Q(IsNull(order.expression, False)))
        names = ["dw_column", *reader.names, "dw_sort"]
        branches = [
            rows.filter(**{self.path: key})
            .annotate(dw_column=Value(key, output_field=models.TextField()))
            .order_by(*by)
            .values_list(*names)[:limit]
            for key in keys
        ]
        return compile_rows(branches[0].union(*branches[1:], all=True))


def board_sums(
    actor: Actor,
    of: ObjectType,
    *,
    filter: Tree | None = None,
    search: str = "",
    by: str = "",
    sums: Sequence[str] = (),
) -> Mapping[str, tuple[int, Mapping[str, Mapping[str, Decimal]]]]:
    """Count and sums per column key, in one statement."""
    board_field = _board_field(actor, of, by)
    groups = summarize_records(
        actor, of, filter=filter, search=search, group_by=board_field.key, sums=sums
    )
    return {str(group.key): (group.count, group.sums) for group in groups if group.key is not None}


def _board_field(actor: Actor, of: ObjectType, by: str) -> Field:
    key = by or of.board_field
    path = resolve_path(of, key, actor.user)
    if path.hops or path.field.custom or path.field.kind not in (Kind.CHOICE, Kind.RELATION):
        sentence = f"{path.label} makes no board: choose a field with a list of values."
        raise Invalid(sentence, fields={key: [sentence]})
    return path.field


def _path(of: ObjectType, board_field: Field) -> str:
    column = column_of(of.model, board_field)
    return column.attname if isinstance(column, RelatedField) else board_field.column


def _options(actor: Actor, board_field: Field) -> list[tuple[str, str]]:
    if board_field.kind == Kind.CHOICE:
        options = [(str(key), str(label)) for key, label in board_field.options]
    else:
        of = object_type(board_field.relation)
        rows = living_rows(of.model, of, actor.user).order_by(of.title)
        options = [(str(key), str(title)) for key, title in rows.values_list("pk", of.title)[:61]]
    return options[:MAX_COLUMNS]
