"""Named relationships over the API: who stands under whom, in which relation, and until when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.compensation.api_shapes import ShortText
from dealwright.compensation.quotas.models import FIRST_DAY, ReportingLine
from dealwright.compensation.relationships import queries, services

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"


class RelationshipIn(Given):
    """A person under another in a relation that a plan's credit names (``along: mentor``)."""

    user: UUID
    manager: UUID
    relation: Annotated[ShortText, Field(min_length=1, max_length=40)]
    starts_on: date = FIRST_DAY
    ends_on: date | None = None


class RelationshipChangeIn(Given):
    """Another manager from ``from_day`` on; the days before stay as they are."""

    manager: UUID
    from_day: date
    ends_on: date | None = None


class RelationshipEndIn(Given):
    """The last day."""

    ends_on: date


class RelationshipOut(Schema):
    """Who stands under whom, and when."""

    id: UUID
    user_id: UUID
    manager_id: UUID
    relation: str
    starts_on: date
    ends_on: date | None


@router.get(
    "/compensation/relationships",
    response=list[RelationshipOut],
    operation_id="list_relationships",
    summary="Stated relationships; the reporting line where relation is “reporting”",
)
def read_relationships(
    request: HttpRequest,
    relation: ShortText = "",
    search: ShortText = "",
    start: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> HttpResponse:
    actor = require_scope(request, READ)
    rows, _ = queries.list_relationships(actor, search=search, relation=relation, start=start)
    return as_json([_line_out(row) for row in rows])


@router.put(
    "/compensation/relationships",
    response=RelationshipOut,
    operation_id="state_relationship",
    summary="Let a person stand under another, in place of what was said from the same day on",
)
def write_relationship(request: HttpRequest, body: RelationshipIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    line = services.state_relationship(
        actor,
        _user(body.user, "user"),
        _user(body.manager, "manager"),
        body.relation,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
    )
    return as_json(_line_out(line))


@router.post(
    "/compensation/relationships/{uuid:relationship_id}/change",
    response=RelationshipOut,
    operation_id="change_relationship",
    summary="Another manager from a day on",
)
def write_change(
    request: HttpRequest, relationship_id: UUID, body: RelationshipChangeIn
) -> HttpResponse:
    actor = require_scope(request, WRITE)
    line = services.change_relationship(
        actor,
        relationship_id,
        manager=_user(body.manager, "manager"),
        from_day=body.from_day,
        ends_on=body.ends_on,
    )
    return as_json(_line_out(line))


@router.post(
    "/compensation/relationships/{uuid:relationship_id}/end",
    response=RelationshipOut,
    operation_id="end_relationship",
    summary="Let a relationship hold until a day",
)
def write_end(request: HttpRequest, relationship_id: UUID, body: RelationshipEndIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return as_json(_line_out(services.end_relationship(actor, relationship_id, body.ends_on)))


@router.delete(
    "/compensation/relationships/{uuid:relationship_id}",
    response={204: None},
    operation_id="remove_relationship",
    summary="As if it had never been",
)
def remove(request: HttpRequest, relationship_id: UUID) -> Status[None]:
    services.remove_relationship(require_scope(request, WRITE), relationship_id)
    return Status(204, None)


def _line_out(row: ReportingLine) -> dict[str, Any]:
    names = ("user_id", "manager_id", "relation", "starts_on", "ends_on")
    return {"id": row.pk} | {name: getattr(row, name) for name in names}


def _user(user_id: UUID, name: str) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Invalid("There is no such user.", fields={name: ["There is no such user."]})
    return user
