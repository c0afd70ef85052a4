"""One line of time for a record: what was done, written, changed and told, newest first.

A bounded number of statements, however long the line: one per source, and one per object
whose names the changes mention.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, Case, DateTimeField, Q, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible, visible_to
from dealwright.base.events.models import OutboxEvent
from dealwright.base.messaging.models import STATUS_LABELS, OutboundMessage
from dealwright.crm.activities.changes import Change, changes_of
from dealwright.crm.activities.models import Activity, ActivityLink
from dealwright.crm.activities.services import SUBJECTS
from dealwright.crm.activities.told import told_as

PAGE = 40
KINDS = ("activity", "message", "change", "event")
_TOLD_BY_A_MOVE = ("stage", "pipeline", "probability", "forecast_category", "lost_reason")
_ICONS = {
    "task": "square-check",
    "call": "phone",
    "meeting": "calendar",
    "email": "mail",
    "note": "message-square",
    "sms": "message-square",
    "visit": "map-pin",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on the line. ``kind`` is one of KINDS; ``detail`` is the activity's kind, the
    event's name or the like; ``body`` is plain text; ``by`` who did it."""

    id: str
    at: datetime
    kind: str
    detail: str
    title: str
    icon: str
    body: str = ""
    by: str = ""
    tone: str = ""
    url: str = ""
    status: str = ""
    facts: Sequence[tuple[str, str]] = ()
    changes: Sequence[Change] = field(default=())


@dataclass(frozen=True, slots=True)
class Timeline:
    """Some entries and, where there are more, the moment before which they lie."""

    entries: Sequence[Entry]
    more_before: datetime | None


def timeline(
    actor: Actor,
    object_key: str,
    record_id: Any,
    *,
    kinds: Sequence[str] = KINDS,
    before: datetime | None = None,
    limit: int = PAGE,
) -> Timeline:
    """What happened to a record, newest first; raises NotFound for one that may not be seen.

    Who may see a record sees what was done about it, whoever did it; changes of fields that
    the actor may not see are left out.
    """
    record = get_visible(actor, object_key, record_id)
    return timeline_of(actor, object_key, record.pk, kinds=kinds, before=before, limit=limit)


def timeline_of(
    actor: Actor,
    object_key: str,
    record_id: UUID,
    *,
    kinds: Sequence[str] = KINDS,
    before: datetime | None = None,
    limit: int = PAGE,
) -> Timeline:
    """The same, for a caller that has made sure that the actor may see the record."""
    found: list[Entry] = []
    wanted = limit + 1
    if "activity" in kinds:
        found += _activities(actor, object_key, record_id, before, wanted)
    if "message" in kinds:
        found += _messages(object_key, record_id, before, wanted)
    if "change" in kinds:
        found += _changes(actor, object_key, record_id, before, wanted)
    if "event" in kinds:
        found += _events(record_id, before, wanted)
    found.sort(key=lambda entry: (entry.at, entry.id), reverse=True)
    end = limit
    while end < len(found) and found[end].at == found[end - 1].at:
        end += 1  # what happened in one moment stays together, so that the next page misses none
    return Timeline(found[:end], found[end - 1].at if end < len(found) else None)


def open_tasks(object_key: str, record_id: UUID) -> Sequence[Mapping[str, Any]]:
    """What is still to do about a record, the most urgent first."""
    rows = (
        Activity.objects.filter(_about(object_key, record_id), status=Activity.Status.OPEN)
        .order_by(Coalesce("due_at", "starts_at").asc(nulls_last=True), "id")
        .values("id", "kind", "subject", "due_at", "starts_at", "priority", "owner__name")
    )
    return list(rows[:20])


# As an array, since of a sub-select the planner expects a tenth of all activities where few are
# about leads, and reads whole tables for them.
_OF_LEADS = (
    "lead_id = any(array(select id from crm_lead "
    "where converted_opportunity_id = %s and deleted_at is null))"
)


def _about(object_key: str, record_id: UUID) -> Q:
    """Activities about a record; a deal's line goes on with that of the leads it came from."""
    further = ActivityLink.objects.filter(object=object_key, record_id=record_id)
    linked = further.order_by().values("activity_id")
    if object_key not in SUBJECTS:
        return Q(pk__in=linked)
    # A union and no "or": each part is read from its own index, however many activities there are.
    parts = [Activity.objects.filter(**{object_key: record_id})]
    if object_key == "opportunity":
        parts.append(Activity.objects.filter(RawSQL(_OF_LEADS, [record_id], BooleanField())))  # noqa: S611
    ids = [part.order_by().values("pk") for part in parts]
    return Q(pk__in=linked.union(*ids, all=True))


def _activities(
    actor: Actor, object_key: str, record_id: UUID, before: datetime | None, limit: int
) -> Iterable[Entry]:
    moment = Coalesce("happened_at", "completed_at", "created_at", output_field=DateTimeField())
    rows = (
        Activity.objects.filter(_about(object_key, record_id))
        .exclude(status=Activity.Status.CANCELLED)
        .annotate(moment=moment, opens=_opens(actor))
    )
    if before is not None:
        rows = rows.filter(moment__lt=before)
    columns = (
        "id", "moment", "kind", "subject", "body", "status", "outcome", "direction", "due_at",
        "starts_at", "duration_seconds", "owner__name", "contact__name", "message_id",
        "opens",
    )  # fmt: skip
    listed = list(rows.order_by("-moment", "-id").values(*columns)[:limit])
    sent = _message_states([row["message_id"] for row in listed if row["message_id"]])
    for row in listed:
        yield _activity_entry(row, sent.get(row["message_id"], ""))


