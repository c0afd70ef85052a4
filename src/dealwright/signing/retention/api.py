"""Holding, purging and erasing over the API, for administrators and legal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import require_scope
from dealwright.base.api.given import Given
from dealwright.base.api.responses import as_json
from dealwright.signing.retention import purging, services
from dealwright.signing.retention.models import LegalHold

router = Router(tags=["Envelopes"])


class LegalHoldIn(Given):
    """Why it must be kept."""

    reason: Annotated[str, Field(max_length=500)]


class LegalHoldOut(Schema):
    """A legal hold; it stands until it is released."""

    id: UUID
    reason: str
    placed_at: datetime
    released_at: datetime | None


class DestroyIn(Given):
    """Why; it stays in the evidence, so name nobody."""

    reason: Annotated[str, Field(max_length=200)]


class PurgedOut(Schema):
    """The tombstone."""

    id: UUID
    status: str
    purged_at: datetime


@router.get(
    "/envelopes/{uuid:id}/holds",
    response=list[LegalHoldOut],
    operation_id="list_envelope_holds",
    summary="The legal holds on an envelope, released ones too",
)
def holds(request: HttpRequest, id: UUID) -> HttpResponse:
    envelope = get_visible(require_scope(request, "signing:read"), "envelope", id)
    return as_json([_shown(each) for each in envelope.holds.all()])


@router.post(
    "/envelopes/{uuid:id}/holds",
    response={201: LegalHoldOut},
    operation_id="hold_envelope",
    summary="Put an envelope on legal hold",
)
def hold(request: HttpRequest, id: UUID, body: LegalHoldIn) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json(_shown(services.hold_envelope(actor, id, reason=body.reason)), status=201)


@router.post(
    "/envelopes/{uuid:id}/holds/{uuid:hold_id}/release",
    response=LegalHoldOut,
    operation_id="release_envelope_hold",
    summary="End a legal hold",
)
def release(request: HttpRequest, id: UUID, hold_id: UUID) -> HttpResponse:
    actor = require_scope(request, "signing:write")
    return as_json(_shown(services.release_hold(actor, id, hold_id)))


@router.post(
    "/envelopes/{uuid:id}/purge",
    response=PurgedOut,
    operation_id="purge_envelope",
    summary="Destroy an envelope's files and all it knows of people",
)
def purge(request: HttpRequest, id: UUID, body: DestroyIn) -> HttpResponse:
    """Cannot be undone. Hashes and times stay, and the evidence still verifies."""
    actor = require_scope(request, "signing:write")
    purging.purge_envelope(actor, id, reason=body.reason)
    envelope = get_visible(actor, "envelope", id)
    return as_json({"id": envelope.pk, "status": envelope.status, "purged_at": envelope.purged_at})


def _shown(hold: LegalHold) -> dict[str, object]:
    return {key: getattr(hold, key) for key in LegalHoldOut.model_fields}
