"""The change feed: what happened since a place, as far as the reader may see the records."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_to
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.events.registry import class_of, encode_value, slots_of
from dealwright.base.objects.registry import object_type
from dealwright.base.people.scopes import may_read_object

PLACING_LOCK = 0x6465616C  # "deal": one at a time gives places
MAX_LIMIT = 500
ROWS_LOOKED_AT = 5_000

_FIELDS = (
    "position", "public_id", "name", "payload", "object", "record_id", "actor_id", "actor_name",
    "occurred_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event as a reader of the feed gets it."""

    position: int
    public_id: uuid.UUID
    name: str
    payload: Mapping[str, Any]
    object: str
    record_id: uuid.UUID | None
    actor_id: uuid.UUID | None
    actor_name: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """A page of the feed. ``cursor`` is where to go on; ``more`` tells to do so at once."""

    events: Sequence[FeedEvent]
    cursor: int
    more: bool


def changes_since(
    actor: Actor,
    cursor: int | None = None,
    objects: Iterable[str] = (),
    limit: int = 100,
    *,
    names: Iterable[str] = (),
) -> Changes:
    """The events after ``cursor`` that the actor may see, oldest first.

    Without a cursor: no events, and the cursor of now. Nothing is ever missed: an event
    gets its place after its transaction has committed. Call it outside a transaction.

    Args:
        objects: only events about records of these objects; empty means all.
        names: only these events; ``account.*`` means all of an object; empty means all.

    Raises Conflict where the cursor is older than what the feed still holds.
    """
    place_events()
    return read_changes(actor, cursor, objects, limit, names=names)


def read_changes(
    actor: Actor,
    cursor: int | None = None,
    objects: Iterable[str] = (),
    limit: int = 100,
    *,
    names: Iterable[str] = (),
) -> Changes:
    """As ``changes_since``, of the events that have their place already."""
    wanted, named = list(objects), list(names)
    limit = max(1, min(limit, MAX_LIMIT))
    bounds = OutboxEvent.objects.aggregate(first=Min("position"), last=Max("position"))
    last = bounds["last"] or 0
    if cursor is None:
        return Changes([], last, more=False)
    if bounds["first"] is not None and cursor < bounds["first"] - 1:
        raise Conflict(
            "This cursor is older than the feed, which keeps 90 days. Read the records anew, "
            "then begin with a new cursor.",
            code="cursor_expired",
        )
    found: list[FeedEvent] = []
    looked_at = 0
    while cursor < last and len(found) < limit and looked_at < ROWS_LOOKED_AT:
        batch = read_events(cursor, min(limit, ROWS_LOOKED_AT - looked_at), wanted)
        if not batch:
            cursor = last
            break
        looked_at += len(batch)
        candidates = [row for row in batch if _is_named(row.name, named)]
        visible = visible_positions(actor, candidates)
        for row in batch:
            if row.position in visible and len(found) < limit:
                found.append(row)
            if len(found) == limit:
                break
        cursor = row.position
    return Changes(found, cursor, more=cursor < last)


def place_events() -> int:
    """Give committed events their place in the feed; returns how many got one.

    One process at a time, in the order of writing, so that places appear in order.
    """
    if not OutboxEvent.objects.filter(position__isnull=True).exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [PLACING_LOCK])
        cursor.execute(
            """
            update base_outboxevent as event set position = placed.position
            from (
                select seq, row_number() over (order by seq)
                    + (select coalesce(max(position), 0) from base_outboxevent) as position
                from base_outboxevent where position is null
            ) as placed
            where event.seq = placed.seq
            """
        )
        return int(cursor.rowcount)


def last_position() -> int:
    """The place of the newest event that has one; 0 before the first."""
    return OutboxEvent.objects.aggregate(last=Max("position"))["last"] or 0


def read_events(after: int, limit: int, objects: Sequence[str] = ()) -> list[FeedEvent]:
    """Events in the order of their places, whoever may see them."""
    rows = OutboxEvent.objects.filter(position__gt=after)
    if objects:
        rows = rows.filter(object__in=objects)
    return [FeedEvent(*row) for row in rows.order_by("position").values_list(*_FIELDS)[:limit]]


def visible_positions(actor: Actor, events: Iterable[FeedEvent]) -> set[int]:
    """Which of the events the actor may see: one statement per object among them."""
    events = list(events)
    if actor.is_system:
        return {event.position for event in events}
    by_object: dict[str, list[FeedEvent]] = defaultdict(list)
    for event in events:
        by_object[event.object].append(event)
    seen: set[int] = set()
    for key, group in by_object.items():
        if may_read_object(actor, key):
            records = _visible_records(actor, key, group)
            seen.update(event.position for event in group if event.record_id in records)
    return seen


def as_json(event: FeedEvent) -> dict[str, Any]:
    """The event as API and webhooks show it."""
    return {
        "id": str(event.public_id),
        "type": event.name,
        "object": event.object,
        "record_id": str(event.record_id) if event.record_id else None,
        "occurred_at": encode_value(event.occurred_at),
        "actor": event.actor_name,
        "actor_id": str(event.actor_id) if event.actor_id else None,
        "data": dict(event.payload),
    }


def _visible_records(actor: Actor, key: str, events: Sequence[FeedEvent]) -> set[uuid.UUID | None]:
    """The record ids among the events; records in the bin count as what they were."""
    user = actor.require_user()
    ids = {event.record_id for event in events}
    if key == "user":
        return ids if user.is_administrator else {user.pk}
    try:
        of = object_type(key)
    except NotFound:
        return ids if user.is_administrator else set()
    model: Any = of.model
    rows = getattr(model, "everything", model.objects).filter(visible_to(user, key), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _is_named(name: str, wanted: Sequence[str]) -> bool:
    return not wanted or any(
        name == each or (each.endswith(".*") and name.startswith(each[:-1])) for each in wanted
    )


def describe_event(name: str) -> dict[str, Any]:
    """What the docs and the webhook page say about an event: its meaning and its data."""
    cls = class_of(name)
    return {
        "name": name,
        "about": " ".join((cls.__doc__ or "").split()),
        "data": [{"name": slot.name, "type": str(slot)} for slot in slots_of(cls)],
    }
