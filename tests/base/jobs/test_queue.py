"""Jobs exist exactly if the transaction that deferred them commits, and run by priority."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job as QueuedJob

from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.jobs import claim_due, cron, defer, defer_many, due, every, job, run_jobs
from dealwright.base.jobs.queue import Backoff, Interrupted, job_named
from dealwright.base.people.models import User
from make import make_user

ran: list[str] = []


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    ran.clear()


@job(name="test.note", queue="default")
def note(word: str) -> None:
    """Notes a word."""
    ran.append(word)


@job(name="test.note_twice", queue="mail")
def note_twice(word: str) -> None:
    """Notes a word and has it noted again."""
    ran.append(word)
    defer(note, word=f"{word} again")


@job(name="test.fall", queue="default")
def fall() -> None:
    """Always fails."""
    raise RuntimeError("down")


def test_a_job_is_still_a_plain_function() -> None:
    note("now")
    assert ran == ["now"]
    assert job_named("test.note").summary == "Notes a word."


@pytest.mark.django_db
def test_queued_jobs_run_with_those_they_defer() -> None:
    defer(note_twice, word="a")
    assert ran == []
    assert run_jobs() == 2
    assert ran == ["a", "a again"]
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.django_db
def test_higher_priority_goes_first_and_later_ones_wait_for_their_time() -> None:
    defer(note, word="usual")
    defer(note, word="bulk", priority=-10)
    defer(note, word="urgent", priority=10)
    defer(note, word="tomorrow", at=timezone.now() + timedelta(days=1))
    run_jobs()
    assert ran == ["urgent", "usual", "bulk"]


@pytest.mark.django_db
def test_many_calls_are_deferred_at_once() -> None:
    assert defer_many(note, [{"word": "a"}, {"word": "b"}]) == 2
    assert defer_many(note, []) == 0
    run_jobs()
    assert ran == ["a", "b"]


@pytest.mark.django_db(transaction=True)
def test_a_job_dies_with_its_transaction() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        defer(note, word="never")
        _ = 1 / 0
    assert run_jobs() == 0


@pytest.mark.django_db
def test_what_fails_goes_to_the_caller_and_is_marked() -> None:
    defer(fall)
    with pytest.raises(RuntimeError, match="down"):
        run_jobs()
    assert run_jobs() == 0


@pytest.mark.parametrize(
    ("error", "attempts", "seconds"),
    [
        (RuntimeError("?"), 0, 5),
        (RuntimeError("?"), 2, 80),
        (Unavailable("later"), 4, 1280),
        (Interrupted(), 5, 0),
    ],
)
def test_errors_are_tried_again_with_growing_waits(
    error: Exception, attempts: int, seconds: int
) -> None:
    decision = Backoff(5).get_retry_decision(exception=error, job=_queued(attempts))
    assert decision is not None and decision.retry_at is not None
    wait = decision.retry_at - timezone.now()
    assert timedelta(seconds=seconds - 1) < wait <= timedelta(seconds=seconds)


@pytest.mark.parametrize(("error", "attempts"), [(Invalid("no"), 0), (RuntimeError("?"), 5)])
def test_a_refusal_and_the_last_attempt_are_final(error: Exception, attempts: int) -> None:
    assert Backoff(5).get_retry_decision(exception=error, job=_queued(attempts)) is None


def _queued(attempts: int) -> QueuedJob:
    return QueuedJob(
        id=1, queue="default", lock=None, queueing_lock=None, task_name="test", attempts=attempts
    )


def test_names_are_given_once() -> None:
    with pytest.raises(RuntimeError, match=r"Job 'test\.note' is defined twice"):
        job(name="test.note")(lambda: None)
    with pytest.raises(RuntimeError, match="is no job: decorate it with @job"):
        defer(len)


def test_schedules_are_the_same_every_day() -> None:
    @every(minutes=15, name="test.quarterly")
    def look() -> None:
        """Looks."""

    assert job_named("test.quarterly").schedule == "*/15 * * * *"
    with pytest.raises(ValueError, match="Minutes must divide 60"):
        every(minutes=7, name="test.odd")
    with pytest.raises(ValueError, match="exactly one"):
        every(minutes=5, hours=1, name="test.odd")


@pytest.mark.django_db
def test_a_scheduled_function_runs_as_a_job() -> None:
    @cron("0 6 * * *", name="test.morning")
    def greet() -> None:
        """Greets."""
        ran.append("good morning")

    job_named("test.morning").function()
    assert ran == ["good morning"]


@pytest.mark.django_db
def test_due_rows_are_claimed_in_a_transaction() -> None:
    for name in ("Ann", "Ben", "Cleo"):
        make_user(name)
    with transaction.atomic():
        claimed = claim_due(User.objects.order_by("name"), limit=2)
    assert [user.name for user in claimed] == ["Ann", "Ben"]


@pytest.mark.django_db(transaction=True)
def test_claiming_without_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="needs a transaction"):
        claim_due(User.objects.all(), limit=1)


def test_a_poller_has_a_name_of_its_own() -> None:
    @due(every=5, name="test.poller")
    def nothing() -> int:
        return 0

    with pytest.raises(RuntimeError, match=r"'test\.poller' is defined twice"):
        due(every=5, name="test.poller")(nothing)
