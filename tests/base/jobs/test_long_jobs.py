"""Long jobs show how far they are, stop when asked and come back as a notice with a result."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.jobs import (
    cancel_run,
    check_cancelled,
    finish,
    job,
    progress,
    run_jobs,
    start_long_job,
)
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.runs import get_run
from make import make_administrator, make_user

FILE = uuid.UUID(int=5)


@job(name="test.count", queue="long")
def count(run: JobRun, up_to: int, stop_at: int = 0) -> None:
    """Counts."""
    for number in range(1, up_to + 1):
        if number == stop_at:
            JobRun.objects.filter(pk=run.pk).update(cancel_requested_at=run.created_at)
            run.__dict__.pop("_checked", None)
        check_cancelled(run)
        progress(run, number, up_to, f"Counted to {number}.")
    finish(run, f"Counted to {up_to}.", file=FILE, url="/numbers")


@job(name="test.refuse", queue="long")
def refuse(run: JobRun) -> None:
    """Refuses."""
    raise Invalid("The file has no header.")


@job(name="test.crash", queue="long")
def crash(run: JobRun) -> None:
    """Crashes."""
    raise KeyError("secret detail")


def person() -> Actor:
    return Actor(user=make_user("Pat"), via="web")


def run(function: Any, **values: Any) -> JobRun:
    started = start_long_job(person(), function, "Count", **values)
    assert started.status == "waiting"
    run_jobs()
    started.refresh_from_db()
    return started


@pytest.mark.django_db
def test_a_long_job_ends_with_message_file_and_address() -> None:
    done = run(count, up_to=3)
    assert (done.status, done.done, done.total, done.fraction) == ("done", 3, 3, 1.0)
    assert (done.message, done.result_file, done.result_url) == ("Counted to 3.", FILE, "/numbers")
    assert done.started_at is not None


@pytest.mark.django_db
def test_it_acts_as_the_person_who_started_it() -> None:
    actor = person()
    started = start_long_job(actor, count, "Count", up_to=1)
    assert started.actor.user == actor.user
    assert started.actor.via == "job"


@pytest.mark.django_db
def test_it_stops_where_it_is_when_asked() -> None:
    stopped = run(count, up_to=10, stop_at=4)
    assert (stopped.status, stopped.done) == ("cancelled", 1)  # progress is written twice a second


@pytest.mark.django_db
def test_one_that_has_not_begun_is_cancelled_at_once() -> None:
    actor = person()
    started = start_long_job(actor, count, "Count", up_to=3)
    assert cancel_run(actor, started.pk).status == "cancelled"
    run_jobs()
    started.refresh_from_db()
    assert (started.status, started.started_at) == ("cancelled", None)
    with pytest.raises(Conflict, match="over already"):
        cancel_run(actor, started.pk)


@pytest.mark.django_db
def test_a_refusal_is_told_in_its_own_words_and_a_crash_without_details() -> None:
    refused = run(refuse)
    assert (refused.status, refused.error) == ("failed", "The file has no header.")
    crashed = run(crash)
    assert crashed.status == "failed"
    assert "secret detail" not in crashed.error


@pytest.mark.django_db
def test_a_run_is_seen_by_who_started_it_and_by_administrators() -> None:
    actor = person()
    started = start_long_job(actor, count, "Count", up_to=1)
    assert get_run(actor, started.pk) == started
    assert get_run(Actor(user=make_administrator(), via="web"), started.pk) == started
    with pytest.raises(NotFound):
        get_run(Actor(user=make_user(), via="web"), started.pk)
    with pytest.raises(NotFound):
        cancel_run(Actor(user=make_user(), via="web"), started.pk)
