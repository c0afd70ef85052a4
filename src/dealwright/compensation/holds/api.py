"""Holding and releasing pay over the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from dealwright.base.access.actor import Actor
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.api_shapes import (
    HeldOut,
    LongText,
    PayHoldOut,
    ShortText,
    held_out,
    money_out,
)
from dealwright.compensation.holds import queries, services
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.statements.queries import get_period

router = Router(tags=["Compensation"])
READ, WRITE = "compensation:read", "compensation:write"


class PayHoldIn(Given):
    """What to hold: a person, the deal booked under ``event_key``, or a person's part of it."""

    payee: UUID | None = None
    event_key: Annotated[ShortText, Field(max_length=200)] = ""
    reason: LongText
    starts_on: date
    ends_on: date | None = None


class ReleaseIn(Given):
    """Why it is released."""

    reason: LongText = ""


@router.get(
    "/compensation/holds",
    response=list[PayHoldOut],
    operation_id="list_compensation_holds",
    summary="Holds, those that hold now first",
)
def read_holds(
    request: HttpRequest, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> HttpResponse:
    actor = require_scope(request, READ)
    rows = queries.list_holds(actor, limit=limit)
    amounts = queries.held_by_hold(rows, actor)
    return as_json([_hold_out(row, amounts.get(row.pk, {})) for row in rows])


@router.post(
    "/compensation/holds",
    response={201: PayHoldOut},
    operation_id="place_compensation_hold",
    summary="Hold the pay of a deal or a person",
)
def write_hold(request: HttpRequest, body: PayHoldIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    hold = services.place_hold(
        actor,
        reason=body.reason,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        payee_id=body.payee,
        event_key=body.event_key,
    )
    return as_json(_answer(actor, hold), status=201)


@router.post(
    "/compensation/holds/{uuid:hold_id}/release",
    response=PayHoldOut,
    operation_id="release_compensation_hold",
    summary="Let what is held be payable again, in the open period",
)
def write_release(request: HttpRequest, hold_id: UUID, body: ReleaseIn) -> HttpResponse:
    actor = require_scope(request, WRITE)
    return as_json(_answer(actor, services.release_hold(actor, hold_id, reason=body.reason)))


@router.get(
    "/compensation/periods/{uuid:period_id}/held",
    response=list[HeldOut],
    operation_id="list_held_of_period",
    summary="What a payment of the period leaves out, and why",
)
def read_held(request: HttpRequest, period_id: UUID) -> HttpResponse:
    actor = require_scope(request, READ)
    require_pay_manager(actor)
    return as_json([held_out(each) for each in queries.held_for(actor, get_period(period_id))])


def _answer(actor: Actor, hold: Hold) -> dict[str, Any]:
    return _hold_out(hold, queries.held_by_hold([hold], actor).get(hold.pk, {}))


def _hold_out(hold: Hold, amounts: Any) -> dict[str, Any]:
    names = ("payee_id", "reason", "starts_on", "ends_on", "held_at", "released_at")
    return {name: getattr(hold, name) for name in names} | {
        "id": hold.pk,
        "event_key": hold.event.key if hold.event else "",
        "what": queries.what_is_held(hold),
        "amounts": money_out(amounts),
    }
