"""Plans and quotas over the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Invalid
from dealwright.base.people.models import Team, User
from dealwright.compensation.api_shapes import (
    CheckOut,
    PlanOut,
    PlanText,
    PlanVersionOut,
    QuotaOut,
    ShortText,
    clauses_out,
)
from dealwright.compensation.plans import queries, services
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.quotas.models import Quota
from dealwright.compensation.quotas.queries import list_quotas
from dealwright.compensation.quotas.services import delete_quota, set_quota

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"
Figure = Annotated[Decimal, Field(max_digits=18, decimal_places=2, ge=0)]


class TextIn(Given):
    """A plan's text (YAML)."""

    text: PlanText


class PlanIn(TextIn):
    """A new plan; without a name the title in the text is taken."""

    name: Annotated[ShortText, Field(max_length=160)] = ""


class ActivateIn(Given):
    """The day from which a version pays: the first of a period."""

    starts_on: date


class AssignmentIn(Given):
    """A person on a plan from a day on; salary and target are yearly."""

    user: UUID
    starts_on: date
    ends_on: date | None = None
    salary: Figure | None = None
    target: Figure | None = None
    fields: dict[str, str | bool | Decimal | None] = Field(default_factory=dict)


class AssignmentOut(Schema):
    """An assignment."""

    id: UUID
    user_id: UUID
    starts_on: date
    ends_on: date | None


class QuotaIn(Given):
    """A quota of one of user, position and team; ``per`` is range, month, quarter or year."""

    user: UUID | None = None
    position: Annotated[ShortText, Field(max_length=120)] = ""
    team: UUID | None = None
    measure: Annotated[ShortText, Field(max_length=40)]
    starts_on: date
    ends_on: date
    amount: Figure
    per: str = Field("range", max_length=7)


@router.get(
    "/compensation/plans",
    response=list[PlanOut],
    operation_id="list_compensation_plans",
    summary="Plans the caller may read",
)
def read_plans(request: HttpRequest) -> HttpResponse:
    actor = require_scope(request, READ)
    return as_json(
        [
            {
                "id": row.plan.pk,
                "key": row.plan.key,
                "name": row.plan.name,
                "currency": row.plan.currency,
                "calendar": row.plan.calendar,
                "payees": row.payees,
                "active_version": row.active.number if row.active else None,
                "draft_version": row.draft.number if row.draft else None,
            }
            for row in queries.list_plans(actor)
        ]
    )


@router.post(
    "/compensation/plans/check",
    response=CheckOut,
    operation_id="check_compensation_plan",
    summary="Check a plan's text; nothing is kept",
)
def check_plan(request: HttpRequest, body: TextIn) -> HttpResponse:
    require_scope(request, READ)
    found = queries.check_text(body.text)
    return as_json(
        {
            "ok": not found.problems,
            "problems": [
                {"line": each.line, "message": each.message} for each, _ in found.problems
            ],
            "document": clauses_out(found.clauses),
        }
    )


