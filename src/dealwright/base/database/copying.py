"""Many new rows at once by COPY: what imports and loads use in place of long INSERTs.

An INSERT of a thousand rows is a text of half a megabyte that is built, searched for
placeholders and parsed before a row is written; COPY streams the same rows at about twice
the speed, and the triggers of the table see them as of any other statement. Unlike
``bulk_create`` nothing comes back from the database: a key it gives stays unknown. Errors are
django.db's, as of any statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db import connection, connections, models
from django.db.models.expressions import DatabaseDefault
from psycopg.types.json import Jsonb

from dealwright.base.identifiers import uuid7, uuid7s

type Column = models.Field[Any, Any]


def copy_rows(made: Iterable[models.Model]) -> None:
    """Insert unsaved instances of one model. A key or default that is the database's to give is
    left to it."""
    rows = list(made)
    if not rows:
        return
    model, first = type(rows[0]), rows[0]
    columns = [
        each
        for each in model._meta.local_concrete_fields
        if not each.generated
        and not isinstance(getattr(first, each.attname), DatabaseDefault)
        and not (isinstance(each, models.AutoField) and getattr(first, each.attname) is None)
    ]
    _copy(model, columns, [_of_instances(each, rows) for each in columns])
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


def copy_values(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of values without making instances, for rows that nobody looks at afterwards.

    ``names`` are the columns of the values by their attributes (``account_id``); the others
    get their default.
    """
    given = list(rows)
    if not given:
        return
    places = {name: place for place, name in enumerate(names)}
    columns = [
        each
        for each in model._meta.local_concrete_fields
        if each.attname in places
        or not (each.generated or each.has_db_default() or isinstance(each, models.AutoField))
    ]
    _copy(
        model,
        columns,
        [
            _prepared(each, [row[places[each.attname]] for row in given])
            if each.attname in places
            else _defaults(each, len(given))
            for each in columns
        ],
    )


def count_anew(model: type[models.Model]) -> None:
    """Have the planner look at a table that grew by many rows within one transaction: until then
    the functions of its triggers read all of it where they need a few rows. Left out while
    another transaction does the same."""
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute(f"analyze (skip_locked) {table}")


def _copy(
    model: type[models.Model], columns: Sequence[Column], values: Sequence[Sequence[Any]]
) -> None:
    """Stream the values of the columns, which were all read before: a default may ask the
    database, and who asks it over a connection that is copying waits for ever."""
    names = ", ".join(connection.ops.quote_name(str(each.column)) for each in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"copy {table} ({names}) from stdin") as copy,
    ):
        for row in zip(*values, strict=True):
            copy.write_row(row)


def _of_instances(column: Column, rows: Sequence[models.Model]) -> Sequence[Any]:
    if isinstance(column, models.DateField) and (column.auto_now or column.auto_now_add):
        values = [column.pre_save(row, True) for row in rows]
    elif isinstance(column, _PLAIN):  # their pre_save only reads
        values = list(map(attrgetter(column.attname), rows))
    else:
        values = [column.pre_save(row, True) for row in rows]
    return _prepared(column, values)


def _defaults(column: Column, count: int) -> Sequence[Any]:
    if column.default is uuid7:
        return uuid7s(count)
    if callable(column.default):
        return _prepared(column, [column.get_default() for _ in range(count)])
    return _prepared(column, [column.get_default()]) * count


def _prepared(column: Column, values: list[Any]) -> list[Any]:
    """The values as the driver takes them. Only what is in a form of its own (JSON, arrays)
    goes through the field, which for plain values would take half of the time."""
    database, through = connections[connection.alias], column.get_db_prep_save
    if isinstance(column, models.JSONField):
        known: dict[int, Any] = {}  # the same object in many rows is written out once
        for value in values:
            if id(value) not in known:
                known[id(value)] = _as_text(through(value, database))
        return [known[id(value)] for value in values]
    if not isinstance(column, _PLAIN):
        return [through(value, database) for value in values]
    if _AS_IS.issuperset(map(type, values)):
        return values
    return [value if type(value) in _AS_IS else through(value, database) for value in values]


def _as_text(value: Any) -> Any:
    return value.dumps(value.obj) if isinstance(value, Jsonb) and value.dumps else value


_PLAIN = (
    models.BooleanField,
    models.CharField,
    models.DateField,
    models.DecimalField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
    models.UUIDField,
)
_AS_IS = {bool, str, int, UUID, Decimal, date, datetime, type(None)}
