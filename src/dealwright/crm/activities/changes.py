"""Changes of a record's fields, from the audit trail, in the words of its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.objects.values import attribute_of
from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Change:
    """One field that changed: raw values of JSON, or names where they are records. ``kind``
    and ``currency`` tell a page how to show them."""

    key: str
    label: str
    kind: str
    before: Any
    after: Any


def changes_of(
    actor: Actor,
    object_key: str,
    record_id: UUID,
    *,
    before: datetime | None = None,
    limit: int = 40,
) -> list[tuple[AuditEvent, Sequence[Change]]]:
    """The newest audit events of a record with the fields that the actor may see."""
    of = object_type(object_key)
    events = AuditEvent.objects.filter(record_id=record_id, table=of.model._meta.db_table)
    if before is not None:
        events = events.filter(at__lt=before)
    listed = list(events.order_by("-id")[:limit])
    fields = _fields_by_column(of, actor)
    found = [
        (event, _raw_changes(event, fields) if event.action == "update" else []) for event in listed
    ]
    names = _names(actor, (change for _, changes in found for change in changes))
    return [(event, [_named(change, names) for change in changes]) for event, changes in found]


@dataclass(frozen=True, slots=True)
class _Raw:
    field: Field
    before: Any
    after: Any


def _fields_by_column(of: ObjectType, actor: Actor) -> dict[str, Field]:
    """Fields by the column or the custom key that holds them; those that nobody sets by hand
    follow others and are not told."""
    fields = {}
    for field in of.all_fields():
        if not field.editable:
            continue
        if field.visible and (actor.user is None or not field.visible(actor.user)):
            continue
        if field.custom:
            fields[f"custom.{field.key}"] = field
        elif "__" not in field.column:
            fields[attribute_of(of, field)] = field
    return fields


def _raw_changes(event: AuditEvent, fields: Mapping[str, Field]) -> list[_Raw]:
    was, now_is = _flat(event.before), _flat(event.after)
    return [
        _Raw(field, was.get(column), now_is.get(column))
        for column, field in fields.items()
        if (column in was or column in now_is) and was.get(column) != now_is.get(column)
    ]


def _flat(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Columns with the keys of ``custom`` beside them."""
    flat = dict(row or {})
    custom = flat.pop("custom", None)
    if isinstance(custom, dict):
        flat |= {f"custom.{key}": value for key, value in custom.items()}
    return flat


def _names(actor: Actor, changes: Iterable[_Raw]) -> dict[str, str]:
    """Names of the records and users that changes mention; one statement per object. What the
    actor may not see has no name."""
    wanted: dict[str, set[str]] = {}
    for change in changes:
        target = "user" if change.field.kind == Kind.USER else change.field.relation
        if target:
            found = (str(each) for each in (change.before, change.after) if each)
            wanted.setdefault(target, set()).update(found)
    names: dict[str, str] = {}
    for target, ids in wanted.items():
        if target == "user":
            rows = User.objects.filter(pk__in=ids).values_list("pk", "name")
        else:
            title = object_type(target).title
            rows = visible_records(actor, target).filter(pk__in=ids).values_list("pk", title)
        names |= {str(key): str(name) for key, name in rows}
    return names


def _named(change: _Raw, names: Mapping[str, str]) -> Change:
    field = change.field
    before, after = change.before, change.after
    if field.kind == Kind.USER or field.relation:
        before = names.get(str(before), "hidden") if before else None
        after = names.get(str(after), "hidden") if after else None
    elif field.kind == Kind.CHOICE:
        labels = {str(stored): str(label) for stored, label in field.options}
        before, after = labels.get(str(before), before), labels.get(str(after), after)
    kind = "year" if field.is_year else str(field.kind)
    return Change(field.key, field.label, kind, before, after)
