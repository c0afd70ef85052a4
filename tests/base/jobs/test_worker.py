"""A real worker process: it runs jobs, asks pollers, ends gracefully, and lost jobs come back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from base.committed import database_url
from dealwright.base.access.actor import system
from dealwright.base.errors import NotFound
from dealwright.base.events.delivery import deliver_records
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.jobs import defer
from dealwright.base.jobs.recovery import recover_lost_jobs
from dealwright.base.jobs.state import (
    failed_jobs,
    forget_old_jobs,
    last_heartbeat,
    queue_lengths,
    retry_job,
    schedules,
)


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@pytest.fixture
def worker(transactional_db: None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dealwright.site", "work"],
        env=os.environ | {"DATABASE_URL": database_url(), "PYTHONPATH": "src"},
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()


def _open_delivery() -> EventDelivery:
    event = OutboxEvent.objects.create(name="test.gone", record_id=uuid.uuid4(), object="walk")
    return EventDelivery.objects.create(
        event=event, subscriber="gone.since", record_id=event.record_id
    )


@pytest.mark.slow
def test_a_worker_runs_jobs_asks_pollers_and_ends_when_told(
    worker: subprocess.Popen[bytes],
) -> None:
    queued, due = _open_delivery(), _open_delivery()
    defer(deliver_records, record_ids=[str(queued.record_id)])
    EventDelivery.objects.filter(pk=due.pk).update(attempts=1, next_attempt_at=timezone.now())
    wait_for(lambda: not EventDelivery.open.exists())
    heartbeat = last_heartbeat()
    assert heartbeat is not None and timezone.now() - heartbeat < timedelta(seconds=30)

    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    assert last_heartbeat() is None
    assert not ProcrastinateJob.objects.filter(status="doing").exists()


@pytest.mark.django_db
def test_jobs_of_a_worker_that_died_come_back() -> None:
    number = _taken_job(worker_alive=False)
    alive = _taken_job(worker_alive=True)
    recover_lost_jobs()
    assert ProcrastinateJob.objects.get(pk=number).status == "todo"
    assert ProcrastinateJob.objects.get(pk=alive).status == "doing"


@pytest.mark.django_db
def test_a_job_that_kills_worker_after_worker_ends_as_failed_and_can_be_retried() -> None:
    number = _taken_job(worker_alive=False)
    _execute("update procrastinate_jobs set attempts = 10 where id = %s", number)
    recover_lost_jobs()
    assert [(each["id"], each["name"]) for each in failed_jobs()] == [(number, "events.deliver")]
    retry_job(system("test"), number)
    assert ProcrastinateJob.objects.get(pk=number).status == "todo"
    with pytest.raises(NotFound):
        retry_job(system("test"), number)


@pytest.mark.django_db
def test_queue_lengths_count_what_waits_now() -> None:
    defer(deliver_records, record_ids=[])
    defer(deliver_records, record_ids=[], at=timezone.now() + timedelta(days=1))
    (length,) = queue_lengths()
    assert (length.queue, length.waiting, length.running, length.failed) == ("events", 1, 0, 0)
    assert length.oldest_waiting is not None


@pytest.mark.django_db
def test_old_failures_are_forgotten() -> None:
    number = _taken_job(worker_alive=False)
    _execute("update procrastinate_jobs set status = 'failed' where id = %s", number)
    forget_old_jobs()
    assert len(failed_jobs()) == 1
    _execute("update procrastinate_events set at = at - interval '31 days'")
    forget_old_jobs()
    assert failed_jobs() == []


@pytest.mark.django_db
def test_schedules_are_known() -> None:
    assert {"jobs.forget"} <= {each["name"] for each in schedules()}


def _taken_job(*, worker_alive: bool) -> int:
    number = defer(deliver_records, record_ids=[])
    age = "0 seconds" if worker_alive else "1 minute"
    _execute(
        "with worker as (insert into procrastinate_workers (last_heartbeat) "
        "values (now() - %s::interval) returning id) "
        "update procrastinate_jobs set status = 'doing', worker_id = (select id from worker) "
        "where id = %s",
        age,
        number,
    )
    return number


def _execute(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