def _opens(actor: Actor) -> Case:
    """Whether the actor may open the activity itself: the line tells of it either way."""
    seen = Q() if actor.is_system else visible_to(actor.require_user(), "activity")
    if not seen:
        return Case(default=Value(True))
    return Case(When(seen, then=Value(True)), default=Value(False))


def _activity_entry(row: Mapping[str, Any], sending: str) -> Entry:
    facts = []
    if row["contact__name"]:
        facts.append(("With", row["contact__name"]))
    if row["outcome"]:
        facts.append(("Outcome", str(Activity.Outcome(row["outcome"]).label)))
    if row["direction"] == Activity.Direction.INBOUND:
        facts.append(("Direction", "Inbound"))
    if row["duration_seconds"]:
        minutes, seconds = divmod(row["duration_seconds"], 60)
        facts.append(("Duration", f"{minutes}:{seconds:02d} min"))
    if sending:
        facts.append(("Delivery", sending))
    done = row["status"] == Activity.Status.COMPLETED
    is_note = row["kind"] == Activity.Kind.NOTE
    return Entry(
        id=f"activity-{row['id']}",
        at=row["moment"],
        kind="activity",
        detail=row["kind"],
        title=_("Note") if is_note else row["subject"],
        icon=_ICONS[row["kind"]],
        body=row["body"],
        by=row["owner__name"] or "",
        tone="" if done else "accent",
        url=f"/activities/{row['id']}" if row["opens"] else "",
        status=row["status"],
        facts=facts,
    )


def _message_states(ids: Sequence[UUID]) -> dict[UUID, str]:
    if not ids:
        return {}
    return {
        message.pk: STATUS_LABELS[message.status]
        for message in OutboundMessage.objects.filter(pk__in=ids).defer("text", "html")
    }


# Mail out and in about a record that no activity stands for, in one statement.
_MESSAGES = """
select 'out', m.id, m.queued_at as at, coalesce(u.name, 'Dealwright'),
       to_jsonb(m) - 'html' - 'headers'
  from base_outboundmessage m left join base_user u on u.id = m.created_by_id
 where m.object = %(object)s and m.record_id = %(record)s and not m.is_sensitive
   and (%(before)s::timestamptz is null or m.queued_at < %(before)s)
   and not exists (select from crm_activity a where a.message_id = m.id)
union all
select 'in', m.id, m.received_at, coalesce(nullif(m.from_name, ''), m.from_address),
       to_jsonb(m) - 'html'
  from base_inboundmessage m
 where m.object = %(object)s and m.record_id = %(record)s
   and (%(before)s::timestamptz is null or m.received_at < %(before)s)
   and not exists (select from crm_activity a where a.message_id = m.id)
 order by at desc limit %(limit)s
"""


def _messages(
    object_key: str, record_id: UUID, before: datetime | None, limit: int
) -> Iterable[Entry]:
    values: dict[str, Any] = {"object": object_key, "record": record_id, "before": before}
    values["limit"] = limit
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, values)
        rows = cursor.fetchall()
    for way, key, at, by, given in rows:
        row = json.loads(given) if isinstance(given, str) else given
        came = way == "in"
        status = "" if came else _message_status(row)
        facts = [("From", row["from_address"])] if came else [("To", row["to"])]
        if status:
            facts.append(("Delivery", STATUS_LABELS[status]))
        yield Entry(
            id=f"message-{key}",
            at=at,
            kind="message",
            detail="reply" if came else row["channel"],
            title=row["subject"] or _("No subject"),
            icon="message-square" if row.get("channel") == "sms" else "mail",
            body=row["text"],
            by=by,
            tone="success" if came else "",
            status=status,
            facts=facts,
        )


def _message_status(row: Mapping[str, Any]) -> str:
    """What messaging reads from the timestamps of a message."""
    stamps = {key: value for key, value in row.items() if key.endswith("_at")}
    return OutboundMessage(attempts=row["attempts"], **stamps).status


def _changes(
    actor: Actor, object_key: str, record_id: UUID, before: datetime | None, limit: int
) -> Iterable[Entry]:
    for event, changes in changes_of(actor, object_key, record_id, before=before, limit=limit):
        if any(change.key == "stage" for change in changes):
            # The event of the move tells this better.
            changes = [change for change in changes if change.key not in _TOLD_BY_A_MOVE]
        if object_key == "lead":
            changes = [change for change in changes if change.key != "owner"]
        verb = {"insert": _("Created"), "delete": _("Erased")}.get(event.action, _("Changed"))
        if event.action == "update" and not changes:
            continue
        labels = ", ".join(change.label for change in changes)
        yield Entry(
            id=f"change-{event.pk}",
            at=event.at,
            kind="change",
            detail=event.action,
            title=verb if event.action != "update" else f"{verb} {labels}",
            icon="plus" if event.action == "insert" else "pencil",
            by=event.actor_name or "Dealwright",
            status=event.via,
            changes=changes if event.action == "update" else (),
        )


def _events(record_id: UUID, before: datetime | None, limit: int) -> Iterable[Entry]:
    rows = OutboxEvent.objects.filter(record_id=record_id, name__in=told_as.names())
    if before is not None:
        rows = rows.filter(occurred_at__lt=before)
    for row in rows.order_by("-seq")[:limit]:
        told = told_as(row.name, row.payload)
        if told is None:
            continue
        yield Entry(
            id=f"event-{row.seq}",
            at=row.occurred_at,
            kind="event",
            detail=row.name,
            title=told.title,
            icon=told.icon,
            body=told.body,
            by=row.actor_name,
            tone=told.tone,
        )
