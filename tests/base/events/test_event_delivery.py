"""Subscribers are told after commit, in order per record, once; a failing one fails alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import NotAllowed, NotFound
from dealwright.base.events import (
    About,
    Delivery,
    Event,
    event,
    record_event,
    record_events,
    subscribe,
)
from dealwright.base.events.delivery import (
    ATTEMPTS,
    deliver_pending,
    deliver_records,
    retry_deliveries,
    retry_delivery,
)
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.jobs import run_jobs
from make import make_administrator, make_user


@event("test.step_taken")
@dataclass(frozen=True)
class StepTaken(Event):
    """A step was taken."""

    number: int


@event("test.unheard")
@dataclass(frozen=True)
class Unheard(Event):
    """Nobody listens to this."""

    number: int


heard: list[tuple[str, int]] = []
failing: set[str] = set()
deliveries: list[Delivery] = []


@subscribe(StepTaken, name="test.first")
def first(delivery: Delivery, step: StepTaken) -> None:
    """Notes the step."""
    _hear("first", delivery, step)


@subscribe(StepTaken, name="test.second")
def second(delivery: Delivery, step: StepTaken) -> None:
    """Notes it too."""
    _hear("second", delivery, step)


def _hear(name: str, delivery: Delivery, step: StepTaken) -> None:
    if name in failing:
        make_user(f"Half done {name}")
        raise RuntimeError("cannot now")
    heard.append((name, step.number))
    deliveries.append(delivery)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    heard.clear()
    failing.clear()
    deliveries.clear()


def take_step(
    number: int, record: uuid.UUID | None = None, actor: Actor | None = None
) -> OutboxEvent:
    actor = actor or system("test")
    with change(actor):
        return record_event(actor, StepTaken(number), object="walk", record_id=record)


@pytest.mark.django_db
def test_the_queue_tells_every_subscriber_in_order_per_record() -> None:
    here, there = uuid.uuid4(), uuid.uuid4()
    for number, record in [(1, here), (2, there), (3, here)]:
        take_step(number, record)
    assert heard == []
    run_jobs()
    # The first job tells all that is open for its record.
    assert [number for name, number in heard if name == "first"] == [1, 3, 2]
    assert [number for name, number in heard if name == "second"] == [1, 3, 2]
    assert not EventDelivery.open.exists()


@pytest.mark.django_db
def test_an_event_carries_who_did_it_through_what() -> None:
    user = make_user("Mia Maker")
    take_step(1, uuid.uuid4(), Actor(user=user, via="api", request_id="request-1"))
    row = OutboxEvent.objects.get()
    assert (row.name, row.payload, row.via) == ("test.step_taken", {"number": 1}, "api")
    assert (row.actor_id, row.actor_name, row.request_id) == (user.pk, "Mia Maker", "request-1")
    deliver_pending()
    assert deliveries[0].actor.label == "Dealwright (after Mia Maker)"
    assert deliveries[0].actor.request_id == "request-1"
    assert deliveries[0].event_id == row.public_id


@pytest.mark.django_db
def test_an_event_is_told_once_however_often_the_job_runs() -> None:
    record = uuid.uuid4()
    take_step(1, record)
    deliver_records([str(record)])
    deliver_records([str(record)])
    run_jobs()
    assert heard == [("first", 1), ("second", 1)]


@pytest.mark.django_db
def test_an_event_nobody_listens_to_costs_no_job() -> None:
    with change(system("test")):
        record_event(system("test"), Unheard(1))
    assert run_jobs() == 0
    assert OutboxEvent.objects.get().name == "test.unheard"


@pytest.mark.django_db
def test_a_failing_subscriber_leaves_nothing_half_done_and_holds_up_only_itself() -> None:
    record = uuid.uuid4()
    failing.add("second")
    take_step(1, record)
    take_step(2, record)
    run_jobs()
    assert heard == [("first", 1), ("first", 2)]
    stuck, behind = EventDelivery.open.order_by("id")
    assert (stuck.attempts, behind.attempts) == (1, 0)
    assert stuck.error.startswith("RuntimeError: cannot now")
    assert stuck.next_attempt_at is not None
    assert timedelta(seconds=9) < stuck.next_attempt_at - timezone.now() <= timedelta(seconds=10)

    failing.clear()
    assert retry_deliveries() == 0  # its wait is not over
    EventDelivery.objects.update(next_attempt_at=timezone.now())
    assert retry_deliveries() > 0
    run_jobs()
    assert heard[2:] == [("second", 1), ("second", 2)]


@pytest.mark.django_db
def test_after_the_last_attempt_it_is_given_up_until_an_administrator_retries() -> None:
    record = uuid.uuid4()
    failing.add("first")
    take_step(1, record)
    EventDelivery.objects.filter(subscriber="test.first").update(attempts=ATTEMPTS - 1)
    run_jobs()
    delivery = EventDelivery.objects.get(subscriber="test.first")
    assert delivery.status == "given up"

    failing.clear()
    with pytest.raises(NotAllowed):
        retry_delivery(Actor(user=make_user(), via="web"), delivery.pk)
    retry_delivery(Actor(user=make_administrator(), via="web"), delivery.pk)
    run_jobs()
    delivery.refresh_from_db()
    assert delivery.status == "done"
    assert delivery.error == ""
    with pytest.raises(NotFound):
        retry_delivery(system("test"), delivery.pk)


@pytest.mark.django_db
def test_many_events_at_once_come_in_order_too() -> None:
    records = [uuid.uuid4() for _ in range(250)]
    with change(system("import")):
        record_events(
            system("import"),
            [About(StepTaken(round), "walk", record) for round in (1, 2) for record in records],
        )
    assert run_jobs() == 3
    assert len(heard) == 1000
    assert heard[:4] == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


@pytest.mark.django_db
def test_an_event_without_a_record_is_told_as_well() -> None:
    take_step(1)
    with change(system("test")):
        record_events(system("test"), [About(StepTaken(2)), About(StepTaken(3))])
    run_jobs()
    assert sorted(heard) == [(name, n) for name in ("first", "second") for n in (1, 2, 3)]


@pytest.mark.django_db
def test_a_subscriber_that_is_gone_is_passed_over() -> None:
    row = take_step(1, uuid.uuid4())
    EventDelivery.objects.create(event=row, subscriber="gone.since", record_id=row.record_id)
    run_jobs()
    assert not EventDelivery.open.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_dies_with_its_transaction() -> None:
    with pytest.raises(ZeroDivisionError), change(system("test")):
        record_event(system("test"), StepTaken(1), object="walk", record_id=uuid.uuid4())
        _ = 1 / 0
    assert not OutboxEvent.objects.exists()
    assert run_jobs() == 0


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_a_transaction_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="use change"):
        record_event(system("test"), StepTaken(1))


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_tell_an_event_twice_nor_out_of_order() -> None:
    record = uuid.uuid4()
    for number in range(1, 21):
        take_step(number, record)

    def work() -> None:
        try:
            deliver_records([str(record)])
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [number for name, number in heard if name == "first"] == list(range(1, 21))
    assert [number for name, number in heard if name == "second"] == list(range(1, 21))
