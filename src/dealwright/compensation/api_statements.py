"""Statements over the API, level by level, as far as the caller may see pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.errors import NotFound
from dealwright.compensation.access import get_payee
from dealwright.compensation.analytics.queries import current_period, leaderboard
from dealwright.compensation.api_shapes import (
    LineDetailOut,
    LinesOut,
    PayeeOut,
    ShortText,
    StandingOut,
    StatementOut,
    StatementsOut,
    clauses_out,
    held_out,
    money_out,
    period_out,
)
from dealwright.compensation.calculation.nothing import why_component, why_statement
from dealwright.compensation.given import given_moment
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.statements import overview, queries
from dealwright.compensation.statements.history import changes_since

router = Router(tags=["Compensation"])
READ = "compensation:read"
AsOf = Annotated[
    str,
    Query(max_length=40, description="As known at the end of this day, or at this time; now."),
]


@router.get(
    "/compensation/statements/{uuid:payee_id}",
    response=StatementsOut,
    operation_id="list_statements",
    summary="The periods of a payee, with what each came to",
)
def list_statements(request: HttpRequest, payee_id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    payee = get_payee(actor, payee_id)
    periods = overview.periods_of(payee)
    earned = overview.earned_by_period(actor, payee, periods)
    return as_json(
        {
            "payee_id": payee.pk,
            "payee": payee.name,
            "periods": [
                {"period": period_out(each), "totals": money_out(earned.get(each.pk, {}))}
                for each in periods
            ],
        }
    )


@router.get(
    "/compensation/statements/{uuid:payee_id}/{uuid:period_id}",
    response=StatementOut,
    operation_id="get_statement",
    summary="A payee's statement of a period",
)
def read_statement(
    request: HttpRequest, payee_id: UUID, period_id: UUID, as_of: AsOf = ""
) -> HttpResponse:
    moment = given_moment(as_of)
    found = queries.statement(require_scope(request, READ), payee_id, period_id, as_of=moment)
    later = changes_since(found.payee, found.period, moment) if moment else []
    return as_json(
        {
            "payee_id": found.payee.pk,
            "payee": found.payee.name,
            "period": period_out(found.period),
            "totals": money_out(found.totals),
            "payable": money_out(found.payable),
            "paid": money_out(found.paid),
            "held": [held_out(each) for each in found.held],
            "changes_since": [asdict(each) for each in later],
            "plans": [
                {
                    "plan_id": part.plan.pk,
                    "plan": part.plan.name,
                    "version": part.version.number,
                    "plan_hash": part.version.hash,
                    "currency": part.plan.currency,
                    "total": part.total,
                    "components": [_component(row) for row in part.components],
                }
                for part in found.parts
            ],
        }
    )


def _component(row: queries.ComponentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "label": row.label,
        "amount": row.amount,
        "prior": row.prior,
        "adjusted": row.adjusted,
        "clause": row.clause.text if row.clause else "",
        "reached": row.attainment.reached if row.attainment else None,
        "quota": row.attainment.quota if row.attainment else None,
    }


@router.get(
    "/compensation/statements/{uuid:payee_id}/{uuid:period_id}/lines",
    response=LinesOut,
    operation_id="list_statement_lines",
    summary="The lines of a component of a statement",
)
def read_lines(
    request: HttpRequest,
    payee_id: UUID,
    period_id: UUID,
    plan: Annotated[UUID, Query(description="The plan's id.")],
    component: ShortText,
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    as_of: AsOf = "",
) -> HttpResponse:
    actor = require_scope(request, READ)
    lines, more = queries.statement_lines(
        actor, payee_id, period_id, plan, component, start=start, as_of=given_moment(as_of)
    )
    return as_json(
        {"items": [asdict(line) for line in lines], "next": start + len(lines) if more else None}
    )


@router.get(
    "/compensation/statements/{uuid:payee_id}/{uuid:period_id}/why",
    response=list[str],
    operation_id="explain_empty_statement",
    summary="Why a statement, or one component of it, comes to nothing",
)
def read_why(
    request: HttpRequest,
    payee_id: UUID,
    period_id: UUID,
    plan: Annotated[UUID | None, Query(description="The plan's id, with a component.")] = None,
    component: ShortText = "",
) -> HttpResponse:
    payee = get_payee(require_scope(request, READ), payee_id)
    period = queries.get_period(period_id)
    if plan is None:
        return as_json(list(why_statement(payee, period)))
    row = CompensationPlan.objects.filter(pk=plan).first()
    if row is None:
        raise NotFound("This plan does not exist.")
    version = queries.version_on(row, period)
    return as_json([why_component(payee, row, version, period, component)])


@router.get(
    "/compensation/lines/{int:line_id}",
    response=LineDetailOut,
    operation_id="get_statement_line",
    summary="Everything under one line: event, split, links, clause",
)
def read_line(request: HttpRequest, line_id: int) -> HttpResponse:
    actor = require_scope(request, READ)
    if line_id >= 2**63:
        raise NotFound("This line does not exist, or you may not see it.")
    detail = queries.line_detail(actor, line_id)
    return as_json(
        asdict(detail.line)
        | {
            "splits": [
                {"name": name, "share": share, "role": role} for name, share, role in detail.splits
            ],
            "links": _links(detail.links),
            "cause": detail.cause,
            "cause_links": _links(detail.cause_links),
            "clause": clauses_out([detail.clause])[0] if detail.clause else None,
        }
    )


def _links(links: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"label": label, "url": url} for label, url in links]


@router.get(
    "/compensation/periods/{uuid:period_id}/payees",
    response=list[PayeeOut],
    operation_id="list_period_payees",
    summary="What each payee comes to in a period",
)
def read_payees(
    request: HttpRequest,
    period_id: UUID,
    after: ShortText = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    as_of: AsOf = "",
) -> HttpResponse:
    actor = require_scope(request, READ)
    period = queries.get_period(period_id)
    rows = overview.payees_of_period(
        actor, period, after=after, limit=limit, as_of=given_moment(as_of)
    )
    return as_json(
        [
            {
                "id": row.id,
                "name": row.name,
                "totals": money_out(row.amounts),
                "attainment": row.attainment,
            }
            for row in rows
        ]
    )


@router.get(
    "/compensation/leaderboard",
    response=list[StandingOut],
    operation_id="get_compensation_leaderboard",
    summary="People by attainment, credited amount or payout",
    description="Payouts are shown of people whose pay the caller may see.",
)
def read_leaderboard(
    request: HttpRequest,
    period: Annotated[UUID | None, Query(description="The period's id; that of now.")] = None,
    by: Literal["attainment", "reached", "payout"] = "attainment",
    region: ShortText = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HttpResponse:
    actor = require_scope(request, READ)
    found = queries.get_period(period) if period else current_period(timezone.localdate())
    if found is None:
        return as_json([])
    return as_json(
        [asdict(row) for row in leaderboard(actor, found, by=by, region=region, limit=limit)]
    )
