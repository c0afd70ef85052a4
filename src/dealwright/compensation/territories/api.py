"""Territories over the API: who holds them, and what falls into them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.api.schemas import DecimalText
from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.compensation.api_shapes import ShortText
from dealwright.compensation.quotas.models import FIRST_DAY
from dealwright.compensation.territories import queries, services
from dealwright.compensation.territories.models import TerritoryHolder

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"
Share = Annotated[Decimal, Field(max_digits=9, decimal_places=6, gt=0)]
Place = Annotated[int, Query(ge=0, le=10_000_000)]


class HolderIn(Given):
    """A person who holds a territory; ``share`` is a fraction of the whole amount."""

    territory: Annotated[ShortText, Field(min_length=1, max_length=120)]
    user: UUID
    share: Share = Decimal(1)
    role: Annotated[ShortText, Field(max_length=80)] = ""
    starts_on: date = FIRST_DAY
    ends_on: date | None = None


class HolderChangeIn(Given):
    """What holds from ``from_day`` on; the days before stay as they are."""

    user: UUID
    share: Share = Decimal(1)
    role: Annotated[ShortText, Field(max_length=80)] = ""
    from_day: date
    ends_on: date | None = None


class EndIn(Given):
    """The last day."""

    ends_on: date


class HolderOut(Schema):
    """Who holds a territory, and when."""

    id: UUID
    territory: str
    user_id: UUID
    share: DecimalText
    role: str
    starts_on: date
    ends_on: date | None


class PlacedOut(Schema):
    """An event that names the territory, and who holds it on its day."""

    key: str
    kind: str
    title: str
    date: date
    amount: DecimalText
    currency: str
    held_by: list[str]


@router.get(
    "/compensation/territories",
    response=list[HolderOut],
    operation_id="list_territory_holders",
    summary="Who holds which territory, by territory and day",
)
def read_holders(
    request: HttpRequest,
    territory: ShortText = "",
    start: Place = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HttpResponse:
    actor = require_scope(request, READ)
    rows = queries.list_holders(actor, territory=territory, start=start, limit=limit)
    return as_json([_holder_out(row) for row in rows])


@router.get(
    "/compensation/territories/events",
    response=list[PlacedOut],
    operation_id="list_events_of_territory",
    summary="The events of some days that name a territory, the newest first",
)
def read_events(
    request: HttpRequest,
    territory: ShortText,
    starts_on: date,
    ends_on: date,
    start: Place = 0,
) -> HttpResponse:
    actor = require_scope(request, READ)
    rows, _ = queries.events_in(actor, territory, starts_on, ends_on, start=start)
    names = ("key", "kind", "title", "date", "amount", "currency")
    return as_json(
        [
            {name: getattr(row.event, name) for name in names} | {"held_by": list(row.holders)}
            for row in rows
        ]
    )


@router.put(
    "/compensation/territories",
    response=HolderOut,
    operation_id="give_territory",
    summary="Let a person hold a territory, in place of what was said from the same day on",
)
def write_holder(request: HttpRequest, body: HolderIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    holder = services.give_territory(
        actor,
        body.territory,
        _user(body.user),
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        share=body.share,
        role=body.role,
    )
    return as_json(_holder_out(holder))


@router.post(
    "/compensation/territories/{uuid:holder_id}/change",
    response=HolderOut,
    operation_id="change_territory_holder",
    summary="Another person, share or role from a day on",
)
def write_change(request: HttpRequest, holder_id: UUID, body: HolderChangeIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    holder = services.change_holder(
        actor,
        holder_id,
        user=_user(body.user),
        share=body.share,
        role=body.role,
        from_day=body.from_day,
        ends_on=body.ends_on,
    )
    return as_json(_holder_out(holder))


@router.post(
    "/compensation/territories/{uuid:holder_id}/end",
    response=HolderOut,
    operation_id="end_territory_holder",
    summary="Let a person hold a territory until a day",
)
def write_end(request: HttpRequest, holder_id: UUID, body: EndIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return as_json(_holder_out(services.end_holder(actor, holder_id, body.ends_on)))


@router.delete(
    "/compensation/territories/{uuid:holder_id}",
    response={204: None},
    operation_id="remove_territory_holder",
    summary="As if the person had never held it",
)
def remove(request: HttpRequest, holder_id: UUID) -> Status[None]:
    services.remove_holder(require_scope(request, WRITE), holder_id)
    return Status(204, None)


def _holder_out(row: TerritoryHolder) -> dict[str, Any]:
    names = ("territory", "user_id", "share", "role", "starts_on", "ends_on")
    return {"id": row.pk} | {name: getattr(row, name) for name in names}


def _user(user_id: UUID) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Invalid("There is no such user.", fields={"user": ["There is no such user."]})
    return user
