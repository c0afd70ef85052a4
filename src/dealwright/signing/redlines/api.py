"""Striking out and inserting in a draft's documents over the API, by the words themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.signing.redlines import queries, services
from dealwright.signing.redlines.services import ByText

router = Router(tags=["Envelopes"])

Text = Annotated[str, Field(max_length=500)]
Note = Annotated[str, Field(max_length=200)]


class RedlineIn(Given):
    """Words that are struck out at the `occurrence` of `find` in a `document` (its position, from
    1), counted over its pages; case and runs of blanks do not matter. `replace` puts text in their
    place. `insert_after` or `insert_before` put it beside them instead of striking them out."""

    find: Text
    document: Annotated[int, Field(ge=1, le=20)] = 1
    occurrence: Annotated[int, Field(ge=1, le=100_000)] = 1
    replace: Text = ""
    insert_after: Text = ""
    insert_before: Text = ""
    note: Note = ""


class RedlineChangeIn(Given):
    """What is to be other than it was; an empty `inserted` leaves words only struck out."""

    inserted: Text | None = None
    note: Note | None = None


class RedlineOut(Schema):
    """A change in a document: `number` counts within it, `said` is a sentence for people."""

    id: UUID
    document_id: UUID
    document: str
    number: int
    page: int
    kind: str
    struck: str
    inserted: str
    beside: str
    side: str
    note: str
    author: str
    at: datetime
    is_picture: bool
    said: str


@router.get(
    "/envelopes/{uuid:id}/redlines",
    response=list[RedlineOut],
    operation_id="list_redlines",
    summary="What the sender struck out and inserted",
)
def listed(request: HttpRequest, id: UUID) -> HttpResponse:
    return as_json(queries.list_redlines(require_scope(request, "signing:read"), id))


@router.post(
    "/envelopes/{uuid:id}/redlines",
    response={201: list[RedlineOut]},
    operation_id="add_redline",
    summary="Strike out, replace or insert words in a draft's document",
)
def add(request: HttpRequest, id: UUID, body: RedlineIn) -> HttpResponse:
    """Answers all redlines of the envelope. On sending they become part of the documents, which
    do not change afterwards."""
    actor = require_scope(request, "signing:write")
    services.add_at_text(actor, id, by_text(body))
    return as_json(queries.list_redlines(actor, id), status=201)


@router.patch(
    "/envelopes/{uuid:id}/redlines/{uuid:redline_id}",
    response=list[RedlineOut],
    operation_id="change_redline",
    summary="Change the inserted text or the note of a redline",
)
def change(request: HttpRequest, id: UUID, redline_id: UUID, body: RedlineChangeIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    services.change_redline(actor, id, redline_id, body.dict(exclude_unset=True))
    return as_json(queries.list_redlines(actor, id))


@router.delete(
    "/envelopes/{uuid:id}/redlines/{uuid:redline_id}",
    response={204: None},
    operation_id="remove_redline",
    summary="Let the words of a draft's document stand",
)
def remove(request: HttpRequest, id: UUID, redline_id: UUID) -> HttpResponse:
    services.remove_redline(require_scope(request, "signing:write"), id, redline_id)
    return HttpResponse(status=204)


def by_text(given: RedlineIn) -> ByText:
    return ByText(**given.dict())
