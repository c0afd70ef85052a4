"""What the API can do with cases beyond reading and writing them."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.crm.answers import LongText, RecordOut, ShortText, record_answer
from dealwright.crm.cases.models import Case
from dealwright.crm.cases.services import assign_case, respond_to_case, set_case_status

router = Router(tags=["Cases"])


class Status(Given):
    """The status to move to; a solved case says how."""

    status: ShortText = Field(description=f"One of: {', '.join(Case.Status.values)}.")
    resolution: LongText = ""


class Owner(Given):
    owner: UUID


@router.post(
    "/cases/{uuid:id}/status",
    response=RecordOut,
    operation_id="set_case_status",
    summary="Move a case on",
)
def status(request: HttpRequest, id: UUID, body: Status) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    case = set_case_status(actor, id, body.status, resolution=body.resolution)
    return record_answer(actor, "case", case)


@router.post(
    "/cases/{uuid:id}/assign",
    response=RecordOut,
    operation_id="assign_case",
    summary="Give a case to a user",
)
def assign(request: HttpRequest, id: UUID, body: Owner) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "case", assign_case(actor, id, body.owner))


@router.post(
    "/cases/{uuid:id}/respond",
    response=RecordOut,
    operation_id="respond_to_case",
    summary="Note the first answer to the customer",
)
def respond(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return record_answer(actor, "case", respond_to_case(actor, id))
