"""Many new rows at once by COPY: what imports and loads use in place of long INSERTs.

An INSERT of a thousand rows is a text of half a megabyte that is built, searched for
placeholders and parsed before a row is written; COPY streams the same rows at about twice
the speed, and the triggers of the table see them as of any other statement. Unlike
``bulk_create`` nothing comes back from the database: a key it gives stays unknown. Errors are
django.db's, as of any statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, connections, models
from django.db.models.expressions import DatabaseDefault

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
    _copy(model, columns, [_of_instance(each) for each in columns], rows)
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
    readers = [
        _of_value(each, places[each.attname]) if each.attname in places else _of_default(each)
        for each in columns
    ]
    _copy(model, columns, readers, given)


def _copy[Row](
    model: type[models.Model],
    columns: Sequence[Column],
    readers: Sequence[Callable[[Row], Any]],
    rows: Iterable[Row],
) -> None:
    names = ", ".join(connection.ops.quote_name(str(each.column)) for each in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    # Read before the copy begins: a default may ask the database, and who asks it over a
    # connection that is copying waits for ever.
    values = [[read(row) for read in readers] for row in rows]
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"copy {table} ({names}) from stdin") as copy,
    ):
        for each in values:
            copy.write_row(each)


def _of_instance(column: Column) -> Callable[[models.Model], Any]:
    before, prepare = column.pre_save, _preparation(column)
    return lambda row: prepare(before(row, True))


def _of_value(column: Column, place: int) -> Callable[[Sequence[Any]], Any]:
    prepare = _preparation(column)
    return lambda row: prepare(row[place])


def _of_default(column: Column) -> Callable[[Sequence[Any]], Any]:
    prepare = _preparation(column)
    if callable(column.default):
        return lambda row: prepare(column.get_default())
    constant = prepare(column.get_default())
    return lambda row: constant


def _preparation(column: Column) -> Callable[[Any], Any]:
    """The value as the driver takes it. Only what is in a form of its own (JSON, arrays) goes
    through the field, which for plain values would take half of the time."""
    database, through = connections[connection.alias], column.get_db_prep_save
    if not isinstance(column, _PLAIN):
        return lambda value: through(value, database)
    return lambda value: value if type(value) in _AS_IS else through(value, database)


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
