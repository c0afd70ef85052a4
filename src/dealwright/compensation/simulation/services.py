"""Trying a text of a plan on past periods: asked for, calculated, kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.calculation.services import carries_over
from dealwright.compensation.calculation.snapshot import Snapshot, take_snapshots
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.periods import period_at, year_at
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import ENGINE_VERSION
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.services import text_hash
from dealwright.compensation.simulation.comparison import (
    Key,
    compare,
    total_of,
    totals_of,
    tried_in_place_of,
)
from dealwright.compensation.simulation.models import Backtest, BacktestPay

Watch = Callable[[int, int, str], None]  # done, of how much, what happens now
_CENT = Decimal("0.01")
_MOST_DAYS = 5 * 366


@dataclass(frozen=True, slots=True)
class Part:
    """Days in which the same text holds as the one to compare with."""

    base: Plan
    candidate: Plan
    starts: date
    ends: date
    begins: date  # where balances that go from year to year begin


def create_backtest(
    actor: Actor,
    plan_id: Any,
    *,
    text: str,
    label: str,
    starts_on: date,
    ends_on: date,
    base: PlanVersion | None = None,
) -> Backtest:
    """Note that a text shall be tried on past periods; ``calculate_backtest`` does it.

    Whole periods are compared: the days are widened to them. Without ``base`` each period is
    compared with the version that was active in it. Raises Invalid (PlanInvalid with every
    problem by line).
    """
    require_pay_manager(actor)
    row = CompensationPlan.objects.filter(pk=plan_id).first()
    if row is None:
        raise NotFound("This plan does not exist.")
    if ends_on < starts_on or (ends_on - starts_on).days > _MOST_DAYS:
        said = "The last day comes before the first, or more than five years after it."
        raise Invalid(said, fields={"ends_on": [said]})
    starts_on = period_at(starts_on, row.calendar, row.fiscal_year_starts).start
    ends_on = period_at(ends_on, row.calendar, row.fiscal_year_starts).end
    with change(actor):
        backtest = Backtest(
            plan=row,
            text=text,
            text_hash=text_hash(text),
            label=label[:120],
            base_text=base.text if base is not None else "",
            base_label=f"Version {base.number}" if base is not None else "What was active",
            starts_on=starts_on,
            ends_on=ends_on,
            currency=row.currency,
            created_by=actor.user,
        )
        parts = parts_of(backtest)
        if not parts:
            said = "No version of this plan was active in these days; compare with a version."
            raise Invalid(said, fields={"starts_on": [said]})
        backtest.save()
        return backtest


def calculate_backtest(actor: Actor, backtest_id: Any, watch: Watch | None = None) -> Backtest:
    """Calculate both texts over one snapshot and keep what each pays; nothing is posted."""
    require_pay_manager(actor)
    watch = watch or _nobody
    backtest: Backtest | None = Backtest.objects.filter(pk=backtest_id).first()
    if backtest is None:
        raise NotFound("This backtest does not exist.")
    parts = parts_of(backtest)
    before: dict[Key, Decimal] = {}
    after: dict[Key, Decimal] = {}
    labels: dict[int, str] = {}
    hashes: list[str] = []
    steps = len(parts) * 3 + 1
    for place, part in enumerate(parts):
        watch(place * 3, steps, f"Reading {part.starts} – {part.ends}")
        fiscal = backtest.plan.fiscal_year_starts
        first = year_at(part.begins, backtest.plan.calendar, fiscal).start
        with one_moment():
            snapshots = take_snapshots(
                backtest.plan, [part.base, part.candidate], None, first=first, last=part.ends
            )
        for nth, (plan, snapshot, into) in enumerate(
            zip((part.base, part.candidate), snapshots, (before, after), strict=True)
        ):
            done = place * 3 + 1 + nth
            said = ("Calculating what was", "Calculating what would be")[nth]
            watch(done, steps, said)
            amounts, hash_ = _calculate(
                plan, snapshot, part, first, labels, partial(watch, done, steps, said)
            )
            into.update(amounts)
            hashes.append(hash_)
    rows = compare(before, after)
    watch(steps - 1, steps, "Keeping the result")
    total = total_of(rows)
    with change(actor):
        backtest.pay.all().delete()
        BacktestPay.objects.bulk_create(
            (
                BacktestPay(
                    backtest=backtest,
                    payee_id=UUID(row.payee),
                    number=row.period,
                    period=labels[row.period],
                    component=row.component,
                    before=row.before.quantize(_CENT),
                    after=row.after.quantize(_CENT),
                )
                for row in rows
            ),
            batch_size=2000,
        )
        backtest.before, backtest.after = total.before.quantize(_CENT), total.after.quantize(_CENT)
        backtest.base_hash = _hash_of(_base_hashes(backtest))
        backtest.input_hash = _hash_of(hashes)
        backtest.engine = f"duckdb {ENGINE_VERSION}"
        backtest.finished_at = timezone.now()
        backtest.save()
    return backtest


def _calculate(
    plan: Plan,
    snapshot: Snapshot,
    part: Part,
    first: date,
    labels: dict[int, str],
    watch: Callable[[], None],
) -> tuple[dict[Key, Decimal], str]:
    """What a text pays in a part's periods, and the hash of what it read."""
    inputs = load_rows(plan, snapshot.tables, check_names=False)
    try:
        prepare_inputs(inputs, first=first, last=part.ends)
        counted = {each.number: each.label for each in inputs.periods if each.ends >= part.starts}
        labels.update(counted)
        if not counted:
            return {}, inputs.hash
        return totals_of(inputs, counted.__contains__, watch), inputs.hash
    finally:
        inputs.close()


