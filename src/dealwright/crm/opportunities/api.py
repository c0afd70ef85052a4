"""What the API can do with deals beyond reading and writing them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router, Schema
from pydantic import Field

from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json, version_of
from dealwright.base.api.schemas import DecimalText
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.models import Opportunity, Stage, StageHistory
from dealwright.crm.opportunities.queries import committee_of, line_items, team_of
from dealwright.crm.opportunities.services import (
    lose_opportunity,
    move_opportunity,
    reopen_opportunity,
    win_opportunity,
)
from dealwright.crm.opportunities.team import remove_contact_role, set_contact_role, set_team

router = Router(tags=["Opportunities"])
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that was read.")]


_STAGE = (
    "id", "name", "category", "probability", "forecast_category", "rot_days", "required_fields",
    "exit_criteria",
)  # fmt: skip


class Move(Given):
    """The stage to move to, with values for fields that it requires."""

    stage: UUID
    values: dict[str, Any] = Field(default_factory=dict)


class Win(Given):
    """The day of the win; today unless given."""

    close_date: date | None = None
    amount: Decimal | None = None


class Lose(Given):
    """Why the deal was lost."""

    reason: ShortText = Field(description=f"One of: {', '.join(Opportunity.LostReason.values)}.")
    detail: LongText = ""
    competitor: ShortText = ""
    close_date: date | None = None


class LineIn(Given):
    """A line: a product or a name, and how much of it. Discount and tax rate are fractions."""

    product: UUID | None = None
    name: ShortText = ""
    description: LongText = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal | None = None
    discount: Decimal = Decimal(0)
    tax_rate: Decimal | None = None
    starts_on: date | None = None
    term_months: int | None = None


class DealLineOut(Schema, extra="allow"):
    """A line as it is stored; ``amount`` is net of discount and without tax."""

    id: UUID
    amount: DecimalText


class TeamMemberIn(Given):
    """A colleague; ``split_percent`` is a fraction of the credit."""

    user: UUID
    role: ShortText = ""
    split_percent: Decimal | None = None


class ContactRoleIn(Given):
    """The part a person plays in the decision."""

    role: ShortText


class PipelineOut(Schema, extra="allow"):
    """A pipeline with its stages in order."""

    id: UUID
    name: str


def given_line(line: LineIn) -> dict[str, Any]:
    """A line as the services take it; what was not sent is left to them."""
    return {key: value for key, value in line.dict().items() if value is not None}


@router.get(
    "/pipelines",
    response=list[PipelineOut],
    operation_id="list_pipelines",
    summary="Pipelines and their stages",
)
def list_pipelines(request: HttpRequest) -> HttpResponse:
    require_scope(request, "crm:read")
    stages = Stage.objects.filter(archived_at__isnull=True, pipeline__archived_at__isnull=True)
    stages = stages.select_related("pipeline")
    pipelines: dict[Any, dict[str, Any]] = {}
    for stage in stages.order_by("pipeline__position", "pipeline__name", "position"):
        pipeline = pipelines.setdefault(
            stage.pipeline_id,
            {
                "id": stage.pipeline_id,
                "name": stage.pipeline.name,
                "is_default": stage.pipeline.is_default,
                "stages": [],
            },
        )
        pipeline["stages"].append({key: getattr(stage, key) for key in _STAGE})
    return as_json(list(pipelines.values()))


@router.post(
    "/opportunities/{uuid:id}/move",
    response=RecordOut,
    operation_id="move_opportunity",
    summary="Move a deal to a stage",
    description="422 with code `required_for_stage` names the fields that the stage needs.",
)
def move(request: HttpRequest, id: UUID, body: Move, if_match: IfMatch = None) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    deal = move_opportunity(
        actor, id, body.stage, body.values, expected_version=version_of(if_match)
    )
    return record_answer(actor, "opportunity", deal)


@router.post(
    "/opportunities/{uuid:id}/win",
    response=RecordOut,
    operation_id="win_opportunity",
    summary="Win a deal",
)
def win(request: HttpRequest, id: UUID, body: Win) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    deal = win_opportunity(actor, id, close_date=body.close_date, amount=body.amount)
    return record_answer(actor, "opportunity", deal)


@router.post(
    "/opportunities/{uuid:id}/lose",
    response=RecordOut,
    operation_id="lose_opportunity",
    summary="Lose a deal for a reason",
)
def lose(request: HttpRequest, id: UUID, body: Lose) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    deal = lose_opportunity(
        actor,
        id,
        reason=body.reason,
        detail=body.detail,
        competitor=body.competitor,
        close_date=body.close_date,
    )
    return record_answer(actor, "opportunity", deal)


@router.post(
    "/opportunities/{uuid:id}/reopen",
    response=RecordOut,
    operation_id="reopen_opportunity",
    summary="Take a closed deal up again",
)
def reopen(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "opportunity", reopen_opportunity(actor, id))


@router.get(
    "/opportunities/{uuid:id}/lines",
    response=list[DealLineOut],
    operation_id="list_opportunity_lines",
    summary="The line items of a deal",
)
def read_lines(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    get_visible(actor, "opportunity", id)
    return as_json(line_items(id))


@router.put(
    "/opportunities/{uuid:id}/lines",
    response=RecordOut,
    operation_id="set_opportunity_lines",
    summary="Replace the line items; the amount becomes their sum",
)
def write_lines(request: HttpRequest, id: UUID, body: list[LineIn]) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    deal = set_line_items(actor, id, [given_line(line) for line in body])
    return record_answer(actor, "opportunity", deal)


@router.get(
    "/opportunities/{uuid:id}/team",
    response=list[dict[str, Any]],
    operation_id="list_opportunity_team",
    summary="The colleagues on a deal with their splits",
)
def read_team(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    get_visible(actor, "opportunity", id)
    return as_json(team_of(id))


@router.put(
    "/opportunities/{uuid:id}/team",
    response=list[dict[str, Any]],
    operation_id="set_opportunity_team",
    summary="Replace the team; splits sum to 1",
)
def write_team(request: HttpRequest, id: UUID, body: list[TeamMemberIn]) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    set_team(actor, id, [member.dict() for member in body])
    return as_json(team_of(id))


@router.get(
    "/opportunities/{uuid:id}/contacts",
    response=list[dict[str, Any]],
    operation_id="list_opportunity_contacts",
    summary="The buying committee of a deal",
)
def read_roles(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    get_visible(actor, "opportunity", id)
    return as_json(committee_of(id))


@router.put(
    "/opportunities/{uuid:id}/contacts/{uuid:contact_id}",
    response=list[dict[str, Any]],
    operation_id="set_opportunity_contact",
    summary="Put a person on the buying committee or change the part",
)
def write_role(
    request: HttpRequest, id: UUID, contact_id: UUID, body: ContactRoleIn
) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    set_contact_role(actor, id, contact_id, body.role)
    return as_json(committee_of(id))


@router.delete(
    "/opportunities/{uuid:id}/contacts/{uuid:contact_id}",
    response={204: None},
    operation_id="remove_opportunity_contact",
    summary="Take a person off the buying committee",
)
def delete_role(request: HttpRequest, id: UUID, contact_id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    remove_contact_role(actor, id, contact_id)
    return HttpResponse(status=204)


@router.get(
    "/opportunities/{uuid:id}/stage-history",
    response=list[dict[str, Any]],
    operation_id="list_stage_history",
    summary="Every move of a deal with its amount and probability then",
)
def stage_history(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    get_visible(actor, "opportunity", id)
    rows = StageHistory.objects.filter(opportunity=id).order_by("at", "id")
    return as_json(
        list(
            rows.values(
                "from_stage_id", "from_stage__name", "to_stage_id", "to_stage__name", "at",
                "by_id", "amount", "currency", "close_date", "probability",
            )
        )
    )  # fmt: skip
