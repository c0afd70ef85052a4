"""Simulations over the API: estimates, what-ifs, backtests and forecasts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.api.schemas import DecimalText
from dealwright.base.errors import Invalid
from dealwright.base.jobs.models import JobRun
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.api_shapes import MoneyOut, PlanText, ShortText, money_out
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.plans.queries import get_plan, get_version
from dealwright.compensation.simulation import queries
from dealwright.compensation.simulation.estimate import EstimateLine, estimate_deal
from dealwright.compensation.simulation.jobs import start_backtest, start_forecast
from dealwright.compensation.simulation.models import Backtest, Forecast, ForecastFigure
from dealwright.compensation.simulation.pay_curve import (
    MOST_DEALS,
    ImaginedDeal,
    Place,
    pay_curve,
    what_if,
)

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"
Figure = Annotated[Decimal, Field(max_digits=15, decimal_places=2)]
Value = ShortText | bool | Annotated[Decimal, Field(max_digits=20, decimal_places=6)] | None


class LineOut(Schema):
    """A line that is added or, with a negative amount, taken away; ``clause`` is the plan's."""

    component: str
    period: str
    explanation: str
    amount: DecimalText
    clause: int | None


class EstimateRowOut(Schema):
    """What a deal pays a payee under a plan: the year's pay without and with it."""

    payee_id: UUID
    payee: str
    plan_id: UUID
    plan: str
    version: int
    currency: str
    before: DecimalText
    after: DecimalText
    amount: DecimalText
    line_count: int
    lines: list[LineOut]


class EstimateOut(Schema):
    """An estimate, as far as the caller may see pay; ``hidden`` says that others are concerned
    whom the caller may not see."""

    opportunity_id: UUID
    on: date
    totals: list[MoneyOut]
    hidden: bool
    rows: list[EstimateRowOut]


class ImaginedIn(Schema):
    """A deal that is imagined; ``fields`` are what the plan reads of an event."""

    amount: Figure
    on: date
    by: UUID | None = None
    fields: dict[str, Value] = Field(default_factory=dict, max_length=50)


class WhatIfIn(Schema):
    """Deals to imagine, and the day that says which year and version are meant."""

    deals: list[ImaginedIn] = Field(default_factory=list, max_length=MOST_DEALS)
    day: date | None = None


class PlaceOut(Schema):
    """Reached of a quota, and the pay of the time the quota is for; attainment is a fraction."""

    attainment: DecimalText
    reached: DecimalText
    quota: DecimalText
    pay: DecimalText


class WhatIfOut(Schema):
    """Pay of the year as it is and with the imagined deals."""

    payee_id: UUID
    plan_id: UUID
    version: int
    currency: str
    before: DecimalText
    after: DecimalText
    amount: DecimalText
    now: PlaceOut | None
    then: PlaceOut | None
    line_count: int
    lines: list[LineOut]


class CurveOut(Schema):
    """Pay over attainment for the quota of a component."""

    component: str
    currency: str
    points: list[PlaceOut]


class BacktestIn(Schema):
    """A text to try on past periods, the draft unless given; ``against`` is the number of a
    version, what was active in each period unless given."""

    text: PlanText | None = None
    against: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    starts_on: date
    ends_on: date


class DifferenceOut(Schema):
    """What was and what would be."""

    name: str
    before: DecimalText
    after: DecimalText
    difference: DecimalText


class PayeeDifferenceOut(DifferenceOut):
    """The same of a payee."""

    id: UUID


class PercentileOut(Schema):
    """A percentile over the payees, by the nearest rank."""

    percentile: int
    before: DecimalText
    after: DecimalText
    difference: DecimalText


class BacktestOut(Schema):
    """A backtest; figures are there once ``status`` is done."""

    id: UUID
    plan_id: UUID
    status: str
    label: str
    base_label: str
    starts_on: date
    ends_on: date
    currency: str
    text_hash: str
    base_hash: str
    input_hash: str
    engine: str
    created_at: datetime
    finished_at: datetime | None
    before: DecimalText | None
    after: DecimalText | None
    payees: list[PayeeDifferenceOut]
    components: list[DifferenceOut]
    periods: list[DifferenceOut]
    percentiles: list[PercentileOut]


class BacktestPayOut(Schema):
    """What a component pays a payee in a period under both texts."""

    payee_id: UUID
    period: str
    component: str
    before: DecimalText
    after: DecimalText


class ForecastIn(Schema):
    """Until when, how many draws, and the seed they follow from."""

    ends_on: date
    draws: Literal[100, 200, 500, 1000, 2000] = 500
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 1


class ForecastFigureOut(Schema):
    """An expected amount; without payee, plan or period it is of all of them."""

    currency: str
    plan_id: UUID | None
    payee_id: UUID | None
    period: str | None
    certain: DecimalText
    expected: DecimalText
    p10: DecimalText
    p50: DecimalText
    p90: DecimalText
    everything: DecimalText


class ForecastOut(Schema):
    """A forecast with its method; figures are there once ``status`` is done."""

    id: UUID
    status: str
    as_of: date
    ends_on: date
    draws: int
    seed: int
    deal_count: int
    plans: list[dict[str, Any]]
    left_out: list[dict[str, str]]
    input_hash: str
    engine: str
    created_at: datetime
    finished_at: datetime | None
    figures: list[ForecastFigureOut]


class ForecastDealOut(Schema):
    """What an open deal adds to an expected amount; no opportunity: what no deal alone makes."""

    opportunity_id: UUID | None
    title: str
    amount: DecimalText | None
    currency: str
    probability: DecimalText | None
    closes_on: date | None
    expected: DecimalText
    pay_currency: str


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
    response={201: ForecastOut},
    operation_id="start_commission_forecast",
    summary="Forecast the commission of the pipeline; it runs as a job",
)
def write_forecast(request: HttpRequest, body: ForecastIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    found = start_forecast(actor, ends_on=body.ends_on, seed=body.seed, draws=body.draws)
    return as_json(_forecast_out(found), status=201)


@router.get(
    "/compensation/forecasts/{uuid:forecast_id}",
    response=ForecastOut,
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
