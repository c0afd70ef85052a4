"""Imports over the API: send a table, look at what it would do, run it, take it back."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from dealwright.base.api.authentication import require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.transfer import drafts
from dealwright.base.transfer.models import ImportJob
from dealwright.base.transfer.services import get_import
from dealwright.base.transfer.undo import undo_import

router = Router(tags=["Imports"])


class ImportOut(Schema):
    """An import; ``report`` holds counts, sums and oddities with row numbers."""

    id: UUID
    title: str
    state: str
    plan: list[dict[str, Any] | None]
    report: dict[str, Any]
    error: str


class UndoOut(Schema):
    """How many records went, came back, and stayed because somebody worked on them since."""

    removed: int
    restored: int
    kept: int


def _shown(job: ImportJob, status: int = 200) -> HttpResponse:
    return as_json(
        {
            "id": job.pk,
            "title": job.title,
            "state": job.state,
            "plan": job.plan,
            "report": job.report,
            "error": job.error,
        },
        status=status,
    )


@router.post(
    "/imports",
    response={201: ImportOut},
    operation_id="create_import",
    summary="Upload a table and get the plan for it",
)
def create_import(
    request: HttpRequest, file: File[UploadedFile], object: Form[str] = ""
) -> HttpResponse:
    """`object` says what the rows are where the header does not tell."""
    actor = require_scope(request, "base:write")
    draft = drafts.upload_tables(actor, [(file.name or "file", file)])  # type: ignore[list-item]
    if object:
        drafts.replan_table(actor, draft, 0, object)
    return _shown(draft, status=201)


@router.get(
    "/imports/{uuid:id}", response=ImportOut, operation_id="get_import", summary="Read an import"
)
def read_import(request: HttpRequest, id: UUID) -> HttpResponse:
    return _shown(get_import(require_scope(request, "base:read"), id))


@router.post(
    "/imports/{uuid:id}/run",
    response={202: ImportOut},
    operation_id="run_import",
    summary="Run an import as a job",
)
def start_import(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "base:write")
    draft = get_import(actor, id)
    drafts.start_import(actor, draft)
    return _shown(draft, status=202)


@router.post(
    "/imports/{uuid:id}/undo",
    response=UndoOut,
    operation_id="undo_import",
    summary="Take an import back",
)
def take_back(request: HttpRequest, id: UUID) -> HttpResponse:
    actor = require_scope(request, "base:write")
    return as_json(undo_import(actor, get_import(actor, id)))
