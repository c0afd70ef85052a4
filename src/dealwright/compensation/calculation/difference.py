"""The difference between what holds and what is true: reading, comparing and writing lines.

All of it stays within DuckDB and goes to and from PostgreSQL by COPY: a first calculation writes
a million lines, a correction finds fifteen thousand among them, and neither makes an object of
Python for each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import F

from dealwright.base.database.copying import copy_values
from dealwright.compensation.calculation.copied import copied
from dealwright.compensation.calculation.models import (
    Attainment,
    CalculationRun,
    LineDigest,
    RunLine,
)
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.engine.inputs import Inputs, insert_columns
from dealwright.compensation.engine.lines import LINE_COLUMNS, hash_sql
from dealwright.compensation.engine.tables import AMOUNT
from dealwright.compensation.ledger.services import Moved
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan

_HELD = {"id": "BIGINT", "hash": "VARCHAR", "sign": "BIGINT"}
_KNOWN = {
    "id": "BIGINT",
    "payee_id": "VARCHAR",
    "earned_period_id": "UUID",
    "digest": "VARCHAR",
    "hash": "VARCHAR",
}
# A stored line in the order of LINE_COLUMNS, with the types in which it comes from the database.
_STORED = {
    "id": "BIGINT",
    "component": "VARCHAR",
    "payee_id": "VARCHAR",
    "earned_period_id": "UUID",
    "kind": "VARCHAR",
    "payout": AMOUNT,
    "event_key": "VARCHAR",
    "cause_key": "VARCHAR",
    "via_id": "VARCHAR",
    "role": "VARCHAR",
    "credit": AMOUNT,
    "band": "INTEGER",
    "low": AMOUNT,
    "high": AMOUNT,
    "base": AMOUNT,
    "rate": AMOUNT,
    "balance": AMOUNT,
}
_GONE_AT_ONCE = 10_000
_BLOCK = 1 << 20  # bytes sent at once
_MANY = 1000  # lines after which the tables' statistics may be read anew,
_GROWN = 0.1  # where they are so many of those that were there


@dataclass(frozen=True, slots=True)
class Difference:
    """What the engine found for the paying periods, and how it differs from what holds.

    ``count``, ``total`` and ``hash`` are of all lines; ``changes`` of these came or went, by
    ``delta`` together, in the periods of ``numbers``. Rewards are no pay and count for no sum.
    Each change is a row of the table ``change``.
    """

    count: int
    total: Decimal
    hash: str
    changes: int
    delta: Decimal
    numbers: Sequence[int]


def compare_lines(
    inputs: Inputs,
    row: CompensationPlan,
    payees: frozenset[UUID] | None,
    rewards: Collection[str],
    periods: Mapping[int, PayPeriod],
) -> Difference:
    """Compare the engine's lines of the paying ``periods`` (by number) with those that hold.

    Line by line only where the lines of a payee and period are others than those that their
    digest was taken of; what has one is known to be the same.
    """
    first = min(periods)
    columns = ", ".join(LINE_COLUMNS)
    _set_periods(inputs, "earned", periods)
    _find_doubtful(inputs, row, payees, first, [each.pk for each in periods.values()])
    _load_held(inputs, row)
    inputs.make(
        f"CREATE OR REPLACE TEMP TABLE truth AS SELECT {hash_sql()} AS hash, {columns} "
        f"FROM line SEMI JOIN doubtful USING (payee, period) WHERE period >= {first}"
    )
    inputs.make(
        "CREATE OR REPLACE TEMP TABLE differing AS SELECT coalesce(t.hash, h.hash) AS hash, "
        "coalesce(h.times, 0) AS held, coalesce(t.times, 0) AS times, h.id FROM held AS h "
        "FULL JOIN (SELECT hash, count(*) AS times FROM truth GROUP BY hash) AS t "
        "ON t.hash = h.hash WHERE coalesce(t.times, 0) <> coalesce(h.times, 0)"
    )
    inputs.make(
        f"CREATE OR REPLACE TEMP TABLE change AS SELECT 1 AS sign, hash, {columns} FROM "
        "(SELECT t.*, d.held, row_number() OVER (PARTITION BY t.hash) AS nth FROM differing AS d "
        "JOIN truth AS t ON t.hash = d.hash WHERE d.times > d.held) WHERE nth > held"
    )
    _add_gone(inputs)
    ((count, total),) = inputs.rows(
        f"SELECT count(*), {_money('payout')} FROM line WHERE period >= {first}", list(rewards)
    )
    ((changes, delta),) = inputs.rows(
        f"SELECT count(*), {_money('sign * payout')} FROM change", list(rewards)
    )
    return Difference(
        count=count,
        total=Decimal(total),
        hash=_write_digests(inputs, row),
        changes=changes,
        delta=Decimal(delta),
        numbers=[number for (number,) in inputs.rows("SELECT DISTINCT period FROM change")],
    )


def _find_doubtful(
    inputs: Inputs,
    row: CompensationPlan,
    payees: frozenset[UUID] | None,
    first: int,
    period_ids: Sequence[UUID],
) -> None:
    """``doubtful``: payees and periods whose lines are others than before, or not known to be
    the same. ``found`` and ``known`` are the digests of now and of before.

    A digest is two sums of 64 bits over the lines, in whatever order they come: cheap beside
    content addresses, and enough since nobody chooses lines to make two digests alike. DuckDB's
    hash may change with its version, so this stands in it.
    """
    columns = ", ".join(LINE_COLUMNS)
    inputs.make(
        "CREATE OR REPLACE TEMP TABLE found AS SELECT payee, period, concat_ws(' ', version(), "
        f"count(*), sum(hash({columns})), sum(hash(1, {columns}))) AS digest "
        f"FROM line WHERE period >= {first} GROUP BY payee, period"
    )
    digests = LineDigest.objects.filter(plan=row, earned_period__in=period_ids)
    if payees is not None:
        digests = digests.filter(payee_id__in=payees)
    with copied(digests.order_by().values_list(*_KNOWN), _KNOWN) as source:
        inputs.make(
            "CREATE OR REPLACE TEMP TABLE known AS SELECT k.id, payee_id AS payee, "
            f"earned.number AS period, digest, hash FROM {source} AS k "
            "JOIN earned ON earned.id = earned_period_id"
        )
    inputs.make(
        "CREATE OR REPLACE TEMP TABLE doubtful AS SELECT payee, period FROM found "
        "FULL JOIN known USING (payee, period) WHERE found.digest IS DISTINCT FROM known.digest"
    )


def _load_held(inputs: Inputs, row: CompensationPlan) -> None:
    """``held`` of what is doubtful: content address, how many times the line holds now, and the
    last row that says so."""
    doubtful = inputs.rows(
        "SELECT payee, earned.id FROM doubtful JOIN earned ON earned.number = period"
    )
    lines = RunLine.objects.filter(plan=row).extra(
        where=["(payee_id, earned_period_id) in (select * from unnest(%s::uuid[], %s::uuid[]))"],
        params=[[payee for payee, _ in doubtful], [period for _, period in doubtful]],
    )
    with copied(lines.order_by().values_list(*_HELD), _HELD) as source:
        inputs.make(
            "CREATE OR REPLACE TEMP TABLE held AS SELECT hash, sum(sign)::BIGINT AS times, "
            f"max(id) FILTER (sign = 1) AS id FROM {source} GROUP BY hash HAVING sum(sign) <> 0"
        )


def _write_digests(inputs: Inputs, row: CompensationPlan) -> str:
    """Keep the digests of what was doubtful; returns SHA-256 over the content addresses of all
    lines, payee by payee and period by period."""
    inputs.make(
        "CREATE OR REPLACE TEMP TABLE settled AS SELECT payee, period, found.digest, "
        "coalesce(fresh.hash, known.hash) AS hash FROM found LEFT JOIN (SELECT payee, period, "
        "sha256(string_agg(hash, '' ORDER BY hash)) AS hash FROM truth GROUP BY payee, period) "
        "AS fresh USING (payee, period) LEFT JOIN known USING (payee, period)"
    )
    old = inputs.rows("SELECT id FROM known SEMI JOIN doubtful USING (payee, period)")
    LineDigest.objects.filter(pk__in=[id_ for (id_,) in old]).delete()
    copy_values(
        LineDigest,
        ("plan_id", "payee_id", "earned_period_id", "digest", "hash"),
        [
            (row.pk, *values)
            for values in inputs.rows(
                "SELECT payee, earned.id, digest, hash FROM settled SEMI JOIN doubtful "
                "USING (payee, period) JOIN earned ON earned.number = settled.period ORDER BY ALL"
            )
        ],
    )
    return inputs.digest("SELECT concat_ws(' ', payee, period, hash) FROM settled ORDER BY ALL")


def _money(amount: str) -> str:
    return f"coalesce(sum({amount}) FILTER (NOT list_contains(?, component)), 0)"


def _set_periods(inputs: Inputs, name: str, periods: Mapping[int, PayPeriod]) -> None:
    """A table of a period's number and row."""
    inputs.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (number INTEGER, id UUID)")
    insert_columns(
        inputs.connection,
        name,
        {
            "number": ("INTEGER", list(periods), "NULL"),
            "id": ("UUID", [each.pk for each in periods.values()], "NULL"),
        },
    )


