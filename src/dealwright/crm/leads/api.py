"""What the API can do with leads beyond reading and writing them."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.errors import Invalid
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer
from dealwright.crm.campaigns.models import Campaign
from dealwright.crm.leads.capture import PERSON_FIELDS, UTM_FIELDS, capture_lead
from dealwright.crm.leads.models import Lead
from dealwright.crm.leads.services import (
    assign_lead,
    convert_lead,
    disqualify_lead,
    reopen_lead,
    respond_to_lead,
)

router = Router(tags=["Leads"])


class Capture(Given):
    """What somebody told about themselves, and where they came from."""

    first_name: ShortText = ""
    last_name: ShortText = ""
    email: ShortText = ""
    phone: ShortText = ""
    job_title: ShortText = ""
    company: ShortText = ""
    message: LongText = ""
    source: ShortText = Field("web", description=f"One of: {', '.join(Lead.Source.values)}.")
    source_detail: ShortText = ""
    utm_source: LongText = ""
    utm_medium: LongText = ""
    utm_campaign: LongText = ""
    utm_term: LongText = ""
    utm_content: LongText = ""
    landing_page: LongText = ""
    referrer: LongText = ""
    campaign: UUID | None = None


class Convert(Given):
    """The deal to make, or ``opportunity`` to link an existing one."""

    opportunity: UUID | None = None
    name: ShortText = ""
    amount: Decimal | None = None
    close_date: date | None = None
    product: UUID | None = None


class Disqualify(Given):
    """Why the lead is not worth pursuing."""

    reason: ShortText = Field(description=f"One of: {', '.join(Lead.DisqualifiedReason.values)}.")
    detail: LongText = ""


class Assign(Given):
    """Who gets the lead; nobody named lets the assignment rules choose."""

    owner: UUID | None = None


@router.post(
    "/leads/capture",
    response={201: RecordOut},
    operation_id="capture_lead",
    summary="Take in a lead: match the person, assign it, start the clock",
)
def capture(request: HttpRequest, body: Capture) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    if body.campaign and not Campaign.objects.filter(pk=body.campaign).exists():
        sentence = "Campaign: there is no such campaign."
        raise Invalid(sentence, fields={"campaign": [sentence]})
    lead = capture_lead(
        actor,
        {key: getattr(body, key) for key in PERSON_FIELDS},
        source=body.source,
        source_detail=body.source_detail,
        message=body.message,
        utm={key: getattr(body, key) for key in UTM_FIELDS},
        landing_page=body.landing_page,
        referrer=body.referrer,
        campaign_id=body.campaign,
    )
    return record_answer(actor, "lead", lead, status=201)


@router.post(
    "/leads/{uuid:id}/convert",
    response={201: RecordOut},
    operation_id="convert_lead",
    summary="Turn a lead into an opportunity by linking",
)
def convert(request: HttpRequest, id: UUID, body: Convert) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    deal = convert_lead(
        actor,
        id,
        opportunity_id=body.opportunity,
        name=body.name,
        amount=body.amount,
        close_date=body.close_date,
        product_id=body.product,
    )
    return record_answer(actor, "opportunity", deal, status=201)


@router.post(
    "/leads/{uuid:id}/disqualify",
    response=RecordOut,
    operation_id="disqualify_lead",
    summary="Close a lead with a reason",
)
def disqualify(request: HttpRequest, id: UUID, body: Disqualify) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    lead = disqualify_lead(actor, id, reason=body.reason, detail=body.detail)
    return record_answer(actor, "lead", lead)


@router.post(
    "/leads/{uuid:id}/assign",
    response=RecordOut,
    operation_id="assign_lead",
    summary="Give a lead to somebody, or let the rules choose",
)
def assign(request: HttpRequest, id: UUID, body: Assign) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "lead", assign_lead(actor, id, owner_id=body.owner))


@router.post(
    "/leads/{uuid:id}/respond",
    response=RecordOut,
    operation_id="respond_to_lead",
    summary="Note the first answer and stop the clock",
)
def respond(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "lead", respond_to_lead(actor, id))


@router.post(
    "/leads/{uuid:id}/reopen",
    response=RecordOut,
    operation_id="reopen_lead",
    summary="Take a disqualified lead up again",
)
def reopen(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "lead", reopen_lead(actor, id))
