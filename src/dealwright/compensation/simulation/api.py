"""Simulations over the API: estimates, what-ifs, backtests and forecasts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Invalid
from dealwright.base.jobs.models import JobRun
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.api_shapes import ShortText, money_out
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.plans.queries import get_plan, get_version
from dealwright.compensation.simulation import queries
from dealwright.compensation.simulation.api_shapes import (
    BacktestIn,
    BacktestOut,
    BacktestPayOut,
    CurveOut,
    EstimateOut,
    Figure,
    ForecastDealOut,
    ForecastIn,
    PayForecastOut,
    WhatIfIn,
    WhatIfOut,
)
from dealwright.compensation.simulation.estimate import EstimateLine, estimate_deal
from dealwright.compensation.simulation.jobs import start_backtest, start_forecast
from dealwright.compensation.simulation.models import Backtest, Forecast, ForecastFigure
from dealwright.compensation.simulation.pay_curve import (
    ImaginedDeal,
    Place,
    pay_curve,
    what_if,
)

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"


@router.get(
    "/compensation/estimates/{uuid:opportunity_id}",
    response=EstimateOut,
    operation_id="estimate_deal_pay",
    summary="What winning an open deal would pay; nothing is kept",
    description="Figures that are not given are the deal's; the day is today.",
)
def read_estimate(
    request: HttpRequest,
    opportunity_id: UUID,
    on: date | None = None,
    amount: Figure | None = None,
    margin: Figure | None = None,
    quantity: Annotated[Decimal | None, Query(max_digits=18, decimal_places=6)] = None,
) -> HttpResponse:
    actor = require_scope(request, READ)
    found = estimate_deal(
        actor,
        opportunity_id,
        on=on or timezone.localdate(),
        amount=amount,
        margin=margin,
        quantity=quantity,
    )
    return as_json(
        {
            "opportunity_id": opportunity_id,
            "on": found.event.date,
            "totals": money_out(found.totals),
            "hidden": found.hidden,
            "rows": [
                {
                    "payee_id": row.payee.pk,
                    "payee": row.payee.name,
                    "plan_id": row.plan.pk,
                    "plan": row.plan.name,
                    "version": row.version.number,
                    "currency": row.plan.currency,
                    "before": row.before,
                    "after": row.after,
                    "amount": row.amount,
                    "line_count": row.line_count,
                    "lines": [_line_out(line) for line in row.lines],
                }
                for row in found.rows
            ],
        }
    )


@router.post(
    "/compensation/what-if/{uuid:payee_id}/{uuid:plan_id}",
    response=WhatIfOut,
    operation_id="what_if",
    summary="What imagined deals add to a payee's pay; nothing is kept",
)
def write_what_if(
    request: HttpRequest, payee_id: UUID, plan_id: UUID, body: WhatIfIn
) -> HttpResponse:
    actor = require_scope(request, READ)
    found = what_if(
        actor,
        payee_id,
        plan_id,
        [
            ImaginedDeal(
                each.amount,
                each.on,
                each.by or payee_id,
                {
                    name: str(value) if isinstance(value, Decimal) else value
                    for name, value in each.fields.items()
                },
            )
            for each in body.deals
        ],
        body.day or timezone.localdate(),
    )
    return as_json(
        {
            "payee_id": payee_id,
            "plan_id": plan_id,
            "version": found.version.number,
            "currency": found.plan.currency,
            "before": found.before,
            "after": found.after,
            "amount": found.amount,
            "now": _place_out(found.now),
            "then": _place_out(found.then),
            "line_count": found.line_count,
            "lines": [_line_out(line) for line in found.lines],
        }
    )


@router.get(
    "/compensation/what-if/{uuid:payee_id}/{uuid:plan_id}/curve",
    response=CurveOut,
    operation_id="pay_curve",
    summary="Pay over attainment by the compiled plan",
)
def read_curve(
    request: HttpRequest, payee_id: UUID, plan_id: UUID, day: date | None = None
) -> HttpResponse:
    actor = require_scope(request, READ)
    component, places = pay_curve(actor, payee_id, plan_id, day or timezone.localdate())
    return as_json(
        {
            "component": component,
            "currency": get_plan(actor, plan_id).currency,
            "points": [_place_out(each) for each in places],
        }
    )


@router.post(
    "/compensation/plans/{uuid:plan_id}/backtests",
    response={201: BacktestOut},
    operation_id="start_backtest",
    summary="Try a text on past periods; it runs as a job",
)
def write_backtest(request: HttpRequest, plan_id: UUID, body: BacktestIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    require_pay_manager(actor)
    plan = get_plan(actor, plan_id)
    draft = plan.versions.filter(activated_at__isnull=True).first()
    text = body.text if body.text is not None else (draft.text if draft else None)
    if text is None:
        said = "This plan has no draft; give a text."
        raise Invalid(said, fields={"text": [said]})
    found = start_backtest(
        actor,
        plan_id,
        text=text,
        label=_label(text, draft),
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        base=None if body.against is None else get_version(actor, plan_id, body.against),
    )
    return as_json(_backtest_out(found), status=201)


@router.get(
    "/compensation/plans/{uuid:plan_id}/backtests",
    response=list[BacktestOut],
    operation_id="list_backtests",
    summary="The latest backtests of a plan, without their figures",
)
def read_backtests(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    get_plan(actor, plan_id)
    return as_json([_backtest_out(each) for each in queries.list_backtests(actor, plan_id)])


@router.get(
    "/compensation/backtests/{uuid:backtest_id}",
    response=BacktestOut,
    operation_id="get_backtest",
    summary="A backtest: payees from the greatest winner to the greatest loser, components, spread",
)
def read_backtest(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    found = queries.get_backtest(require_scope(request, READ), backtest_id)
    return as_json(_backtest_out(found, whole=True))


@router.get(
    "/compensation/backtests/{uuid:backtest_id}/pay/{uuid:payee_id}",
    response=list[BacktestPayOut],
    operation_id="get_backtest_pay",
    summary="A payee in a backtest, by component and period",
)
def read_backtest_pay(request: HttpRequest, backtest_id: UUID, payee_id: UUID) -> HttpResponse:
    found = queries.get_backtest(require_scope(request, READ), backtest_id)
    _, rows = queries.pay_of(found, payee_id)
    names = ("payee_id", "period", "component", "before", "after")
    return as_json([{name: getattr(row, name) for name in names} for row in rows])


@router.post(
    "/compensation/forecasts",
    response={201: PayForecastOut},
    operation_id="start_commission_forecast",
    summary="Forecast the commission of the pipeline; it runs as a job",
)
def write_forecast(request: HttpRequest, body: ForecastIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    found = start_forecast(actor, ends_on=body.ends_on, seed=body.seed, draws=body.draws)
    return as_json(_forecast_out(found), status=201)


@router.get(
    "/compensation/forecasts/{uuid:forecast_id}",
    response=PayForecastOut,
    operation_id="get_commission_forecast",
    summary="A forecast by period, plan and payee, with P10, P50 and P90",
)
def read_forecast(request: HttpRequest, forecast_id: UUID) -> HttpResponse:
    found = queries.get_forecast(require_scope(request, READ), forecast_id)
    return as_json(_forecast_out(found, whole=True))


@router.get(
    "/compensation/forecasts/{uuid:forecast_id}/deals",
    response=list[ForecastDealOut],
    operation_id="list_commission_forecast_deals",
    summary="The open deals that make an expected amount, the greatest first",
)
def read_forecast_deals(
    request: HttpRequest,
    forecast_id: UUID,
    period: ShortText = "",
    plan: UUID | None = None,
    payee: UUID | None = None,
) -> HttpResponse:
    found = queries.get_forecast(require_scope(request, READ), forecast_id)
    rows, _ = queries.shares_of(found, period=period, plan_id=plan, payee_id=payee)
    names = ("opportunity_id", "title", "amount", "currency", "probability", "closes_on")
    return as_json(
        [
            {name: row[name] for name in names}
            | {"expected": row["sum"], "pay_currency": row["plan__currency"]}
            for row in rows
        ]
    )


def _label(text: str, draft: PlanVersion | None) -> str:
    if draft is not None and draft.text == text:
        return f"Draft, version {draft.number}"
    return "Edited text"


def _line_out(line: EstimateLine) -> dict[str, Any]:
    return {
        "component": line.component,
        "period": line.period,
        "explanation": line.sentence,
        "amount": line.amount,
        "clause": line.clause,
    }


def _place_out(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {name: getattr(place, name) for name in ("attainment", "reached", "quota", "pay")}


def _status(job_id: UUID | None, finished_at: datetime | None) -> str:
    if finished_at is not None:
        return "done"
    run = JobRun.objects.filter(pk=job_id).first() if job_id else None
    return run.status if run is not None else "waiting"


def _backtest_out(found: Backtest, *, whole: bool = False) -> dict[str, Any]:
    names = (
        "id", "plan_id", "label", "base_label", "starts_on", "ends_on", "currency", "text_hash",
        "base_hash", "input_hash", "engine", "created_at", "finished_at", "before", "after",
    )  # fmt: skip
    row = {name: getattr(found, name) for name in names}
    row["status"] = _status(found.job_id, found.finished_at)
    summary = queries.summary(found) if whole and found.finished_at else None
    return row | {
        "payees": [_difference_out(each) | {"id": each.id} for each in summary.payees]
        if summary
        else [],
        "components": [_difference_out(each) for each in summary.components] if summary else [],
        "periods": [_difference_out(each) for each in summary.periods] if summary else [],
        "percentiles": [
            {"percentile": percent, "before": before, "after": after, "difference": difference}
            for percent, before, after, difference in (summary.percentiles if summary else ())
        ],
    }


def _difference_out(each: Any) -> dict[str, Any]:
    return {name: getattr(each, name) for name in ("name", "before", "after", "difference")}


def _forecast_out(found: Forecast, *, whole: bool = False) -> dict[str, Any]:
    names = (
        "id", "as_of", "ends_on", "draws", "seed", "deal_count", "plans", "left_out", "input_hash",
        "engine", "created_at", "finished_at",
    )  # fmt: skip
    row = {name: getattr(found, name) for name in names}
    figures = found.figures.order_by("id") if whole and found.finished_at else ()
    return row | {
        "status": _status(found.job_id, found.finished_at),
        "figures": [_figure_out(each) for each in figures],
    }


def _figure_out(each: ForecastFigure) -> dict[str, Any]:
    names = (
        "currency", "plan_id", "payee_id", "certain", "expected", "p10", "p50", "p90", "everything",
    )  # fmt: skip
    return {name: getattr(each, name) for name in names} | {"period": each.period or None}