def _add_gone(inputs: Inputs) -> None:
    """The lines that are true no longer, as they were written, into ``change``."""
    gone = [id_ for (id_,) in inputs.rows("SELECT id FROM differing WHERE held > times ORDER BY 1")]
    columns = ", ".join(
        {
            "payee": "payee_id",
            "period": "earned.number",
            "event_id": "coalesce(event_key, '')",
            "cause": "coalesce(cause_key, '')",
            "via": "coalesce(via_id, '')",
        }.get(name, name)
        for name in LINE_COLUMNS
    )
    for start in range(0, len(gone), _GONE_AT_ONCE):
        stored = (
            RunLine.objects.filter(pk__in=gone[start : start + _GONE_AT_ONCE])
            .annotate(event_key=F("event__key"), cause_key=F("cause__key"))
            .order_by()
            .values_list(*_STORED)
        )
        with copied(stored, _STORED) as source:
            inputs.make(
                f"INSERT INTO change SELECT -1, hash, {columns} FROM (SELECT s.*, d.hash, "
                f"unnest(range(d.held - d.times)) FROM {source} AS s JOIN differing AS d "
                "ON d.id = s.id) JOIN earned ON earned.id = earned_period_id"
            )


# The columns of a stored line that COPY fills, and what of ``change`` fills them.
_WRITTEN = {
    "sign": "sign",
    "hash": "hash",
    "payee_id": "payee",
    "earned_period_id": "earned.id",
    "posted_period_id": "posted.id",
    "component": "component",
    "kind": "kind",
    "payout": "payout",
    "event_id": "e.id",
    "cause_id": "c.id",
    "via_id": "nullif(via, '')",
    "role": "role",
    "credit": "credit",
    "band": "band",
    "low": "low",
    "high": "high",
    "base": "base",
    "rate": "rate",
    "balance": "balance",
}
# The one order of lines, as ``sort_key`` has it; what came stands before what went.
_ORDER = (
    "sign DESC, payee, period, component, kind, event_id, cause, via, role, coalesce(band, -1), "
    "coalesce(base, -1e30::DECIMAL(38, 6)), payout, hash"
)


