"""Work that is done later: the queue, schedules, due-time polling, and long jobs with progress."""

from dealwright.base.jobs.due import claim_due, due, run_pollers
from dealwright.base.jobs.queue import cron, defer, defer_many, every, job
from dealwright.base.jobs.running import run_jobs
from dealwright.base.jobs.runs import (
    JobCancelled,
    cancel_run,
    check_cancelled,
    finish,
    progress,
    start_long_job,
)

__all__ = [
    "JobCancelled",
    "cancel_run",
    "check_cancelled",
    "claim_due",
    "cron",
    "defer",
    "defer_many",
    "due",
    "every",
    "finish",
    "job",
    "progress",
    "run_jobs",
    "run_pollers",
    "start_long_job",
]
