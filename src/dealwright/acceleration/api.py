"""Sequences, leaderboard and forecast over the API."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dealwright.acceleration.forecasts.queries import forecast
from dealwright.acceleration.leaderboards.queries import leaderboard
from dealwright.acceleration.sequences.services import (
    enroll_contact,
    enroll_lead,
    save_steps,
    stop_enrollment,
)
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.errors import Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.people.organization import organization
from dealwright.base.records.queries import get_row

router = Router(tags=["Acceleration"])


class StepIn(Schema):
    """A step; `kind` is email, task or call, `wait_days` are working days after the one before."""

    kind: str = "email"
    wait_days: int = 0
    subject: str = ""
    body: str = ""


class EnrollIn(Schema):
    """Whom to enroll: a contact, or a lead's person."""

    contact: UUID | None = None
    lead: UUID | None = None


@router.put(
    "/sequences/{uuid:id}/steps", operation_id="save_steps", summary="Replace a sequence's steps"
)
def steps(request: HttpRequest, id: UUID, body: list[StepIn]) -> HttpResponse:
    actor = require_scope(request, "acceleration:write")
    sequence = save_steps(actor, id, [each.model_dump() for each in body])
    rows = sequence.steps.filter(archived_at__isnull=True).values(
        "id", "position", "kind", "wait_days", "subject", "body"
    )
    return as_json(list(rows))


@router.post(
    "/sequences/{uuid:id}/enroll", operation_id="enroll", summary="Put a person on a sequence"
)
def enroll(request: HttpRequest, id: UUID, body: EnrollIn) -> HttpResponse:
    actor = require_scope(request, "acceleration:write")
    if body.lead is not None:
        made = enroll_lead(actor, id, body.lead)
    elif body.contact is not None:
        made = enroll_contact(actor, id, body.contact)
    else:
        raise Invalid("Name a contact or a lead.", fields={"contact": ["Name one."]})
    return as_json(get_row(actor, object_type("enrollment"), made.pk), status=201)


@router.post(
    "/enrollments/{uuid:id}/stop", operation_id="stop_enrollment", summary="Stop an enrollment"
)
def stop(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "acceleration:write")
    stop_enrollment(actor, id)
    return as_json(get_row(actor, object_type("enrollment"), id))


@router.get("/leaderboard", operation_id="get_leaderboard", summary="People by a measure")
def board(request: HttpRequest, measure: str, since: date, until: date) -> HttpResponse:
    actor = require_scope(request, "acceleration:read")
    found = leaderboard(actor, measure, since, until, currency=organization().currency)
    return as_json(
        {
            "measure": found.measure.key,
            "since": found.since,
            "until": found.until,
            "currency": found.currency,
            "places": [
                {
                    "rank": place.rank,
                    "user": place.user.pk,
                    "name": place.user.name,
                    "value": place.value,
                    "records": place.deals,
                }
                for place in found.places
            ],
        }
    )


@router.get("/forecast", operation_id="get_forecast", summary="Open and won deals of a period")
def forecast_of(request: HttpRequest, since: date, until: date) -> HttpResponse:
    actor = require_scope(request, "acceleration:read")
    found = forecast(actor, since, until, currency=organization().currency)
    return as_json(
        {
            "currency": found.currency,
            "lines": [
                {
                    "user": line.user_id,
                    "name": line.name,
                    "amounts": dict(line.amounts),
                    "deals": dict(line.deals),
                    "weighted": line.weighted,
                }
                for line in [*found.lines, found.total]
            ],
        }
    )
