"""Files over the API: those of a record, what they are, and their content."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import File, Form, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from dealwright.base.access.visibility import get_visible
from dealwright.base.api.authentication import current_actor, require_scope
from dealwright.base.api.responses import as_json
from dealwright.base.files.access import get_file, scope_of_file
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import attach_file, delete_file, iterate_file

router = Router(tags=["Files"])

Object = Annotated[str, Query(pattern=r"^[a-z_]{1,40}$", description="An object's key: `account`.")]


class FileOut(Schema):
    """A file; ``sha256`` is of its content, ``version`` counts those of the same name."""

    id: UUID
    name: str
    content_type: str
    size: int
    sha256: str
    object: str
    record_id: UUID | None
    purpose: str
    version: int
    created_at: datetime


class AttachIn(Schema):
    """The record that the file is put on; ``object`` is its kind: `account`."""

    object: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    record_id: UUID


@router.get(
    "/files",
    response=list[FileOut],
    operation_id="list_files",
    summary="The files of a record, the newest first",
)
def list_files(request: HttpRequest, object: Object, record_id: UUID) -> HttpResponse:
    """At most 500."""
    actor = require_scope(request, "base:read")
    require_scope(request, scope_of_file(object))
    get_visible(actor, object, record_id)
    rows = StoredFile.objects.filter(object=object, record_id=record_id).order_by("-created_at")
    return as_json([_shown(each) for each in rows[:500]])


@router.post(
    "/files",
    response={201: FileOut},
    operation_id="attach_file",
    summary="Put a file on a record",
)
def attach(request: HttpRequest, file: File[UploadedFile], about: Form[AttachIn]) -> HttpResponse:
    """Its content tells its kind. A file of the same name becomes the next version."""
    actor = require_scope(request, "base:write")
    require_scope(request, scope_of_file(about.object, "write"))
    stored = attach_file(
        actor,
        name=file.name or "file",
        content=cast(Any, file.file),
        object=about.object,
        record_id=about.record_id,
    )
    return as_json(_shown(stored), status=201)


@router.get("/files/{uuid:id}", response=FileOut, operation_id="get_file", summary="What a file is")
def show(request: HttpRequest, id: UUID) -> HttpResponse:
    return as_json(_shown(_get(request, id, "read")))


@router.get(
    "/files/{uuid:id}/content",
    operation_id="download_file",
    summary="A file's content",
    openapi_extra={
        "responses": {
            200: {"description": "The file.", "content": {"application/octet-stream": {}}},
        }
    },
)
def content(request: HttpRequest, id: UUID) -> StreamingHttpResponse:
    stored = _get(request, id, "read")
    response = StreamingHttpResponse(iterate_file(stored), content_type=stored.content_type)
    response["Content-Length"] = str(stored.size)
    response["Content-Disposition"] = content_disposition_header(True, stored.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = f'"{stored.sha256}"'
    return response


@router.delete(
    "/files/{uuid:id}",
    response={204: None},
    operation_id="delete_file",
    summary="Put a file in the bin",
)
def remove(request: HttpRequest, id: UUID) -> HttpResponse:
    delete_file(current_actor(request), _get(request, id, "write").pk)
    return HttpResponse(status=204)


def _get(request: HttpRequest, file_id: UUID, action: str) -> StoredFile:
    """A file the caller may see, with a token that reaches files and its record's system."""
    stored = get_file(require_scope(request, f"base:{action}"), file_id)
    require_scope(request, scope_of_file(stored.object, action))
    return stored


def _shown(stored: StoredFile) -> dict[str, Any]:
    return {key: getattr(stored, key) for key in FileOut.model_fields}
