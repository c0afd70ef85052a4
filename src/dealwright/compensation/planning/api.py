"""Planning over the API: scenarios and their rows, proposals, adopting and taking back."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.api.schemas import DecimalText
from dealwright.compensation.api_shapes import LongText
from dealwright.compensation.planning import queries
from dealwright.compensation.planning.access import get_scenario, plans_pay
from dealwright.compensation.planning.adoption import (
    adopt_scenario,
    preview_adoption,
    undo_adoption,
)
from dealwright.compensation.planning.models import PlanningScenario
from dealwright.compensation.planning.row_services import propose_quota

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"
Amount = Annotated[Decimal, Field(max_digits=15, decimal_places=2, ge=0)]
Place = Annotated[int, Query(ge=0, le=10_000_000)]


class ScenarioOut(Schema):
    """A number that is planned; ``status`` is draft, shared, adopted or dropped. ``target`` is
    None for who does not see the whole."""

    id: UUID
    name: str
    status: str
    measure: str
    currency: str
    starts_on: date
    ends_on: date
    target: DecimalText | None
    grain: str
    method: str
    shared_at: datetime | None
    adopted_at: datetime | None


class PlannedRowOut(Schema):
    """A row of a scenario: ``quota`` is what was shared out, ``by_hand`` fixed, ``bottom_up``
    proposed; ``wanted`` is what comes from below and ``difference`` how far that is from what
    it should be. ``part`` is the part of a full quota by days and ramp (so many full seats
    for a branch)."""

    id: UUID
    parent_id: UUID | None
    kind: str
    name: str
    user_id: UUID | None
    team_id: UUID | None
    position: str
    history: DecimalText
    pipeline: DecimalText
    part: DecimalText
    quota: DecimalText
    by_hand: DecimalText | None
    bottom_up: DecimalText | None
    wanted: DecimalText
    difference: DecimalText
    unplaced: DecimalText


class PlannedQuotaOut(Schema):
    """A quota that adopting would set."""

    row_id: UUID
    name: str
    starts_on: date
    ends_on: date
    amount: DecimalText


class AdoptionOut(Schema):
    """What adopting would do; it is refused while ``refused`` says why."""

    refused: list[str]
    quotas: list[PlannedQuotaOut]
    territories: list[str]


class ProposalIn(Given):
    """What a row can reach, seen from below; None takes it back."""

    amount: Amount | None
    reason: LongText = ""


@router.get(
    "/compensation/planning",
    response=list[ScenarioOut],
    operation_id="list_planning_scenarios",
    summary="Scenarios of quotas, the newest first",
)
def read_scenarios(
    request: HttpRequest,
    start: Place = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> HttpResponse:
    actor = require_scope(request, READ)
    rows, _ = queries.list_scenarios(actor, start=start, limit=limit)
    sees_whole = plans_pay(actor)
    return as_json([_scenario_out(row, sees_whole) for row in rows])


@router.get(
    "/compensation/planning/{uuid:scenario_id}",
    response=ScenarioOut,
    operation_id="read_planning_scenario",
    summary="A scenario of quotas",
)
def read_scenario(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    scenario = get_scenario(actor, scenario_id)
    return as_json(_scenario_out(scenario, plans_pay(actor)))


@router.get(
    "/compensation/planning/{uuid:scenario_id}/rows",
    response=list[PlannedRowOut],
    operation_id="list_planning_rows",
    summary="The rows of a scenario in the order of its tree, as far as one sees it",
)
def read_rows(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    grid = queries.read_grid(actor, get_scenario(actor, scenario_id), all_rows=True)
    return as_json([_row_out(each) for each in grid.lines])


@router.put(
    "/compensation/planning/{uuid:scenario_id}/rows/{uuid:row_id}/proposal",
    response=PlannedRowOut,
    operation_id="propose_planned_quota",
    summary="Say from below what a row can reach",
)
def write_proposal(
    request: HttpRequest, scenario_id: UUID, row_id: UUID, body: ProposalIn
) -> HttpResponse:
    actor = require_scope(request, WRITE)
    propose_quota(actor, scenario_id, row_id, body.amount, reason=body.reason)
    return as_json(_row_out(queries.read_line(actor, scenario_id, row_id)[1]))


@router.get(
    "/compensation/planning/{uuid:scenario_id}/adoption",
    response=AdoptionOut,
    operation_id="preview_planning_adoption",
    summary="What adopting would write, and what stands against it",
)
def read_adoption(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    found = preview_adoption(require_scope(request, READ), scenario_id)
    return as_json(
        {
            "refused": found.refused,
            "quotas": [
                {
                    "row_id": each.row.pk,
                    "name": each.row.name,
                    "starts_on": quota.starts_on,
                    "ends_on": quota.ends_on,
                    "amount": quota.amount,
                }
                for each in found.planned
                for quota in each.quotas
            ],
            "territories": [each.territory for each in found.handovers],
        }
    )


@router.post(
    "/compensation/planning/{uuid:scenario_id}/adopt",
    response=ScenarioOut,
    operation_id="adopt_planning_scenario",
    summary="Set the planned quotas and hand territories over, all or nothing",
)
def write_adoption(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return as_json(_scenario_out(adopt_scenario(actor, scenario_id), True))


@router.post(
    "/compensation/planning/{uuid:scenario_id}/undo",
    response=ScenarioOut,
    operation_id="undo_planning_adoption",
    summary="Take an adoption back, as long as nothing was calculated for its days",
)
def write_undo(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return as_json(_scenario_out(undo_adoption(actor, scenario_id), True))


def _scenario_out(row: PlanningScenario, sees_whole: bool) -> dict[str, Any]:
    names = (
        "name", "status", "measure", "currency", "starts_on", "ends_on", "grain", "method",
        "shared_at", "adopted_at",
    )  # fmt: skip
    return {
        "id": row.pk,
        "target": row.target if sees_whole else None,
        **{name: getattr(row, name) for name in names},
    }


def _row_out(line: queries.Line) -> dict[str, Any]:
    row = line.row
    part = Decimal(line.part.numerator) / Decimal(line.part.denominator)
    return {
        "id": row.pk,
        "parent_id": row.parent_id,
        "kind": queries.kind_of(row),
        "name": row.name,
        "user_id": row.user_id,
        "team_id": row.team_id,
        "position": row.position,
        "history": line.history,
        "pipeline": line.pipeline,
        "part": round(part, 6),
        "quota": line.placed.amount,
        "by_hand": row.locked,
        "bottom_up": row.proposed,
        "wanted": line.against.wanted,
        "difference": line.against.difference,
        "unplaced": line.placed.unplaced,
    }
