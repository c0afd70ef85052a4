"""The difference between what holds and what is true: reading, comparing and writing lines."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from dealwright.compensation.calculation.models import Attainment, CalculationRun, RunLine
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.engine.inputs import Inputs
from dealwright.compensation.engine.lines import Line
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan


@dataclass(slots=True)
class Change:
    """A line that came or went."""

    sign: int
    hash: str
    line: Line


def held_lines(
    row: CompensationPlan, payees: frozenset[UUID] | None, period_ids: Sequence[UUID]
) -> dict[str, int]:
    """Content address -> how many times the line holds now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select hash, sum(sign) from compensation_runline where plan_id = %s"
            " and earned_period_id = any(%s) and (%s or payee_id = any(%s))"
            " group by hash having sum(sign) <> 0",
            [row.pk, list(period_ids), payees is None, list(payees or ())],
        )
        return {hash_: int(count) for hash_, count in cursor.fetchall()}


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


def result_hash(counts: Counter[str]) -> str:
    digest = hashlib.sha256()
    for hash_ in sorted(counts.elements()):
        digest.update(hash_.encode())
    return digest.hexdigest()


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
    unknown = {
        key
        for each in changes
        for key in (each.line.event, each.line.cause)
        if key and key not in event_ids
    }
    ids = dict(event_ids)
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
            " compensation_creditsplit, compensation_attainment"
        )


def write_attainments(
    row: CompensationPlan,
    inputs: Inputs,
    payees: frozenset[UUID] | None,
    rows: Mapping[int, PayPeriod],
) -> None:
    """Attainments are facts of now: those of the payees and periods are written anew."""
    stale = Attainment.objects.filter(plan=row, period__in=[each.pk for each in rows.values()])
    if payees is not None:
        stale = stale.filter(payee_id__in=payees)
    stale.delete()
    Attainment.objects.bulk_create(
        [
            Attainment(
                plan=row,
                payee_id=payee,
                period=rows[number],
                component=component,
                reached=reached,
                quota=quota,
            )
            for component, payee, number, reached, quota in inputs.rows(
                "SELECT component, payee, period, reached, quota FROM attainment"
            )
            if number in rows
        ],
        batch_size=2000,
    )
