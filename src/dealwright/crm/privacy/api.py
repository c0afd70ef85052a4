"""The rights of a person over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.crm.answers import LongText
from dealwright.crm.privacy.services import erase_person, export_person

router = Router(tags=["Contacts"])


class Erase(Given):
    reason: LongText = ""


class Erased(Schema):
    """How many rows of what were emptied."""

    id: UUID
    counts: dict[str, Any]


@router.get(
    "/contacts/{uuid:id}/personal-data",
    operation_id="export_person",
    summary="Everything about a person as ZIP of JSON and CSV",
    openapi_extra={
        "responses": {
            200: {"description": "The archive.", "content": {"application/zip": {}}},
        }
    },
)
def personal_data(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    name, content = export_person(actor, id)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@router.post(
    "/contacts/{uuid:id}/erase",
    response=Erased,
    operation_id="erase_person",
    summary="Forget a person for good",
)
def erase(request: HttpRequest, id: UUID, body: Erase) -> HttpResponse:
    actor = require_scope(request, "admin")
    request_row = erase_person(actor, id, reason=body.reason)
    return as_json({"id": request_row.pk, "counts": request_row.counts})
