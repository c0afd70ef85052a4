"""Writing events, in the transaction of the change they tell of."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from dealwright.base.access.actor import Actor
from dealwright.base.database.copying import copy_values
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


def record_events(actor: Actor, events: Iterable[About]) -> None:
    """Write many events in a bounded number of statements: for imports and other bulk work.

    Their delivery gives way to that of single events. Records of which the same happened may
    share one event. Raises RuntimeError outside a transaction.
    """
    from dealwright.base.events.delivery import deliver_records

    told = list(events)
    if len(told) < MANY:
        written = [_Written(row.seq, row.name, row.record_id) for row in _write(actor, told)]
    else:
        written = _copy(actor, told)
    heard = [each for each in written if subscribers_of(each.name)]
    records = list(dict.fromkeys(str(each.record_id) for each in heard if each.record_id))
    defer_many(
        deliver_records,
        [
            *(
                {"record_ids": records[start : start + RECORDS_PER_JOB]}
                for start in range(0, len(records), RECORDS_PER_JOB)
            ),
            *({"record_ids": [], "event": each.seq} for each in heard if not each.record_id),
        ],
        priority=BULK_PRIORITY,
    )


class _Written(NamedTuple):
    seq: int
    name: str
    record_id: uuid.UUID | None


def _write(actor: Actor, events: Iterable[About]) -> list[OutboxEvent]:
    _require_transaction()
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
    if rows:
        OutboxEvent.objects.bulk_create(rows)
        _address([_Written(row.seq, row.name, row.record_id) for row in rows])
    return rows


def _copy(actor: Actor, events: Sequence[About]) -> list[_Written]:
    """As ``_write``, by COPY and without instances; an event that several records share is
    encoded once."""
    _require_transaction()
    encoded = {id(about.event): about.event for about in events}
    known = {key: (name_of(event), encode(event)) for key, event in encoded.items()}
    by = (actor.user.pk if actor.user else None, actor.name[:200], actor.via, actor.request_id)
    written, rows = [], []
    for seq, about in zip(_numbers(len(events)), events, strict=True):
        name, payload = known[id(about.event)]
        written.append(_Written(seq, name, about.record_id))
        rows.append((seq, name, payload, about.object, about.record_id, *by))
    names = (
        "seq", "name", "payload", "object", "record_id", "actor_id", "actor_name", "via",
        "request_id",
    )  # fmt: skip
    copy_values(OutboxEvent, names, rows)
    _address(written)
    return written


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("An event belongs into its change's transaction: use change(actor).")


def _address(written: Sequence[_Written]) -> None:
    """A delivery for each subscriber, and a call to whoever waits at the channel."""
    copy_values(
        EventDelivery,
        ("event_id", "subscriber", "record_id"),
        [
            (each.seq, subscriber.name, each.record_id)
            for each in written
            for subscriber in subscribers_of(each.name)
        ],
    )
    with connection.cursor() as cursor:
        # Without payload: the database then sends one per transaction, however many events.
        cursor.execute("select pg_notify(%s, '')", [CHANNEL])


def _numbers(count: int) -> list[int]:
    """The places of many events at once, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select nextval(pg_get_serial_sequence(%s, 'seq')) from generate_series(1, %s)",
            [OutboxEvent._meta.db_table, count],
        )
        return sorted(seq for (seq,) in cursor.fetchall())
