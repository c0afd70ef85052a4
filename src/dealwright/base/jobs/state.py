"""How the queue fares: for doctor, metrics and the administrators' page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.jobs.queue import cron, jobs

FAILED_KEPT = timedelta(days=30)
RUNS_KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class QueueLength:
    """One queue: how many jobs wait, run and have failed, and since when the oldest waits."""

    queue: str
    waiting: int
    running: int
    failed: int
    oldest_waiting: datetime | None


def queue_lengths() -> list[QueueLength]:
    """All queues that hold a job. Jobs that are to run later do not count as waiting."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select queue_name,
                   count(*) filter (where status = 'todo'
                                    and (scheduled_at is null or scheduled_at <= now())),
                   count(*) filter (where status = 'doing'),
                   count(*) filter (where status = 'failed'),
                   min(coalesce(scheduled_at, event.at)) filter (
                       where status = 'todo' and (scheduled_at is null or scheduled_at <= now()))
            from procrastinate_jobs job
            left join procrastinate_events event
                   on event.job_id = job.id and event.type = 'deferred'
            group by queue_name order by queue_name
            """
        )
        return [QueueLength(*row) for row in cursor.fetchall()]


def last_heartbeat() -> datetime | None:
    """When a worker last gave a sign of life; None where none is registered."""
    with connection.cursor() as cursor:
        cursor.execute("select max(last_heartbeat) from procrastinate_workers")
        row = cursor.fetchone()
    return row[0] if row else None


def schedules() -> list[dict[str, Any]]:
    """Scheduled jobs with their cron expression in UTC and when they were last due."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select task_name, max(defer_timestamp) from procrastinate_periodic_defers "
            "group by task_name"
        )
        last = dict(cursor.fetchall())
    return [
        {
            "name": each.name,
            "about": each.summary,
            "schedule": each.schedule,
            "last": datetime.fromtimestamp(last[each.name], tz=UTC) if each.name in last else None,
        }
        for each in jobs()
        if each.schedule
    ]


def failed_jobs(limit: int = 100) -> list[dict[str, Any]]:
    """Jobs that failed for good, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            select job.id, job.task_name, job.queue_name, job.attempts,
                   (select max(event.at) from procrastinate_events event
                    where event.job_id = job.id and event.type = 'failed') as at
            from procrastinate_jobs job where job.status = 'failed'
            order by job.id desc limit %s
            """,
            [limit],
        )
        names = ("id", "name", "queue", "attempts", "at")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def retry_job(actor: Actor, number: int) -> None:
    """Queue a failed job again; for administrators. Raises NotFound where it has not failed."""
    actor.require_administrator()
    if not ProcrastinateJob.objects.filter(pk=number, status="failed").exists():
        raise NotFound("This job has not failed, or is gone.")
    with connection.cursor() as cursor:
        cursor.execute("select procrastinate_retry_job_v2(%s, now(), null, null, null)", [number])


@cron("10 3 * * *", name="jobs.forget")
def forget_old_jobs() -> None:
    """Drop failed jobs after 30 days and the runs of long jobs after 90."""
    from dealwright.base.jobs.models import JobRun

    with connection.cursor() as cursor:
        cursor.execute(
            """
            delete from procrastinate_jobs job
            where status in ('failed', 'cancelled', 'aborted', 'succeeded')
              and not exists (select 1 from procrastinate_events event
                              where event.job_id = job.id and event.at > now() - %s::interval)
            """,
            [f"{FAILED_KEPT.days} days"],
        )
    JobRun.objects.filter(created_at__lt=timezone.now() - RUNS_KEPT).delete()
