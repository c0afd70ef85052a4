"""Sequences, leaderboard and forecast over the API."""

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dealwright.acceleration.forecasts.queries import Line, forecast
from dealwright.acceleration.leaderboards.queries import leaderboard
from dealwright.acceleration.sequences.models import Sequence
from dealwright.acceleration.sequences.services import (
    enroll_contact,
    enroll_lead,
    save_steps,
    stop_enrollment,
)
from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.api.schemas import DecimalText
from dealwright.base.errors import Invalid
from dealwright.base.money import round_money
from dealwright.base.people.organization import organization
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer

router = Router(tags=["Acceleration"])


class StepIn(Given):
    """A step; `kind` is email, task or call, `wait_days` are working days after the one before."""

    kind: ShortText = "email"
    wait_days: int = 0
    subject: ShortText = ""
    body: LongText = ""


class SequenceStepOut(Schema):
    """A step as it is stored; `position` counts from 1."""

    id: UUID
    position: int
    kind: str
    wait_days: int
    subject: str
    body: str


class EnrollIn(Given):
    """Whom to enroll: a contact, or a lead's person."""

    contact: UUID | None = None
    lead: UUID | None = None


class LeaderboardPlaceOut(Schema):
    """A place: equal values share a rank. `url` is the page of the records that make it."""

    rank: int
    user: UUID
    name: str
    value: DecimalText
    records: int
    url: str


class LeaderboardOut(Schema):
    """People by a measure; `kind` is money (in `currency`), number or percent (a fraction)."""

    measure: str
    kind: str
    since: date
    until: date
    currency: str
    places: list[LeaderboardPlaceOut]


class ForecastLineOut(Schema):
    """A person's deals by forecast category; `user` is null where nobody owns them."""

    user: UUID | None
    name: str
    amounts: dict[str, DecimalText]
    deals: dict[str, int]
    weighted: DecimalText


class SalesForecastOut(Schema):
    """What closes in the period; the lines sum to the total."""

    currency: str
    lines: list[ForecastLineOut]
    total: ForecastLineOut


@router.get(
    "/sequences/{uuid:id}/steps",
    response=list[SequenceStepOut],
    operation_id="list_steps",
    summary="The steps of a sequence in order",
)
def read_steps(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "acceleration:read")
    return _steps(get_visible(actor, "sequence", id))


@router.put(
    "/sequences/{uuid:id}/steps",
    response=list[SequenceStepOut],
    operation_id="save_steps",
    summary="Replace a sequence's steps",
)
def write_steps(request: HttpRequest, id: UUID, body: list[StepIn]) -> HttpResponse:
    actor = require_scope(request, "acceleration:write")
    return _steps(save_steps(actor, id, [each.model_dump() for each in body]))


def _steps(sequence: Sequence) -> HttpResponse:
    rows = sequence.steps.filter(archived_at__isnull=True).order_by("position")
    return as_json(list(rows.values(*SequenceStepOut.model_fields)))


@router.post(
    "/sequences/{uuid:id}/enroll",
    response={201: RecordOut},
    operation_id="enroll",
    summary="Put a person on a sequence",
)
def enroll(request: HttpRequest, id: UUID, body: EnrollIn) -> HttpResponse:
    actor = require_scope(request, "acceleration:write")
    if body.lead is not None:
        made = enroll_lead(actor, id, body.lead)
    elif body.contact is not None:
        made = enroll_contact(actor, id, body.contact)
    else:
        raise Invalid("Name a contact or a lead.", fields={"contact": ["Name one."]})
    return record_answer(actor, "enrollment", made, status=201)


@router.post(
    "/enrollments/{uuid:id}/stop",
    response=RecordOut,
    operation_id="stop_enrollment",
    summary="Stop an enrollment",
)
def stop(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "acceleration:write")
    return record_answer(actor, "enrollment", stop_enrollment(actor, id))


@router.get(
    "/leaderboard",
    response=LeaderboardOut,
    operation_id="get_leaderboard",
    summary="People by a measure",
)
def board(request: HttpRequest, measure: str, since: date, until: date) -> HttpResponse:
    actor = require_scope(request, "acceleration:read")
    found = leaderboard(actor, measure, since, until, currency=organization().currency)
    return as_json(
        {
            "measure": found.measure.key,
            "kind": found.measure.kind,
            "since": found.since,
            "until": found.until,
            "currency": found.currency,
            "places": [
                {
                    "rank": place.rank,
                    "user": place.user.pk,
                    "name": place.user.name,
                    "value": round_money(place.value, found.currency)
                    if found.measure.kind == "money"
                    else place.value,
                    "records": place.deals,
                    "url": place.url,
                }
                for place in found.places
            ],
        }
    )


@router.get(
    "/forecast",
    response=SalesForecastOut,
    operation_id="get_forecast",
    summary="Open and won deals of a period",
)
def forecast_of(request: HttpRequest, since: date, until: date) -> HttpResponse:
    actor = require_scope(request, "acceleration:read")
    found = forecast(actor, since, until, currency=organization().currency)
    return as_json(
        {
            "currency": found.currency,
            "lines": [_forecast_line(line) for line in found.lines],
            "total": _forecast_line(found.total),
        }
    )


def _forecast_line(line: Line) -> dict[str, Any]:
    return {
        "user": line.user_id,
        "name": line.name,
        "amounts": dict(line.amounts),
        "deals": dict(line.deals),
        "weighted": line.weighted,
    }
