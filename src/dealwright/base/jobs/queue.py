"""The one way to have something done later.

A job is a plain function with JSON-able keyword arguments. ``defer`` writes it to the queue
in the caller's own transaction: it exists exactly if the change that asked for it does.
What is due at a time that can move (a reminder, a sequence step) is no job but a column,
see ``due``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Job as QueuedJob
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from dealwright.base.errors import DealwrightError, Unavailable

F = TypeVar("F", bound=Callable[..., Any])

FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 3600

# Bound to Django's connection, also inside a worker, whose own connector is another one:
# a job that defers a job does so in its transaction.
_manager = JobManager(connector=DjangoConnector())


@dataclass(frozen=True, slots=True)
class Job:
    """A function known to the queue."""

    name: str
    function: Callable[..., Any]
    queue: str
    schedule: str = ""

    @property
    def summary(self) -> str:
        return (self.function.__doc__ or "").strip().split("\n")[0]


_jobs: dict[str, Job] = {}
_names: dict[Callable[..., Any], str] = {}


class Interrupted(Exception):
    """The worker stops; the job goes back to the queue and counts as not tried."""


class Backoff(BaseRetryStrategy):
    """Tries again after 5 s, 20 s, 80 s … at most an hour; a refusal is final at once."""

    def __init__(self, retries: int) -> None:
        self.retries = retries

    def get_retry_decision(
        self, *, exception: BaseException, job: QueuedJob
    ) -> RetryDecision | None:
        if isinstance(exception, Interrupted):
            return RetryDecision(retry_in={"seconds": 0})
        final = isinstance(exception, DealwrightError) and not isinstance(exception, Unavailable)
        if final or job.attempts >= self.retries:
            return None
        wait = min(FIRST_WAIT_SECONDS * 4**job.attempts, LONGEST_WAIT_SECONDS)
        return RetryDecision(retry_in={"seconds": wait})


def job(*, name: str, queue: str = "default", retries: int = 5) -> Callable[[F], F]:
    """Make a function known to the queue under a lasting ``name`` (``signing.seal``).

    The function stays callable as it is. It may run more than once (a worker can die after
    the work and before saying so): make it safe to repeat. An exception leads to up to
    ``retries`` further tries with growing waits.
    """

    def register(function: F) -> F:
        if name in _jobs:
            raise RuntimeError(f"Job {name!r} is defined twice.")
        _jobs[name] = Job(name, function, queue)
        _names[function] = name
        app.task(name=name, queue=queue, retry=Backoff(retries))(function)
        return function

    return register


def every(
    *, name: str, minutes: int = 0, hours: int = 0, days: int = 0, queue: str = "default"
) -> Callable[[F], F]:
    """Run a function without arguments every so often; see ``cron``.

    Minutes must divide an hour and hours a day, so that the times are the same every day.
    """
    given = [part for part in (minutes, hours, days) if part]
    if len(given) != 1:
        raise ValueError("Give exactly one of minutes, hours and days.")
    if minutes and 60 % minutes == 0:
        return cron(f"*/{minutes} * * * *", name=name, queue=queue)
    if hours and 24 % hours == 0:
        return cron(f"0 */{hours} * * *", name=name, queue=queue)
    if days == 1:
        return cron("0 3 * * *", name=name, queue=queue)
    raise ValueError("Minutes must divide 60 and hours 24; days can be 1. Use cron for others.")


def cron(expression: str, *, name: str, queue: str = "default") -> Callable[[F], F]:
    """Run a function without arguments by a cron expression in UTC.

    However many workers there are, it runs once per time. When no worker ran at the time,
    it runs once when the next one starts, if that is within two days.
    """

    def register(function: F) -> F:
        def run(timestamp: int) -> None:
            function()

        run.__doc__ = function.__doc__
        if name in _jobs:
            raise RuntimeError(f"Job {name!r} is defined twice.")
        _jobs[name] = Job(name, function, queue, schedule=expression)
        task = app.task(name=name, queue=queue, retry=Backoff(2))(run)
        app.periodic(cron=expression, periodic_id=name)(task)
        return function

    return register


def jobs() -> list[Job]:
    """All jobs by name."""
    return [_jobs[name] for name in sorted(_jobs)]


def job_named(name: str) -> Job:
    """The job; raises KeyError."""
    return _jobs[name]


def name_of(function: Callable[..., Any]) -> str:
    """The name a function has in the queue; raises RuntimeError where it is no job."""
    try:
        return _names[function]
    except KeyError:
        raise RuntimeError(f"{function.__qualname__} is no job: decorate it with @job.") from None


def defer(
    function: Callable[..., Any],
    *,
    lock: str | None = None,
    at: datetime | None = None,
    priority: int = 0,
    **values: Any,
) -> int:
    """Have a job run after the current transaction commits; returns its number.

    Args:
        lock: jobs with the same lock run one after the other, in the order they were deferred.
        at: not before this time.
        priority: higher goes first; 0 is usual, bulk work takes less than 0.
        values: the job's keyword arguments, as JSON can hold them.
    """
    number: int = _configured(function, lock, at, priority).defer(**values)
    return number


def defer_many(
    function: Callable[..., Any], calls: Iterable[Mapping[str, Any]], *, priority: int = 0
) -> int:
    """Defer a job once per set of keyword arguments in one statement; returns how many."""
    values = [dict(call) for call in calls]
    if values:
        _configured(function, None, None, priority).batch_defer(*values)
    return len(values)


def _configured(
    function: Callable[..., Any], lock: str | None, at: datetime | None, priority: int
) -> Any:
    known = _jobs[name_of(function)]
    return configure_task(
        name=known.name,
        job_manager=_manager,
        queue=known.queue,
        lock=lock,
        schedule_at=at,
        priority=priority,
    )
