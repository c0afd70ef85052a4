"""Calculating: the whole truth by the engine, its difference from before into the ledger.

One way for everything: a period is calculated, a booking arrives, a deal is terminated, a
quota changes. The engine computes what is true for the payees and the days concerned; lines
that are new are added, lines that are true no longer are taken back, each under the content
address of the line; the ledger posts the sums of those. Closed periods are never touched: what
belongs to them is posted into the first period that still takes postings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.events import About, record_events
from dealwright.compensation.acceptance.holding import hold_unaccepted
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.calculation.difference import (
    changed_statements,
    compare_lines,
    copy_lines,
    moved_amounts,
    refresh_statistics,
    write_attainments,
)
from dealwright.compensation.calculation.events import StatementChanged
from dealwright.compensation.calculation.everybody import load_everybody
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.calculation.snapshot import managers_above, take_snapshot
from dealwright.compensation.credits.services import Recorded
from dealwright.compensation.engine.inputs import Inputs, load_rows
from dealwright.compensation.engine.periods import period_at, year_at
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import ENGINE_VERSION, run_stages
from dealwright.compensation.holds.services import lock_holds
from dealwright.compensation.holds.settling import settle_holds
from dealwright.compensation.ledger.services import post_moved
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import ensure_periods, posting_period
from dealwright.compensation.plans.definition import (
    TEAM,
    Cap,
    Clawback,
    Contest,
    Draw,
    Plan,
    ProfitPool,
    Rated,
    bases_of,
)
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.quotas.services import sync_reporting_lines

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is calculated, in a person's words, and the record behind it."""

    text: str
    object: str = ""
    record_id: UUID | None = None


def calculate_period(actor: Actor, period_id: Any) -> list[CalculationRun]:
    """Calculate a period for everybody on every plan that pays by its calendar.

    Raises Conflict where the period takes no postings any more, Invalid where a plan cannot
    be calculated (a missing exchange rate, say); then nothing is posted.
    """
    require_pay_manager(actor)
    with change(actor):
        lock_holds(shared=True)
        period = PayPeriod.objects.select_for_update().filter(pk=period_id).first()
        if period is None:
            raise NotFound("This period does not exist.")
        if not period.takes_postings:
            raise Conflict(f"{period.label} is {period.state_label.lower()} and stays as it is.")
        sync_reporting_lines()
        runs = []
        for plan in CompensationPlan.objects.filter(
            calendar=period.calendar,
            fiscal_year_starts=period.fiscal_year_starts,
            archived_at__isnull=True,
        ):
            runs += recalculate_plan(
                actor,
                plan,
                since=period.starts_on,
                until=period.ends_on,
                cause=Cause(f"{period.label} calculated by {actor.name}"),
            )
        period.calculated_at = timezone.now()
        period.save(update_fields=["calculated_at"])
        return runs


def recalculate_for(actor: Actor, recorded: Recorded, cause: Cause) -> list[CalculationRun]:
    """What an event changes for those it concerns, managers above included; at once."""
    if not recorded.changed:
        return []
    with change(actor):
        sync_reporting_lines()
        concerned = recorded.payees | managers_above(recorded.payees)
        return recalculate_payees(actor, concerned, since=recorded.since, cause=cause)


def recalculate_recorded(actor: Actor, recorded: Sequence[Recorded], cause: Cause) -> None:
    """What many events change for those they concern, managers above included: one calculation
    per plan and year."""
    if not recorded:
        return
    with change(actor):
        sync_reporting_lines()
        payees = frozenset(payee for each in recorded for payee in each.payees)
        concerned = payees | managers_above(payees)
        days = {day for each in recorded for day in each.days}
        plan_ids = PlanAssignment.objects.filter(user_id__in=concerned).values("plan_id")
        for plan in CompensationPlan.objects.filter(pk__in=plan_ids, archived_at__isnull=True):
            years: dict[date, list[date]] = {}
            for day in sorted(days):
                year = year_at(day, plan.calendar, plan.fiscal_year_starts).start
                years.setdefault(year, []).append(day)
            for first, *others in years.values():
                until = others[-1] if others else first
                recalculate_plan(
                    actor, plan, payees=concerned, since=first, until=until, cause=cause
                )


def recalculate_payees(
    actor: Actor, payees: Iterable[UUID], *, since: date, cause: Cause
) -> list[CalculationRun]:
    """Calculate some payees on all their plans anew, from the year of a day on."""
    payees = frozenset(payees)
    plan_ids = PlanAssignment.objects.filter(user_id__in=payees).values("plan_id")
    runs = []
    with change(actor):
        for plan in CompensationPlan.objects.filter(pk__in=plan_ids, archived_at__isnull=True):
            runs += recalculate_plan(actor, plan, payees=payees, since=since, cause=cause)
    return runs


def recalculate_plan(
    actor: Actor,
    plan: CompensationPlan,
    *,
    payees: frozenset[UUID] | None = None,
    since: date,
    until: date | None = None,
    cause: Cause,
) -> list[CalculationRun]:
    """Bring lines and ledger of a plan up to the truth; one run per version concerned.

    Two calculations of a plan wait for each other, so that no difference is posted twice.
    """
    with change(actor):
        lock_holds(shared=True)
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 7))", [str(plan.pk)])
        hold_unaccepted(actor, plan)
        versions = plan.versions.filter(activated_at__isnull=False).order_by("starts_on")
        runs = []
        for version in versions:
            run = _recalculate_version(actor, plan, version, payees, since, until, cause)
            if run is not None:
                runs.append(run)
        return runs


