"""Telling subscribers: after commit, in order per record, exactly once in effect."""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Sequence
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.base.events.models import EventDelivery
from dealwright.base.events.registry import decode
from dealwright.base.events.subscribers import Delivery, subscriber_named
from dealwright.base.jobs.due import claim_due, due
from dealwright.base.jobs.queue import defer, defer_many, job

log = structlog.get_logger("dealwright.events")

ATTEMPTS = 16  # with the waits below: about two days
LONGEST_WAIT = timedelta(hours=6)


@job(name="events.deliver", queue="events")
def deliver_records(record_ids: Sequence[str], event: int | None = None) -> None:
    """Tell subscribers all that is open for these records, or the one event without a record."""
    if event is not None:
        _deliver(EventDelivery.open.filter(event_id=event, record_id__isnull=True))
    for record_id in record_ids:
        _deliver(EventDelivery.open.filter(record_id=uuid.UUID(record_id)))


def deliver_pending(limit: int = 10_000) -> int:
    """Tell subscribers all that is open, what that causes included; returns how many. For tests.

    An exception in a subscriber goes to the caller.
    """
    told = 0
    while True:
        delivery = EventDelivery.open.order_by("id").values_list("pk", flat=True).first()
        if delivery is None:
            return told
        if told == limit:
            raise RuntimeError(f"After {limit} deliveries there are more: a loop of events?")
        _tell(delivery, raise_errors=True)
        told += 1


@due(every=5, name="events.retry")
def retry_deliveries() -> int:
    """Bring failed deliveries back whose wait is over."""
    with transaction.atomic():
        deliveries = claim_due(
            EventDelivery.open.filter(next_attempt_at__lte=timezone.now()).order_by("id"),
            limit=200,
        )
        # The wait is over but not forgotten: it ends when the attempt is made.
        EventDelivery.objects.filter(pk__in=[each.pk for each in deliveries]).update(
            next_attempt_at=None
        )
        records = list(dict.fromkeys(str(each.record_id) for each in deliveries if each.record_id))
        for record_id in records:
            defer(deliver_records, lock=record_id, record_ids=[record_id])
        defer_many(
            deliver_records,
            [
                {"record_ids": [], "event": each.event_id}
                for each in deliveries
                if not each.record_id
            ],
        )
    return len(deliveries)


def retry_delivery(actor: Actor, delivery_id: int) -> EventDelivery:
    """Try a failing or given-up delivery again now; for administrators."""
    actor.require_administrator()
    with transaction.atomic():
        delivery: EventDelivery | None = (
            EventDelivery.objects.select_for_update()
            .filter(pk=delivery_id, done_at__isnull=True)
            .first()
        )
        if delivery is None:
            raise NotFound("This delivery does not exist or is done already.")
        delivery.gave_up_at = delivery.next_attempt_at = None
        delivery.attempts = min(delivery.attempts, ATTEMPTS - 1)
        delivery.save(update_fields=["gave_up_at", "next_attempt_at", "attempts"])
        if delivery.record_id:
            key = str(delivery.record_id)
            defer(deliver_records, lock=key, record_ids=[key])
        else:
            defer(deliver_records, record_ids=[], event=delivery.event_id)
    return delivery


def _deliver(open_deliveries: QuerySet[EventDelivery]) -> None:
    """One after the other in order. Who fails, fails alone: the rest of that subscriber's
    events for this record wait behind it, the other subscribers go on."""
    stuck: set[str] = set()
    rows = open_deliveries.order_by("id").values_list("pk", "subscriber", "next_attempt_at")
    for pk, subscriber, next_attempt_at in list(rows):
        if subscriber in stuck:
            continue
        waiting = next_attempt_at is not None and next_attempt_at > timezone.now()
        if waiting or not _tell(pk, raise_errors=False):
            stuck.add(subscriber)


def _tell(pk: int, *, raise_errors: bool) -> bool:
    """Whether the delivery is done; the row lock keeps two workers from telling it twice."""
    try:
        with transaction.atomic():
            delivery = (
                EventDelivery.open.select_for_update(of=("self",))
                .select_related("event")
                .filter(pk=pk)
                .first()
            )
            if delivery is None:
                return True
            subscriber = subscriber_named(delivery.subscriber)
            if subscriber is not None:  # else a newer version listens no longer
                row = delivery.event
                subscriber.function(
                    Delivery(
                        event_id=row.public_id,
                        name=row.name,
                        object=row.object,
                        record_id=row.record_id,
                        occurred_at=row.occurred_at,
                        actor_id=row.actor_id,
                        actor_name=row.actor_name,
                        request_id=row.request_id,
                        attempt=delivery.attempts + 1,
                    ),
                    decode(row.name, row.payload),
                )
            delivery.done_at = timezone.now()
            delivery.error = ""
            delivery.save(update_fields=["done_at", "error"])
    except Exception as error:
        if raise_errors:
            raise
        _note_failure(pk, error)
        return False
    return True


def _note_failure(pk: int, error: Exception) -> None:
    with transaction.atomic():
        delivery = EventDelivery.open.select_for_update().filter(pk=pk).first()
        if delivery is None:
            return
        delivery.attempts += 1
        trace = traceback.format_exception(error, limit=-3)
        delivery.error = f"{type(error).__name__}: {error}\n\n{''.join(trace)}"[-4000:]
        if delivery.attempts >= ATTEMPTS:
            delivery.gave_up_at = timezone.now()
            delivery.next_attempt_at = None
        else:
            wait = min(timedelta(seconds=5 * 2**delivery.attempts), LONGEST_WAIT)
            delivery.next_attempt_at = timezone.now() + wait
        delivery.save(update_fields=["attempts", "error", "gave_up_at", "next_attempt_at"])
    log.warning(
        "subscriber failed",
        subscriber=delivery.subscriber,
        attempt=delivery.attempts,
        event_seq=delivery.event_id,
        exc_info=error,
    )
