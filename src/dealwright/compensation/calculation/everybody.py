"""The input of a calculation for everybody: events and shares go from PostgreSQL into the
engine's tables as text, since a million rows of Python take longer than the calculation.

The tables are those that ``take_snapshot`` yields, to the hash of the input. One thread reads
from the database; another has DuckDB meanwhile, and takes what came before.
"""

from __future__ import annotations

import json
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTransform

from dealwright.compensation.calculation.copied import copied, stream
from dealwright.compensation.calculation.snapshot import (
    credits_territories,
    field_value,
    living_events,
    read_surroundings,
    tables_beside_events,
)
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.engine.compile import compile_plan
from dealwright.compensation.engine.inputs import (
    Inputs,
    insert_columns,
    insert_rows,
    open_inputs,
    table_digest,
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
    files = [file for file in FILES if file != "territories" or credits_territories([plan])]
    inputs = open_inputs(plan, files)
    within = living_events([plan], first, last)
    try:
        with ThreadPoolExecutor(max_workers=1) as worker:
            missing = _read_events(inputs, within, worker)
            events = worker.submit(_put_events, inputs)
            with copied(_splits(within, missing), _SPLIT) as source:
                splits = worker.submit(_put_splits, inputs, source)
                around = read_surroundings(row, [plan], None)
                compile_plan(plan)  # it is kept for the calculation
                digests = {"events": events.result(), "splits": splits.result()}
        mattering = inputs.connection.execute(
            "SELECT id, key, date, currency FROM event WHERE date < ? UNION ALL "
            "SELECT DISTINCT NULL, '', date, currency FROM event WHERE currency <> ?",
            [first, plan.currency],
        ).fetchall()
        found = [
            {"id": id_, "date": day, "currency": currency} for id_, _, day, currency in mattering
        ]
        keys = {id_: key for id_, key, _, _ in mattering if id_ is not None}
        beside = tables_beside_events(row, plan, None, around, found, keys, first)
        for file, rows in beside.items():
            insert_rows(inputs, file, rows)
        inputs.connection.execute("DROP TABLE event")
        inputs.check_names = False
        inputs.hash = tables_hash(inputs, files, digests)
    except BaseException:
        inputs.close()
        raise
    return inputs


def _read_events(inputs: Inputs, within: QuerySet[Any], worker: Executor) -> list[UUID]:
    """``event``: the events, and those they refer to, whose ids are returned."""
    run = inputs.connection.execute
    fields = {f"raw_{name}": KeyTransform(name, "attributes") for name in inputs.plan.fields}
    columns = {**_EVENT, **dict.fromkeys(fields, "VARCHAR")}

    def rows(events: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = events.order_by().annotate(**fields).values_list(*columns)
        return found

    stream(
        rows(within),
        columns,
        lambda source: run(f"CREATE TEMP TABLE event AS SELECT * FROM {source}"),
        worker,
    )
    missing = [
        id_
        for (id_,) in inputs.rows(
            "SELECT DISTINCT reference_id FROM event WHERE reference_id IS NOT NULL "
            "AND reference_id NOT IN (SELECT id FROM event)"
        )
    ]
    if missing:
        earlier = CreditEvent.objects.filter(pk__in=missing, voided_at__isnull=True)
        with copied(rows(earlier), columns) as source:
            run(f"INSERT INTO event SELECT * FROM {source}")
    return missing


def _put_events(inputs: Inputs) -> str:
    """``event`` as an input table, whose digest is returned."""
    joins, values = "", ""
    for name, kind in inputs.plan.fields.items():
        _read_values(inputs, name, kind)
        joins += f' LEFT JOIN "value_{name}" ON "value_{name}".raw = e."raw_{name}"'
        values += f', "value_{name}".value'
    # A follower of a void event follows nothing.
    inputs.connection.execute(
        "INSERT INTO input_events SELECT e.key, e.kind, e.date, coalesce(e.payee_id, ''), "
        "e.amount, e.currency, e.quantity, e.cost, coalesce(followed.key, '')"
        f"{values}, row_number() OVER () + 1 FROM event AS e "
        f"LEFT JOIN event AS followed ON followed.id = e.reference_id{joins}"
    )
    return table_digest(inputs, "events")


def _splits(within: QuerySet[Any], missing: list[UUID]) -> QuerySet[Any]:
    chosen = Q(event__in=within.order_by().values("pk"))
    if missing:
        chosen |= Q(event__in=missing)
    return CreditSplit.objects.filter(chosen).order_by().values_list(*_SPLIT)


def _put_splits(inputs: Inputs, source: str) -> str:
    inputs.connection.execute(
        "INSERT INTO input_splits SELECT event.key, s.user_id, s.share, s.role, s.kind, "
        f"row_number() OVER () + 1 FROM {source} AS s JOIN event ON event.id = s.event_id"
    )
    return table_digest(inputs, "splits")


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
