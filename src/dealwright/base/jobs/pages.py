"""Long jobs as a person watches them, and the queue as an administrator does."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.jobs import state
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.runs import cancel_run, get_run, visible_runs
from dealwright.base.web.pages import actor_of, done, page, render

PER_PAGE = 50


@page(methods=["GET", "HEAD"])
def runs(request: HttpRequest) -> HttpResponse:
    """One's own long jobs (an administrator sees everyone's), newest first."""
    rows = Paginator(visible_runs(actor_of(request)), PER_PAGE)
    return render(request, "base/jobs/runs.html", {"runs": rows.get_page(request.GET.get("page"))})


@page(methods=["GET", "HEAD"])
def run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """One long job; the page renews its progress every second until it is over."""
    return render(request, "base/jobs/run.html", _context(get_run(actor_of(request), run_id)))


@page(methods=["GET", "HEAD"])
def progress(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """The part of the page that moves."""
    return render(request, "base/jobs/progress.html", _context(get_run(actor_of(request), run_id)))


@page(methods=["POST"])
def cancel(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Ask a long job to stop."""
    found = cancel_run(actor_of(request), run_id)
    said = _("Cancelled.") if found.is_over else _("It stops at the next safe point.")
    return done(request, f"/jobs/{run_id}", said)


@page(profiles=["administrator"], methods=["GET", "HEAD"])
def queue(request: HttpRequest) -> HttpResponse:
    """Workers, queues, schedules and failed jobs."""
    return render(
        request,
        "base/jobs/queue.html",
        {
            "queues": state.queue_lengths(),
            "heartbeat": state.last_heartbeat(),
            "schedules": state.schedules(),
            "failed": state.failed_jobs(),
        },
    )


@page(profiles=["administrator"], methods=["POST"])
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Queue a failed job again."""
    state.retry_job(actor_of(request), number)
    return done(request, "/settings/jobs", _("Queued again."))


def _context(found: JobRun) -> dict[str, Any]:
    tones = {"done": "success", "failed": "danger", "cancelled": "warning"}
    return {"run": found, "tone": tones.get(found.status, "info")}
