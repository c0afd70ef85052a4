"""Reports over the API."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.crm.reports.queries import GROUPINGS, Period, pipeline_by_stage, win_rates

router = Router(tags=["Reports"])


class WinRateOut(Schema):
    """Closed deals of one group; the filter selects them on `/opportunities`."""

    label: str
    won: int
    lost: int
    rate: str | None
    won_amounts: dict[str, str]
    filter: dict[str, Any]


@router.get(
    "/reports/win-rate",
    response=list[WinRateOut],
    operation_id="report_win_rate",
    summary="Win rate by agent, region or product",
)
def win_rate(
    request: HttpRequest,
    by: Annotated[str, Query(description=f"One of: {', '.join(GROUPINGS)}.")] = "agent",
    closed_from: date | None = None,
    closed_to: date | None = None,
) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    rates = win_rates(actor, by=by, period=Period(closed_from, closed_to))
    return as_json(
        [
            {
                "label": each.label,
                "won": each.won,
                "lost": each.lost,
                "rate": None if each.rate is None else str(round(each.rate, 6)),
                "won_amounts": each.amounts,
                "filter": each.closed_tree,
            }
            for each in rates
        ]
    )


@router.get(
    "/reports/pipeline",
    response=list[dict[str, Any]],
    operation_id="report_pipeline",
    summary="The open pipeline by stage and currency",
)
def pipeline(request: HttpRequest) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    return as_json(
        [
            {
                "pipeline": each.pipeline,
                "stage": each.stage,
                "currency": each.currency,
                "count": each.count,
                "amount": each.amount,
                "weighted": each.weighted,
                "filter": each.tree,
            }
            for each in pipeline_by_stage(actor)
        ]
    )
