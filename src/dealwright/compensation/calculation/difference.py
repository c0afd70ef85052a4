"""The difference between what holds and what is true: reading, comparing and writing lines."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from dealwright.compensation.calculation.everybody import copied
from dealwright.compensation.calculation.models import Attainment, CalculationRun, RunLine
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.engine.inputs import Inputs, insert_columns
from dealwright.compensation.engine.lines import (
    LINE_COLUMNS,
    Line,
    hash_sql,
    line_from_row,
    sort_key,
)
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan

_HELD = {"hash": "VARCHAR", "sign": "BIGINT"}


@dataclass(slots=True)
class Change:
    """A line that came or went."""

    sign: int
    hash: str
    line: Line


def load_held_lines(
    inputs: Inputs,
    row: CompensationPlan,
    payees: frozenset[UUID] | None,
    period_ids: Sequence[UUID],
) -> None:
    """``held`` beside the engine's tables: content address and how many times the line holds
    now."""
    run = inputs.connection.execute
    run("CREATE OR REPLACE TEMP TABLE held (hash VARCHAR, times BIGINT)")
    lines = RunLine.objects.filter(plan=row, earned_period_id__in=period_ids)
    if payees is None:
        with copied(lines.values_list("hash", "sign"), _HELD) as source:
            run(
                f"INSERT INTO held SELECT hash, sum(sign) FROM {source} "
                "GROUP BY hash HAVING sum(sign) <> 0"
            )
        return
    found = (
        lines.filter(payee_id__in=payees)
        .values("hash")
        .annotate(times=Sum("sign"))
        .exclude(times=0)
        .values_list("hash", "times")
    )
    hashes, times = zip(*found, strict=True) if found else ((), ())
    insert_columns(
        inputs.connection,
        "held",
        {"hash": ("VARCHAR", hashes, "NULL"), "times": ("BIGINT", times, "NULL")},
    )


@dataclass(slots=True)
class Truth:
    """All lines that the engine found for the paying periods, and how they differ from ``held``.

    ``new`` are the lines that are not held, ``gone`` the content addresses that are true no
    longer, with how many times.
    """

    count: int
    total: Decimal
    hash: str
    new: list[Change]
    gone: dict[str, int]


def compare_lines(inputs: Inputs, first_period: int, rewards: Collection[str]) -> Truth:
    """Compare the engine's lines from a period on with ``held``, within DuckDB: only what
    differs is fetched. ``rewards`` are components that are no pay and count for no total."""
    columns = ", ".join(LINE_COLUMNS)
    run = inputs.connection.execute
    run(
        f"CREATE OR REPLACE TEMP TABLE truth AS SELECT {hash_sql()} AS hash, {columns} "
        "FROM line WHERE period >= ?",
        [first_period],
    )
    ((count, total),) = inputs.rows(
        "SELECT count(*), coalesce(sum(payout) FILTER (NOT list_contains(?, component)), 0) "
        "FROM truth",
        list(rewards),
    )
    run(
        "CREATE OR REPLACE TEMP TABLE differing AS SELECT coalesce(t.hash, h.hash) AS hash, "
        "coalesce(h.times, 0) AS held, coalesce(t.times, 0) AS times FROM held AS h FULL JOIN "
        "(SELECT hash, count(*) AS times FROM truth GROUP BY hash) AS t ON t.hash = h.hash "
        "WHERE coalesce(t.times, 0) <> coalesce(h.times, 0)"
    )
    new = inputs.rows(
        f"SELECT hash, {columns} FROM (SELECT t.*, d.held, "
        "row_number() OVER (PARTITION BY t.hash) AS nth FROM differing AS d "
        "JOIN truth AS t ON t.hash = d.hash WHERE d.times > d.held) WHERE nth > held"
    )
    gone = inputs.rows("SELECT hash, held - times FROM differing WHERE held > times")
    return Truth(
        count=count,
        total=Decimal(total),
        hash=_result_hash(inputs),
        new=sorted(
            (Change(1, hash_, line_from_row(tuple(values))) for hash_, *values in new),
            key=lambda each: (sort_key(each.line), each.hash),
        ),
        gone=dict(gone),
    )


def _result_hash(inputs: Inputs) -> str:
    """SHA-256 over the content addresses of all lines, in order."""
    digest = hashlib.sha256()
    rows = inputs.connection.execute("SELECT hash FROM truth ORDER BY hash")
    while some := rows.fetchmany(100_000):
        digest.update("".join(hash_ for (hash_,) in some).encode())
    return digest.hexdigest()


def gone_lines(
    row: CompensationPlan,
    payees: frozenset[UUID] | None,
    gone: Mapping[str, int],
    numbers: Mapping[UUID, int],
    keys: Mapping[UUID, str],
) -> list[Change]:
    """The lines that are true no longer, as they were written."""
    if not gone:
        return []
    found = RunLine.objects.filter(
        plan=row, earned_period_id__in=list(numbers), hash__in=list(gone), sign=1
    )
    if payees is not None:
        found = found.filter(payee_id__in=payees)
    found = found.order_by("hash", "-id").distinct("hash")
    known = dict(keys)
    written = list(found)
    missing = {
        each
        for line in written
        for each in (line.event_id, line.cause_id)
        if each is not None and each not in known
    }
    known |= dict(CreditEvent.objects.filter(pk__in=missing).values_list("pk", "key"))
    return [
        Change(-1, line.hash, as_line(line, numbers, known))
        for line in written
        for _ in range(gone[line.hash])
    ]


def as_line(row: RunLine, numbers: Mapping[UUID, int], keys: Mapping[UUID, str]) -> Line:
    """A stored line as the engine's value."""
    return Line(
        component=row.component,
        payee=str(row.payee_id),
        period=numbers[row.earned_period_id],
        kind=row.kind,
        payout=row.payout,
        event=keys[row.event_id] if row.event_id else "",
        cause=keys[row.cause_id] if row.cause_id else "",
        via=str(row.via_id or ""),
        role=row.role,
        credit=row.credit,
        band=row.band,
        low=row.low,
        high=row.high,
        base=row.base,
        rate=row.rate,
        balance=row.balance,
    )


