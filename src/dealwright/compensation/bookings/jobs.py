"""Paying for what was won before a plan existed: many deals, so somebody may watch it."""

from __future__ import annotations

from datetime import date

from dealwright.base.jobs import finish, job, progress
from dealwright.base.jobs.models import JobRun
from dealwright.compensation.bookings.services import run_plan_over_opportunities
from dealwright.compensation.plans.models import CompensationPlan


@job(name="compensation.run_plan", queue="long", retries=0)
def run_plan(run: JobRun, plan_id: str, first: str, last: str) -> None:
    """Book the deals won in some days and calculate the plan's periods in them."""
    plan = CompensationPlan.objects.get(pk=plan_id)
    progress(run, 0, message="Booking what was won")
    runs = run_plan_over_opportunities(
        run.actor, plan, date.fromisoformat(first), date.fromisoformat(last)
    )
    lines = max((each.line_count for each in runs), default=0)
    finish(
        run,
        f"{len(runs)} calculations, {lines:,} lines.",
        url="/compensation/periods",
    )
