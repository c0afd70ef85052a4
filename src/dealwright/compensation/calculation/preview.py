"""Calculating without posting: why nothing is paid, and what a change would pay."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from dealwright.compensation.calculation.snapshot import take_snapshot
from dealwright.compensation.engine.explain import why_nothing
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.periods import period_at, year_at
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import Result, calculate
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.reading import read_plan


def preview(
    plan: CompensationPlan, version: PlanVersion, payees: frozenset[UUID], *, until: date
) -> Result:
    """What the engine finds for some payees in the year of a day, up to it; nothing is kept."""
    definition = read_plan(version.text)
    year = year_at(until, plan.calendar, plan.fiscal_year_starts)
    last = period_at(until, plan.calendar, plan.fiscal_year_starts).end
    snapshot = take_snapshot(plan, definition, payees, first=year.start, last=last)
    inputs = load_rows(definition, snapshot.tables, check_names=False)
    try:
        return calculate(prepare_inputs(inputs, first=year.start, last=last))
    finally:
        inputs.close()


def why_nothing_is_paid(
    plan: CompensationPlan,
    version: PlanVersion,
    payee_id: UUID,
    period: PayPeriod,
    component_id: str,
) -> str:
    """One sentence for a component that comes to nothing on a statement."""
    result = preview(plan, version, frozenset({payee_id}), until=period.ends_on)
    component = result.plan.component(component_id)
    if component is None:
        return "The plan of this period has no such component."
    if not any(each.number == period.number for each in result.periods):
        return "The plan does not pay in this period."
    return why_nothing(result, component, str(payee_id), period.number)