_COPIED = (
    "run_id",
    "sign",
    "hash",
    "plan_id",
    "payee_id",
    "earned_period_id",
    "posted_period_id",
    "component",
    "kind",
    "payout",
    "event_id",
    "cause_id",
    "via_id",
    "role",
    "credit",
    "band",
    "low",
    "high",
    "base",
    "rate",
    "balance",
)


def copy_lines(
    run: CalculationRun,
    row: CompensationPlan,
    changes: Sequence[Change],
    rows: Mapping[int, PayPeriod],
    posted: Mapping[int, PayPeriod],
    event_ids: Mapping[str, UUID],
) -> None:
    """Write lines with COPY, which takes a tenth of the time of inserts."""
    wanted = {key for each in changes for key in (each.line.event, each.line.cause) if key}
    ids = {key: event_ids[key] for key in wanted if key in event_ids}
    if unknown := sorted(wanted - ids.keys()):
        ids |= dict(CreditEvent.objects.filter(key__in=unknown).values_list("key", "pk"))
    with (
        connection.cursor() as cursor,
        cursor.copy(f"copy compensation_runline ({', '.join(_COPIED)}) from stdin") as copy,
    ):
        for each in changes:
            line = each.line
            copy.write_row(
                (
                    run.pk,
                    each.sign,
                    each.hash,
                    row.pk,
                    line.payee,
                    rows[line.period].pk,
                    posted[line.period].pk,
                    line.component,
                    line.kind,
                    line.payout,
                    ids[line.event] if line.event else None,
                    ids[line.cause] if line.cause else None,
                    line.via or None,
                    line.role,
                    line.credit,
                    line.band,
                    line.low,
                    line.high,
                    line.base,
                    line.rate,
                    line.balance,
                )
            )


def refresh_statistics() -> None:
    """Let the planner know at once of a run that wrote much: until it does, a statement's
    query may read a whole table where an index would do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "analyze compensation_runline, compensation_posting, compensation_creditevent,"
            " compensation_creditsplit, compensation_attainment,"
            " compensation_attainmentversion"
        )


def write_attainments(
    row: CompensationPlan,
    inputs: Inputs,
    payees: frozenset[UUID] | None,
    rows: Mapping[int, PayPeriod],
) -> None:
    """Attainments are facts of now: those of the payees and periods that are no longer so are
    taken away, those that are new are written."""
    held = Attainment.objects.filter(plan=row, period__in=[each.pk for each in rows.values()])
    if payees is not None:
        held = held.filter(payee_id__in=payees)
    columns = ("payee_id", "period_id", "component", "reached", "quota")
    known = {tuple(values): pk for pk, *values in held.values_list("pk", *columns)}
    fresh = {
        (UUID(payee), rows[number].pk, component, reached, quota)
        for component, payee, number, reached, quota in inputs.rows(
            "SELECT component, payee, period, reached, quota FROM attainment"
        )
        if number in rows
    }
    gone = [pk for values, pk in known.items() if values not in fresh]
    Attainment.objects.filter(pk__in=gone).delete()
    Attainment.objects.bulk_create(
        [
            Attainment(plan=row, **dict(zip(columns, values, strict=True)))
            for values in sorted(fresh - known.keys())
        ],
        batch_size=2000,
    )
