"""Long jobs on the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status

from dealwright.base.api.authentication import require_scope
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.runs import cancel_run, get_run, visible_runs

router = Router(tags=["Jobs"])


class JobOut(Schema):
    """A long job: ``total`` is null while it is unknown, ``result_file`` the id of a file."""

    id: UUID
    title: str
    status: str
    done: int
    total: int | None
    message: str
    error: str
    result_file: UUID | None
    result_url: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


@router.get("/jobs", response=list[JobOut], operation_id="list_jobs")
def list_jobs(request: HttpRequest) -> list[JobRun]:
    """The newest hundred of one's own long jobs; of everyone's for administrators."""
    return list(visible_runs(require_scope(request, "base:read"))[:100])


@router.get("/jobs/{uuid:id}", response=JobOut, operation_id="get_job")
def get_job(request: HttpRequest, id: UUID) -> JobRun:
    """How far a long job is."""
    return get_run(require_scope(request, "base:read"), id)


@router.post("/jobs/{uuid:id}/cancel", response={202: JobOut}, operation_id="cancel_job")
def cancel_job(request: HttpRequest, id: UUID) -> Any:
    """Ask a long job to stop; answers 409 when it is over."""
    return Status(202, cancel_run(require_scope(request, "base:write"), id))