def parts_of(backtest: Backtest) -> Sequence[Part]:
    """The text to try beside each text that it is compared with."""
    candidate = read_plan(backtest.text)
    row = backtest.plan
    if backtest.base_text:
        base = read_plan(backtest.base_text)
        return [_part(candidate, base, backtest.starts_on, backtest.ends_on, row)]
    parts = []
    for version in _versions(backtest):
        assert version.starts_on is not None
        starts = max(version.starts_on, backtest.starts_on)
        ends = min(version.ends_on or backtest.ends_on, backtest.ends_on)
        parts.append(_part(candidate, read_plan(version.text), starts, ends, row, version))
    return parts


def _part(
    candidate: Plan,
    base: Plan,
    starts: date,
    ends: date,
    row: CompensationPlan,
    version: PlanVersion | None = None,
) -> Part:
    candidate = tried_in_place_of(candidate, base)
    begins = starts
    if carries_over(base) or carries_over(candidate):
        earliest = (
            row.versions.filter(activated_at__isnull=False)
            .order_by("starts_on")
            .values_list("starts_on", flat=True)
            .first()
        )
        since = base.effective or (version.starts_on if version is not None else earliest)
        begins = min(since or starts, starts)
    return Part(base, candidate, starts, ends, begins)


def _versions(backtest: Backtest) -> Sequence[PlanVersion]:
    """The versions that were active in the days, in their order."""
    return [
        each
        for each in backtest.plan.versions.filter(activated_at__isnull=False).order_by("starts_on")
        if each.starts_on is not None
        and each.starts_on <= backtest.ends_on
        and (each.ends_on is None or each.ends_on >= backtest.starts_on)
    ]


def _base_hashes(backtest: Backtest) -> Sequence[str]:
    if backtest.base_text:
        return [text_hash(backtest.base_text)]
    return [each.hash for each in _versions(backtest)]


def _hash_of(hashes: Sequence[str]) -> str:
    """One hash as it is, several as the hash over them in their order."""
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


@contextmanager
def one_moment() -> Iterator[None]:
    """Reads of one moment, whatever is written meanwhile; inside another transaction, as that
    reads."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("set transaction isolation level repeatable read, read only")
        yield


def _nobody(done: int, total: int, message: str) -> None:
    """Nobody watches."""