@router.post(
    "/compensation/plans",
    response={201: PlanVersionOut},
    operation_id="create_compensation_plan",
    summary="Start a plan; its first version is a draft",
)
def create_plan(request: HttpRequest, body: PlanIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    version = services.create_plan(actor, body.text, name=body.name)
    return as_json(_version_out(version), status=201)


@router.put(
    "/compensation/plans/{uuid:plan_id}/draft",
    response=PlanVersionOut,
    operation_id="write_compensation_plan_draft",
    summary="Rewrite the draft, or begin the next version",
)
def write_draft(request: HttpRequest, plan_id: UUID, body: TextIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return as_json(_version_out(services.write_version(actor, plan_id, body.text)))


@router.get(
    "/compensation/plans/{uuid:plan_id}/versions/{int:number}",
    response=PlanVersionOut,
    operation_id="get_compensation_plan_version",
    summary="A version's text and what it says in English",
)
def read_version(request: HttpRequest, plan_id: UUID, number: int) -> HttpResponse:
    return as_json(_version_out(_version(require_scope(request, READ), plan_id, number)))


@router.post(
    "/compensation/plans/{uuid:plan_id}/versions/{int:number}/activate",
    response=PlanVersionOut,
    operation_id="activate_compensation_plan_version",
    summary="Let a draft pay from a day on",
)
def activate(request: HttpRequest, plan_id: UUID, number: int, body: ActivateIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    version = _version(actor, plan_id, number)
    return as_json(_version_out(services.activate_version(actor, version.pk, body.starts_on)))


@router.post(
    "/compensation/plans/{uuid:plan_id}/assignments",
    response={201: AssignmentOut},
    operation_id="assign_compensation_plan",
    summary="Put a person on a plan",
)
def assign(request: HttpRequest, plan_id: UUID, body: AssignmentIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    row = services.assign_payee(
        actor,
        plan_id,
        _user(body.user),
        body.starts_on,
        ends_on=body.ends_on,
        salary=body.salary,
        target=body.target,
        fields={key: _plain(value) for key, value in body.fields.items()},
    )
    names = ("user_id", "starts_on", "ends_on")
    return as_json({"id": row.pk} | {name: getattr(row, name) for name in names}, status=201)


@router.get(
    "/compensation/quotas",
    response=list[QuotaOut],
    operation_id="list_quotas",
    summary="Quotas of people whose pay the caller may see, of their positions and teams",
)
def read_quotas(
    request: HttpRequest,
    search: ShortText = "",
    kind: Literal["", "person", "position", "team"] = "",
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HttpResponse:
    actor = require_scope(request, READ)
    rows, _ = list_quotas(actor, search=search, kind=kind, start=start)
    return as_json([_quota_out(row) for row in rows])


@router.put(
    "/compensation/quotas",
    response=QuotaOut,
    operation_id="set_quota",
    summary="Set a quota, in place of one for exactly the same days",
)
def write_quota(request: HttpRequest, body: QuotaIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    quota = set_quota(
        actor,
        _holder(body),
        body.measure,
        body.amount,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        per=body.per,
    )
    return as_json(_quota_out(quota))


@router.delete(
    "/compensation/quotas/{uuid:quota_id}",
    response={204: None},
    operation_id="delete_quota",
    summary="Take a quota away; statements follow with the next calculation",
)
def remove_quota(request: HttpRequest, quota_id: UUID) -> Status[None]:
    delete_quota(require_scope(request, WRITE), quota_id)
    return Status(204, None)


def _version(actor: Actor, plan_id: UUID, number: int) -> PlanVersion:
    return queries.get_version(actor, plan_id, min(number, 2**31 - 1))


def _version_out(version: PlanVersion) -> dict[str, Any]:
    return {
        "plan_id": version.plan_id,
        "number": version.number,
        "status": version.status,
        "hash": version.hash,
        "starts_on": version.starts_on,
        "ends_on": version.ends_on,
        "text": version.text,
        "document": clauses_out(queries.check_text(version.text).clauses),
    }


def _quota_out(quota: Quota) -> dict[str, Any]:
    names = ("user_id", "position", "team_id", "measure", "starts_on", "ends_on", "amount", "per")
    return {"id": quota.pk} | {name: getattr(quota, name) for name in names}


def _holder(body: QuotaIn) -> User | Team | str:
    given = [name for name in ("user", "position", "team") if getattr(body, name)]
    if len(given) != 1:
        said = "Name one of user, position and team."
        raise Invalid(said, fields={(given or ["user"])[-1]: [said]})
    if body.user is not None:
        return _user(body.user)
    if body.team is None:
        return body.position
    team = Team.objects.filter(pk=body.team).first()
    if team is None:
        raise Invalid("There is no such team.", fields={"team": ["There is no such team."]})
    return team


def _plain(value: Any) -> Any:
    if isinstance(value, str) and ("\x00" in value or len(value) > 250):
        raise Invalid("Fields are short texts.", fields={"fields": ["At most 250 characters."]})
    return str(value) if isinstance(value, Decimal) else value


def _user(user_id: UUID) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Invalid("There is no such user.", fields={"user": ["There is no such user."]})
    return user