def _recalculate_version(
    actor: Actor,
    row: CompensationPlan,
    version: PlanVersion,
    payees: frozenset[UUID] | None,
    since: date,
    until: date | None,
    cause: Cause,
) -> CalculationRun | None:
    plan = read_plan(version.text)
    assert version.starts_on is not None
    if payees is not None and needs_everybody(plan):
        payees = None
    first, last = days_to_calculate(row, version, plan, since, until)
    if last < version.starts_on or first > (version.ends_on or last):
        return None
    last = min(last, version.ends_on or last)
    event_ids: Mapping[str, UUID] = {}
    if payees is None:
        inputs = load_everybody(row, plan, first=first, last=last)
    else:
        snapshot = take_snapshot(row, plan, payees, first=first, last=last)
        inputs = load_rows(plan, snapshot.tables, check_names=False)
        event_ids = snapshot.event_ids
    try:
        prepare_inputs(inputs, first=first, last=last)
        if not inputs.periods:
            return None
        run_stages(inputs)
        return _post_difference(
            actor, row, version, plan, payees, inputs, event_ids, cause, (first, last)
        )
    finally:
        inputs.close()


def days_to_calculate(
    row: CompensationPlan, version: PlanVersion, plan: Plan, since: date, until: date | None
) -> tuple[date, date]:
    """From the beginning of the year of ``since`` to its end, or as far as periods exist.

    A plan with balances that go from year to year (draws, withheld caps, windows over the
    whole plan) is calculated from its beginning to now.
    """
    assert version.starts_on is not None
    year = year_at(since, row.calendar, row.fiscal_year_starts)
    latest = (
        PayPeriod.objects.filter(calendar=row.calendar, fiscal_year_starts=row.fiscal_year_starts)
        .order_by("-number")
        .values_list("ends_on", flat=True)
        .first()
    )
    here = period_at(until or since, row.calendar, row.fiscal_year_starts).end
    latest = max(latest or here, here)
    if carries_over(plan):
        begin = plan.effective or version.starts_on
        return year_at(begin, row.calendar, row.fiscal_year_starts).start, latest
    return year.start, min(year.end, latest)


def carries_over(plan: Plan) -> bool:
    for each in plan.components:
        if isinstance(each, Draw) or getattr(each, "cumulate", "") == "plan":
            return True
        if isinstance(each, Clawback) and each.recover_share is not None:
            return True
        if isinstance(each, Cap) and (each.per == "plan" or each.excess == "withhold"):
            return True
        test = getattr(each, "test", None)
        if test is not None and test.cumulate == "plan":
            return True
    return False


def needs_everybody(plan: Plan) -> bool:
    """Whether one payee's pay hangs on the others' (a budget, a pool or a team's credits)."""
    used = {rule for basis in bases_of(plan) for rule in basis.rules}
    return any(plan.credits[each].relation == TEAM for each in used) or any(
        isinstance(each, ProfitPool | Contest)
        or (isinstance(each, Rated) and each.budget is not None)
        for each in plan.components
    )


def _post_difference(
    actor: Actor,
    row: CompensationPlan,
    version: PlanVersion,
    plan: Plan,
    payees: frozenset[UUID] | None,
    inputs: Inputs,
    event_ids: Mapping[str, UUID],
    cause: Cause,
    days: tuple[date, date],
) -> CalculationRun | None:
    """Compare the engine's lines with those that hold, and write what differs."""
    assert version.starts_on is not None
    paying = [each for each in inputs.periods if each.ends >= version.starts_on]
    if not paying:
        return None
    rows = ensure_periods(row, paying)
    found = compare_lines(inputs, row, payees, plan.rewards, rows)
    if not found.changes and payees is not None:
        return None
    posted = {number: posting_period(rows[number]) for number in sorted(found.numbers)}
    run = CalculationRun.objects.create(
        version=version,
        starts_on=days[0],
        ends_on=days[1],
        payees=sorted(payees or ()),
        cause=cause.text[:200],
        plan_hash=version.hash,
        input_hash=inputs.hash,
        engine=f"duckdb {ENGINE_VERSION}",
        result_hash=found.hash,
        line_count=found.count,
        total=found.total.quantize(_CENT),
        delta_count=found.changes,
        delta=found.delta.quantize(_CENT),
        currency=plan.currency,
        created_by=actor.user,
    )
    if found.changes:
        copy_lines(inputs, run, row, posted, event_ids)
        post_moved(actor, run, row, moved_amounts(inputs, plan.rewards))
    settle_holds(actor, payees, run=run)
    write_attainments(inputs, row, payees, [each.pk for each in rows.values()])
    if found.changes:
        refresh_statistics(found.changes)
        _tell(actor, run, changed_statements(inputs), cause)
    return run


def _tell(
    actor: Actor, run: CalculationRun, changed: Sequence[tuple[UUID, UUID]], cause: Cause
) -> None:
    record_events(
        actor,
        [
            About(
                StatementChanged(
                    user_id=payee_id,
                    period_id=period_id,
                    run_id=run.pk,
                    opportunity_id=cause.record_id if cause.object == "opportunity" else None,
                ),
                object=cause.object,
                record_id=cause.record_id,
            )
            for payee_id, period_id in changed
        ],
    )
