"""Writing events, in the transaction of the change they tell of."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from dealwright.base.access.actor import Actor
from dealwright.base.database.copying import copy_rows, copy_values
from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.registry import Event, encode, name_of
from dealwright.base.events.subscribers import subscribers_of
from dealwright.base.jobs.queue import defer, defer_many

CHANNEL = "dealwright_events"
BULK_PRIORITY = -10
RECORDS_PER_JOB = 100
MANY = 50


@dataclass(frozen=True, slots=True)
class About:
    """An event with the record it is about, for ``record_events``."""

    event: Event
    object: str = ""
    record_id: uuid.UUID | None = None


def record_event(
    actor: Actor, event: Event, *, object: str = "", record_id: uuid.UUID | None = None
) -> OutboxEvent:
    """Write an event that is delivered if and when the current transaction commits.

    ``object`` and ``record_id`` name the record it is about: who may see that record may
    see the event (change feed, live stream, webhooks), and its events stay in order. An
    event without a record is for administrators and subscribers.

    Raises RuntimeError outside a transaction.
    """
    from dealwright.base.events.delivery import deliver_records

    (row,) = _write(actor, [About(event, object, record_id)])
    if subscribers_of(row.name):
        key = str(record_id or row.public_id)
        if record_id is None:
            defer(deliver_records, lock=key, record_ids=[], event=row.seq)
        else:
            defer(deliver_records, lock=key, record_ids=[key])
    return row


def record_events(actor: Actor, events: Iterable[About]) -> Sequence[OutboxEvent]:
    """Write many events in a bounded number of statements: for imports and other bulk work.

    Their delivery gives way to that of single events.
    """
    from dealwright.base.events.delivery import deliver_records

    rows = _write(actor, events)
    heard = [row for row in rows if subscribers_of(row.name)]
    records = list(dict.fromkeys(str(row.record_id) for row in heard if row.record_id))
    defer_many(
        deliver_records,
        [
            *(
                {"record_ids": records[start : start + RECORDS_PER_JOB]}
                for start in range(0, len(records), RECORDS_PER_JOB)
            ),
            *({"record_ids": [], "event": row.seq} for row in heard if not row.record_id),
        ],
        priority=BULK_PRIORITY,
    )
    return rows


def _write(actor: Actor, events: Iterable[About]) -> list[OutboxEvent]:
    if not connection.in_atomic_block:
        raise RuntimeError("An event belongs into its change's transaction: use change(actor).")
    rows = [
        OutboxEvent(
            name=name_of(about.event),
            payload=encode(about.event),
            object=about.object,
            record_id=about.record_id,
            actor_id=actor.user.pk if actor.user else None,
            actor_name=actor.name[:200],
            via=actor.via,
            request_id=actor.request_id,
        )
        for about in events
    ]
    if not rows:
        return rows
    if len(rows) < MANY:
        OutboxEvent.objects.bulk_create(rows)
    else:
        _number(rows)
        copy_rows(rows)
    copy_values(
        EventDelivery,
        ("event_id", "subscriber", "record_id"),
        [
            (row.seq, subscriber.name, row.record_id)
            for row in rows
            for subscriber in subscribers_of(row.name)
        ],
    )
    with connection.cursor() as cursor:
        # Without payload: the database then sends one per transaction, however many events.
        cursor.execute("select pg_notify(%s, '')", [CHANNEL])
    return rows


def _number(rows: Sequence[OutboxEvent]) -> None:
    """Take the places of many events at once, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'seq')) from generate_series(1, %s)",
            [OutboxEvent._meta.db_table, len(rows)],
        )
        for row, (seq,) in zip(rows, sorted(cursor.fetchall()), strict=True):
            row.seq = seq
