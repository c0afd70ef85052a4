"""Journeys, attribution and scores over the API."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from dealwright.base.access.actor import change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.errors import NotFound
from dealwright.intelligence.attribution.queries import attribute_revenue
from dealwright.intelligence.journeys.queries import journey_of
from dealwright.intelligence.scoring.models import LeadScore
from dealwright.intelligence.scoring.services import score_lead

router = Router(tags=["Intelligence"])


@router.get(
    "/journeys/{object}/{uuid:id}",
    operation_id="get_journey",
    summary="Every touch of a record, oldest first",
)
def journey(request: HttpRequest, object: str, id: UUID, model: str = "linear") -> HttpResponse:
    """`object` is opportunity, account, contact or lead."""
    actor = require_scope(request, "intelligence:read")
    return as_json(asdict(journey_of(actor, object, id, model=model)))


@router.get(
    "/reports/attribution",
    operation_id="get_attribution",
    summary="Won value by channel, source or campaign",
)
def attribution(
    request: HttpRequest,
    model: str = "linear",
    by: str = "channel",
    since: date | None = None,
    until: date | None = None,
) -> HttpResponse:
    """The rows of a currency sum to what was won in it."""
    actor = require_scope(request, "intelligence:read")
    found = attribute_revenue(actor, model=model, by=by, since=since, until=until)
    return as_json(
        {
            "model": found.model,
            "by": found.by,
            "totals": found.totals,
            "rows": {
                currency: [
                    {
                        "key": row.key,
                        "label": row.label,
                        "amount": row.amount,
                        "deals": row.deals,
                        "parts": {str(deal): credit for deal, credit in row.parts.items()},
                    }
                    for row in rows
                ]
                for currency, rows in found.rows.items()
            },
        }
    )


@router.get(
    "/leads/{uuid:id}/score",
    operation_id="get_lead_score",
    summary="A lead's score and the reasons that sum to it",
)
def lead_score(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "intelligence:read")
    get_visible(actor, "lead", id)
    detail = LeadScore.objects.select_related("scorecard").filter(lead_id=id).first()
    if detail is None:
        raise NotFound("This lead has no score yet.")
    return as_json(
        {
            "score": detail.score,
            "grade": detail.grade,
            "reasons": detail.reasons,
            "scorecard": detail.scorecard.version,
            "scored_at": detail.scored_at,
        }
    )


@router.post(
    "/leads/{uuid:id}/score", operation_id="score_lead", summary="Score a lead by today's rules"
)
def rescore(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "intelligence:write")
    with change(actor):
        get_changeable(actor, "lead", id)
        detail = score_lead(actor, id)
    return as_json({"score": detail.score, "grade": detail.grade, "reasons": detail.reasons})