def copy_lines(
    inputs: Inputs,
    run: CalculationRun,
    row: CompensationPlan,
    posted: Mapping[int, PayPeriod],
    event_ids: Mapping[str, UUID],
) -> None:
    """Write ``change``, posted by a run into these periods (by the number of the period that it
    was earned in). ``event_ids`` are the rows of events that are known by key already."""
    _set_periods(inputs, "posted", posted)
    _find_events(inputs, event_ids)
    fixed = {"run_id": run.pk, "plan_id": row.pk}
    values = ", ".join([*(f"'{each}'" for each in fixed.values()), *_WRITTEN.values()])
    with tempfile.TemporaryFile() as file:
        inputs.make(
            f"COPY (SELECT {values} FROM change JOIN earned ON earned.number = period "
            "JOIN posted ON posted.number = period LEFT JOIN event_row AS e ON e.key = event_id "
            f"LEFT JOIN event_row AS c ON c.key = cause ORDER BY {_ORDER}) "
            f"TO '/dev/fd/{file.fileno()}' (FORMAT csv, HEADER false, FORCE_QUOTE (role), "
            "USE_TMP_FILE false)"
        )
        file.seek(0)
        with (
            connection.cursor() as cursor,
            cursor.copy(
                f"copy compensation_runline ({', '.join([*fixed, *_WRITTEN])}) "
                "from stdin (format csv)"
            ) as copy,
        ):
            while block := file.read(_BLOCK):
                copy.write(block)


