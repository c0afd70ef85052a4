"""The input of a calculation for everybody: events and shares go from PostgreSQL into the
engine's tables as text, since a million rows of Python take longer than the calculation.

The tables are those that ``take_snapshot`` yields, to the hash of the input.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform

from dealwright.compensation.calculation.snapshot import (
    field_value,
    living_events,
    read_surroundings,
    tables_beside_events,
)
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.engine.inputs import (
    Inputs,
    insert_columns,
    insert_rows,
    open_inputs,
    tables_hash,
)
from dealwright.compensation.engine.tables import AMOUNT, FIELD_CELLS, FILES, RATE, SQL_TYPES
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import CompensationPlan

_EVENT = {
    "id": "UUID",
    "key": "VARCHAR",
    "kind": "VARCHAR",
    "date": "DATE",
    "payee_id": "VARCHAR",
    "amount": AMOUNT,
    "currency": "VARCHAR",
    "quantity": SQL_TYPES["quantity"],
    "cost": AMOUNT,
    "reference_id": "UUID",
}
_SPLIT = {
    "event_id": "UUID",
    "user_id": "VARCHAR",
    "share": RATE,
    "role": "VARCHAR",
    "kind": "VARCHAR",
}


def load_everybody(row: CompensationPlan, plan: Plan, *, first: date, last: date) -> Inputs:
    """Everything that a plan's calculation between two days reads, in the engine's tables."""
    around = read_surroundings(row, [plan], None)
    files = [file for file in FILES if file != "territories" or around.territories is not None]
    inputs = open_inputs(plan, files)
    try:
        _load_events(inputs, living_events([plan], first, last))
        mattering = inputs.connection.execute(
            "SELECT id, key, date, currency FROM event WHERE date < ? UNION ALL "
            "SELECT DISTINCT NULL, '', date, currency FROM event WHERE currency <> ?",
            [first, plan.currency],
        ).fetchall()
        events = [
            {"id": id_, "date": day, "currency": currency} for id_, _, day, currency in mattering
        ]
        keys = {id_: key for id_, key, _, _ in mattering if id_ is not None}
        beside = tables_beside_events(row, plan, None, around, events, keys, first)
        for file, rows in beside.items():
            insert_rows(inputs, file, rows)
        inputs.connection.execute("DROP TABLE event")
        inputs.check_names = False
        inputs.hash = tables_hash(inputs, files)
    except BaseException:
        inputs.close()
        raise
    return inputs


def _load_events(inputs: Inputs, within: QuerySet[Any]) -> None:
    """The events, those they refer to, and the shares of both."""
    run = inputs.connection.execute
    fields = {f"raw_{name}": KeyTransform(name, "attributes") for name in inputs.plan.fields}
    columns = {**_EVENT, **dict.fromkeys(fields, "VARCHAR")}

    def rows(events: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = events.order_by().annotate(**fields).values_list(*columns)
        return found

    with copied(rows(within), columns) as source:
        run(f"CREATE TEMP TABLE event AS SELECT * FROM {source}")
    missing = [
        id_
        for (id_,) in inputs.rows(
            "SELECT DISTINCT reference_id FROM event WHERE reference_id IS NOT NULL "
            "AND reference_id NOT IN (SELECT id FROM event)"
        )
    ]
    chosen = Q(event__in=within.order_by().values("pk"))
    if missing:
        chosen |= Q(event__in=missing)
        earlier = CreditEvent.objects.filter(pk__in=missing, voided_at__isnull=True)
        with copied(rows(earlier), columns) as source:
            run(f"INSERT INTO event SELECT * FROM {source}")
    joins, values = "", ""
    for name, kind in inputs.plan.fields.items():
        _read_values(inputs, name, kind)
        joins += f' LEFT JOIN "value_{name}" ON "value_{name}".raw = e."raw_{name}"'
        values += f', "value_{name}".value'
    # A follower of a void event follows nothing.
    run(
        "INSERT INTO input_events SELECT e.key, e.kind, e.date, coalesce(e.payee_id, ''), "
        "e.amount, e.currency, e.quantity, e.cost, coalesce(followed.key, '')"
        f"{values}, row_number() OVER () + 1 FROM event AS e "
        f"LEFT JOIN event AS followed ON followed.id = e.reference_id{joins}"
    )
    splits = CreditSplit.objects.filter(chosen).order_by().values_list(*_SPLIT)
    with copied(splits, _SPLIT) as source:
        run(
            "INSERT INTO input_splits SELECT event.key, s.user_id, s.share, s.role, s.kind, "
            f"row_number() OVER () + 1 FROM {source} AS s JOIN event ON event.id = s.event_id"
        )


def _read_values(inputs: Inputs, name: str, kind: str) -> None:
    """A table with the value of each text that a field has."""
    raw = [
        each
        for (each,) in inputs.rows(
            f'SELECT DISTINCT "raw_{name}" FROM event WHERE "raw_{name}" IS NOT NULL'
        )
    ]
    type_ = SQL_TYPES[FIELD_CELLS[kind]]
    inputs.connection.execute(f'CREATE TEMP TABLE "value_{name}" (raw VARCHAR, value {type_})')
    insert_columns(
        inputs.connection,
        f'"value_{name}"',
        {
            "raw": ("VARCHAR", raw, "NULL"),
            "value": (type_, [field_value(kind, json.loads(each)) for each in raw], "NULL"),
        },
    )


@contextmanager
def copied(rows: QuerySet[Any], columns: Mapping[str, str]) -> Iterator[str]:
    """What a query yields, as a table expression of DuckDB with these columns and types.

    It lies in a file without a name meanwhile, which is gone with the process.
    """
    sql, values = rows.query.sql_with_params()
    with tempfile.TemporaryFile() as file, connection.cursor() as cursor:
        with cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", values) as copy:
            for block in copy:
                file.write(block)
        file.flush()
        described = ", ".join(f"'{name}': '{type_}'" for name, type_ in columns.items())
        yield (
            f"read_csv('/dev/fd/{file.fileno()}', auto_detect = false, header = false, "
            f"columns = {{{described}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
            "allow_quoted_nulls = false, parallel = false, new_line = '\\n', strict_mode = true, "
            "max_line_size = 10000000)"
        )
