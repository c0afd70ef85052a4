"""Calculating without posting."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from dealwright.compensation.calculation.snapshot import take_snapshot
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.periods import period_at, year_at
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import Result, calculate
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
