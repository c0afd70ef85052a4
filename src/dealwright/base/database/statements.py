"""Queries compiled once and run many times with other values.

The ORM takes longer to write a statement than the database to answer it; what is asked on every
request is written once. ``Slot`` leaves a place for a value in a query, ``compile_rows`` writes
it, ``Statement.rows`` asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import Expression

Values = Mapping[Any, Any]


class Slot(Expression):
    """A value that is given when the statement runs: its ``name`` stands in the parameters."""

    def __init__(self, name: str, output_field: Any = None) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (_Given(self.name),)


@dataclass(frozen=True, slots=True)
class _Given:
    name: str


# Stands in conditions for an id that is given, as "linked", when the statement runs.
LINKED = UUID("ffffffff-ffff-7fff-bfff-6c696e6b6564")


@dataclass(frozen=True, slots=True)
class Statement:
    """A compiled query: its text, parameters with empty places, what makes values of columns.

    ``sql`` is empty where the conditions exclude each other, so that there is nothing to ask.
    """

    sql: str
    params: tuple[Any, ...]
    converters: tuple[tuple[int, tuple[Callable[..., Any], ...], Any], ...]

    NOTHING: ClassVar[Statement]

    def rows(self, given: Values | None = None) -> list[tuple[Any, ...]]:
        """All rows; ``given`` has a value for each slot by its name."""
        if not self.sql:
            return []
        values = given or {}
        params = [
            values[param.name] if isinstance(param, _Given) else param for param in self.params
        ]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        if not self.converters:
            return found
        rows = []
        for row in found:
            changed = list(row)
            for position, converters, expression in self.converters:
                value = changed[position]
                for convert in converters:
                    value = convert(value, expression, connection)
                changed[position] = value
            rows.append(tuple(changed))
        return rows


Statement.NOTHING = Statement("", (), ())


def compile_rows(rows: models.QuerySet[Any], names: Sequence[str] = ()) -> Statement:
    """The statement that reads ``names`` of the rows, or what ``values_list`` chose before."""
    query = (rows.values_list(*names) if names else rows).query
    compiler = query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return Statement.NOTHING
    columns = [each[0] for each in compiler.select[: compiler.col_count]]
    converters = tuple(
        (position, tuple(converters), expression)
        for position, (converters, expression) in compiler.get_converters(columns).items()
    )
    given = tuple(_Given("linked") if param == LINKED else param for param in params)
    return Statement(sql, given, converters)