def _find_events(inputs: Inputs, event_ids: Mapping[str, UUID]) -> None:
    """``event_row``: the row behind each event's key in ``change``."""
    keys = [
        key
        for (key,) in inputs.rows(
            "SELECT event_id FROM change WHERE event_id <> '' "
            "UNION SELECT cause FROM change WHERE cause <> ''"
        )
    ]
    ids = {key: event_ids[key] for key in keys if key in event_ids}
    if unknown := [key for key in keys if key not in ids]:
        ids |= dict(CreditEvent.objects.filter(key__in=unknown).values_list("key", "pk"))
    inputs.connection.execute("CREATE OR REPLACE TEMP TABLE event_row (key VARCHAR, id UUID)")
    insert_columns(
        inputs.connection,
        "event_row",
        {
            "key": ("VARCHAR", keys, "NULL"),
            "id": ("UUID", [ids[key] for key in keys], "NULL"),
        },
    )


def moved_amounts(inputs: Inputs, rewards: Collection[str]) -> Sequence[Moved]:
    """What ``change`` comes to for the ledger. Rewards are told apart by amount, since each
    line's taxable value is rounded."""
    return [
        Moved(*values)
        for values in inputs.rows(
            "SELECT payee, component, kind, earned.id, posted.id, "
            "CASE WHEN list_contains(?, component) THEN payout END AS each, "
            "sum(sign)::BIGINT, sum(sign * payout), sum(sign * coalesce(base, 0)) FROM change "
            "JOIN earned ON earned.number = period JOIN posted ON posted.number = period "
            "GROUP BY ALL",
            list(rewards),
        )
    ]


def changed_statements(inputs: Inputs) -> Sequence[tuple[UUID, UUID]]:
    """Payee and the period posted into, for each statement that ``change`` changes."""
    return [
        (UUID(payee), posted_id)
        for payee, posted_id in inputs.rows(
            "SELECT payee, posted.id FROM change JOIN posted ON posted.number = period "
            "GROUP BY ALL ORDER BY payee, min(period), posted.id"
        )
    ]


def refresh_statistics(changes: int) -> None:
    """Let the planner know at once of a run that wrote much beside what there was: until it
    does, a statement's query may read a whole table where an index would do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select greatest(reltuples, 0) from pg_class"
            " where oid = 'compensation_runline'::regclass"
        )
        ((known,),) = cursor.fetchall()
        if changes < max(_MANY, known * _GROWN):
            return
        cursor.execute(
            "analyze compensation_runline, compensation_posting, compensation_creditevent,"
            " compensation_creditsplit, compensation_attainment,"
            " compensation_attainmentversion, compensation_linedigest"
        )


_ATTAINED = {
    "id": "BIGINT",
    "payee_id": "VARCHAR",
    "period_id": "UUID",
    "component": "VARCHAR",
    "reached": AMOUNT,
    "quota": AMOUNT,
}
_FRESH = (
    "SELECT payee AS payee_id, earned.id AS period_id, component, "
    f"reached::{AMOUNT} AS reached, quota::{AMOUNT} AS quota "
    "FROM attainment JOIN earned ON earned.number = period"
)


def write_attainments(
    inputs: Inputs,
    row: CompensationPlan,
    payees: frozenset[UUID] | None,
    period_ids: Sequence[UUID],
) -> None:
    """Attainments are facts of now: those of the payees and periods that are no longer so are
    taken away, those that are new are written."""
    held = Attainment.objects.filter(plan=row, period__in=period_ids)
    if payees is not None:
        held = held.filter(payee_id__in=payees)
    with copied(held.order_by().values_list(*_ATTAINED), _ATTAINED) as source:
        inputs.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE attained AS SELECT * FROM {source}"
        )
    columns = ("payee_id", "period_id", "component", "reached", "quota")
    gone = inputs.rows(f"SELECT id FROM attained ANTI JOIN ({_FRESH}) USING ({', '.join(columns)})")
    new = inputs.rows(
        f"SELECT {', '.join(columns)} FROM ({_FRESH}) "
        f"ANTI JOIN attained USING ({', '.join(columns)}) ORDER BY ALL"
    )
    Attainment.objects.filter(pk__in=[id_ for (id_,) in gone]).delete()
    copy_values(Attainment, ("plan_id", *columns), [(row.pk, *each) for each in new])
