"""Backtests and forecasts as long jobs that a person watches and may cancel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.jobs import check_cancelled, finish, job, progress, start_long_job
from dealwright.base.jobs.models import JobRun
from dealwright.base.money import format_money
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.simulation.forecasts import calculate_forecast, create_forecast
from dealwright.compensation.simulation.models import Backtest, Forecast
from dealwright.compensation.simulation.services import calculate_backtest, create_backtest


@job(name="compensation.backtest", queue="long", retries=0)
def run_backtest(run: JobRun, backtest_id: str) -> None:
    """Calculate both texts of a backtest."""
    backtest = calculate_backtest(run.actor, backtest_id, _watched(run))
    difference = (backtest.after or Decimal(0)) - (backtest.before or Decimal(0))
    finish(
        run,
        f"{format_money(difference, backtest.currency)} to what was paid.",
        url=f"/compensation/backtests/{backtest.pk}",
    )


@job(name="compensation.forecast", queue="long", retries=0)
def run_forecast(run: JobRun, forecast_id: str) -> None:
    """Draw and calculate a forecast."""
    forecast = calculate_forecast(run.actor, forecast_id, _watched(run))
    finish(
        run,
        f"{forecast.deal_count} open deals, {forecast.draws} draws.",
        url=f"/compensation/forecasts/{forecast.pk}",
    )


def start_backtest(
    actor: Actor,
    plan_id: Any,
    *,
    text: str,
    label: str,
    starts_on: date,
    ends_on: date,
    base: PlanVersion | None = None,
) -> Backtest:
    """Have a text tried on past periods; the backtest's ``job_id`` says how far it is."""
    with change(actor):
        backtest = create_backtest(
            actor,
            plan_id,
            text=text,
            label=label,
            starts_on=starts_on,
            ends_on=ends_on,
            base=base,
        )
        title = f"{backtest.plan.name}: {backtest.label} on past periods"
        run = start_long_job(actor, run_backtest, title, backtest_id=str(backtest.pk))
        backtest.job_id = run.pk
        backtest.save(update_fields=["job_id"])
        return backtest


def start_forecast(actor: Actor, *, ends_on: date, seed: int, draws: int = 500) -> Forecast:
    """Have the commission of the pipeline forecast; the forecast's ``job_id`` says how far."""
    with change(actor):
        forecast = create_forecast(actor, ends_on=ends_on, seed=seed, draws=draws)
        title = f"Commission of the pipeline until {forecast.ends_on}"
        run = start_long_job(actor, run_forecast, title, forecast_id=str(forecast.pk))
        forecast.job_id = run.pk
        forecast.save(update_fields=["job_id"])
        return forecast


def _watched(run: JobRun) -> Callable[[int, int, str], None]:
    def watch(done: int, total: int, message: str) -> None:
        check_cancelled(run)
        progress(run, done, total, message=message)

    return watch
