"""Long jobs: a person starts one, watches it, may cancel it and is told when it is over."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, DealwrightError, NotFound
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.queue import Interrupted, defer, job, job_named, name_of
from dealwright.base.people.models import Profile

log = structlog.get_logger("dealwright.jobs")

WRITE_EVERY_SECONDS = 0.5
_OPEN = {"finished_at__isnull": True, "cancelled_at__isnull": True, "failed_at__isnull": True}


# Set when the worker is asked to stop: long jobs then end at their next check and start again
# with the next worker.
stopping = threading.Event()


class JobCancelled(Exception):
    """Raised by ``check_cancelled``: let it pass, the run then ends as cancelled."""


def start_long_job(actor: Actor, function: Callable[..., Any], title: str, **values: Any) -> JobRun:
    """Have a job run that a person can watch at ``/jobs/<id>`` and cancel.

    ``function`` is a ``@job`` that takes the JobRun first, then ``values`` (JSON-able). In
    it, ``run.actor`` is who it acts as. After a crash it starts again from the beginning.
    """
    name = name_of(function)
    with change(actor):
        run = JobRun.objects.create(title=title[:200], job=name, values=values, user=actor.user)
        defer(_run_long, run_id=str(run.id))
    return run


def progress(run: JobRun, done: int, total: int | None = None, message: str = "") -> None:
    """Say how far the job is; call it as often as you like, it writes twice a second.

    Seen by others at once, also from within a long transaction.
    """
    if run.is_over:
        return
    run.done = done
    run.total = total if total is not None else run.total
    run.message = message[:500] or run.message
    now = time.monotonic()
    if now - run.__dict__.get("_written", 0.0) < WRITE_EVERY_SECONDS and done != run.total:
        return
    run.__dict__["_written"] = now
    _write_aside(
        "update base_jobrun set done = %s, total = %s, message = %s where id = %s",
        [run.done, run.total, run.message, run.id],
    )


def check_cancelled(run: JobRun) -> None:
    """Raises JobCancelled when someone asked for it; cheap enough for an inner loop.

    Also the place where a job lets go when the worker must stop; it then starts again later.
    """
    if stopping.is_set():
        raise Interrupted
    now = time.monotonic()
    if now - run.__dict__.get("_checked", 0.0) < WRITE_EVERY_SECONDS:
        return
    run.__dict__["_checked"] = now
    if JobRun.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists():
        raise JobCancelled


def finish(run: JobRun, message: str = "", file: Any = None, *, url: str = "") -> None:
    """Note the result: one sentence, a stored file (or its id), where to look at it."""
    run.message = message[:500] or run.message
    run.result_file = file if file is None or isinstance(file, uuid.UUID) else file.pk
    run.result_url = url
    run.finished_at = timezone.now()
    if run.total is not None:
        run.done = run.total
    run.save(update_fields=["message", "result_file", "result_url", "finished_at", "done", "total"])


def visible_runs(actor: Actor) -> models.QuerySet[JobRun]:
    """One's own runs; all of them for administrators and the product itself."""
    runs = JobRun.objects.select_related("user").order_by("-created_at")
    if actor.is_system:
        return runs
    user = actor.require_user()
    return runs if user.profile == Profile.ADMINISTRATOR else runs.filter(user=user)


def get_run(actor: Actor, run_id: uuid.UUID) -> JobRun:
    """One run; raises NotFound alike for absent and for another's."""
    run = visible_runs(actor).filter(pk=run_id).first()
    if run is None:
        raise NotFound("This job does not exist, or you may not see it.")
    return run


def cancel_run(actor: Actor, run_id: uuid.UUID) -> JobRun:
    """Ask a run to stop; one that has not started ends at once. Raises Conflict when it is over."""
    with change(actor):
        get_run(actor, run_id)
        run = JobRun.objects.select_for_update().get(pk=run_id)
        if run.is_over:
            raise Conflict("This job is over already.")
        run.cancel_requested_at = run.cancel_requested_at or timezone.now()
        if run.started_at is None:
            run.cancelled_at = run.cancel_requested_at
        run.save(update_fields=["cancel_requested_at", "cancelled_at"])
    return run


@job(name="jobs.run_long", queue="long", retries=0)
def _run_long(run_id: str) -> None:
    """Run a long job and note how it ends."""
    run = JobRun.objects.select_related("user").filter(pk=run_id, **_OPEN).first()
    if run is None:
        return
    run.started_at = timezone.now()
    run.save(update_fields=["started_at"])
    try:
        job_named(run.job).function(run, **run.values)
    except Interrupted:
        raise
    except JobCancelled:
        run.cancelled_at = timezone.now()
        run.save(update_fields=["cancelled_at"])
    except DealwrightError as error:
        _fail(run, error.message)
    except Exception as error:
        log.exception("long job failed", job=run.job, run=run_id, exc_info=error)
        _fail(run, "This is our mistake; the log holds the details under this job's id.")
    else:
        if run.finished_at is None:
            finish(run)
    _tell(run)


def _fail(run: JobRun, sentence: str) -> None:
    run.failed_at = timezone.now()
    run.error = sentence
    run.save(update_fields=["failed_at", "error"])


def _tell(run: JobRun) -> None:
    """A notice to the person who started it."""
    if run.user is None:
        return
    from dealwright.base.messaging import notify

    ending = {"done": "is done", "cancelled": "was cancelled", "failed": "failed"}[run.status]
    with change(run.actor):
        notify(
            run.user, f"{run.title} {ending}.", body=run.error or run.message, url=f"/jobs/{run.id}"
        )


def _write_aside(statement: str, values: list[Any]) -> None:
    """Run a statement so that others see it at once, whatever transaction we are in."""
    if connection.in_atomic_block:
        aside: BaseDatabaseWrapper = connection.copy()
        try:
            with aside.cursor() as cursor:
                cursor.execute(statement, values)
                if cursor.rowcount:
                    return
        finally:
            aside.close()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
