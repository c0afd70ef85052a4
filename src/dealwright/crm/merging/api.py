"""Duplicates and merges over the API, and the rights of persons."""

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.base.objects.registry import object_type_by_slug
from dealwright.crm.merging.duplicates import duplicates_of
from dealwright.crm.merging.models import MergeEvent
from dealwright.crm.merging.services import merge_records, unmerge_records

router = Router(tags=["Accounts", "Contacts"])
Slug = Annotated[Literal["accounts", "contacts"], Path()]


class Merge(Given):
    """The record that is merged in, and whose value stays per field: survivor or merged."""

    merged: UUID
    choices: dict[str, Literal["survivor", "merged"]] = Field(default_factory=dict)


class MergeOut(Schema):
    """What a merge did."""

    id: UUID
    object: str
    survivor_id: UUID
    merged_id: UUID
    moved: dict[str, int]


class DuplicateOut(Schema):
    """A record that may be the same."""

    id: UUID
    name: str
    detail: str
    score: float
    reason: str


def _shown(event: MergeEvent) -> dict[str, Any]:
    moved: dict[str, int] = {}
    for each in event.moved:
        moved[each["table"]] = moved.get(each["table"], 0) + len(each["ids"])
    return {
        "id": event.pk,
        "object": event.object,
        "survivor_id": event.survivor_id,
        "merged_id": event.merged_id,
        "moved": moved,
    }


@router.get(
    "/{slug}/{uuid:id}/duplicates",
    response=list[DuplicateOut],
    operation_id="list_duplicates",
    summary="Records that may be the same",
)
def duplicates(request: HttpRequest, slug: Slug, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:read")
    found = duplicates_of(actor, object_type_by_slug(slug).key, id)
    return as_json([asdict(each) for each in found])


@router.post(
    "/{slug}/{uuid:id}/merge",
    response={201: MergeOut},
    operation_id="merge_records",
    summary="Merge another record into this one",
)
def merge(request: HttpRequest, slug: Slug, id: UUID, body: Merge) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    key = object_type_by_slug(slug).key
    event = merge_records(actor, key, id, body.merged, choices=body.choices)
    return as_json(_shown(event), status=201)


@router.post(
    "/merges/{uuid:id}/undo",
    response=MergeOut,
    operation_id="undo_merge",
    summary="Take a merge apart again",
)
def undo(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "crm:write")
    return as_json(_shown(unmerge_records(actor, id)))
