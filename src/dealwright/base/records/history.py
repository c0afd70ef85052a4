"""What happened to a record's fields, from the lines that the audit triggers wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.objects.columns import AsText
from dealwright.base.objects.crossing import living_rows
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import resolve_path, visible_fields
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import attribute_of
from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent

MOST = 500


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record from one value to another.

    ``before`` and ``after`` are as stored (JSON, with numbers exact); the texts are what a
    person reads: the label of a choice, the name of a person or of a related record that the
    reader may see.
    """

    at: datetime
    by: str
    by_id: UUID | None
    via: str
    action: str  # "insert", "update" or "delete"
    field: str
    label: str
    before: Any
    after: Any
    before_text: str
    after_text: str


def field_history(
    actor: Actor, object_key: str, record_id: Any, field: str | None = None, limit: int = 100
) -> list[FieldChange]:
    """The latest changes of a record's fields, newest first; of one field with ``field``.

    Fields that the actor may not see are left out. Raises NotFound where the record may not be
    seen, Invalid for an unknown field. Takes two statements and one per related object.
    """
    of = object_type(object_key)
    record = get_visible(actor, object_key, record_id)
    fields = visible_fields(of, actor.user)
    if field is not None:
        fields = [resolve_path(of, field, actor.user).field]
    columns = {attribute_of(of, each): each for each in fields if not each.custom}
    customs = [each for each in fields if each.custom]
    rows = AuditEvent.objects.filter(table=of.model._meta.db_table, record_id=record.pk)
    if field is not None:
        rows = rows.filter(after__has_key="custom" if customs else next(iter(columns)))
    # Read as text: amounts must not pass through float.
    exact = rows.annotate(dw_before=AsText("before"), dw_after=AsText("after"))
    events = list(exact.order_by("-id").defer("before", "after")[: min(limit, MOST)])
    found = [
        (event, each, before, after)
        for event in events
        for each, before, after in _differences(event, columns, customs)
    ][: min(limit, MOST)]
    names = _names(actor, [(each, (before, after)) for _, each, before, after in found])
    return [
        FieldChange(
            at=event.at,
            by=event.actor_name,
            by_id=event.actor_id,
            via=event.via,
            action=event.action,
            field=each.key,
            label=each.label,
            before=before,
            after=after,
            before_text=_text(each, before, names),
            after_text=_text(each, after, names),
        )
        for event, each, before, after in found
    ]


def _differences(
    event: AuditEvent, columns: Mapping[str, Field], customs: Sequence[Field]
) -> Iterable[tuple[Field, Any, Any]]:
    before, after = _exact(event, "dw_before"), _exact(event, "dw_after")
    for name in sorted(set(before) | set(after)):
        each = columns.get(name)
        if each is not None and _filled(before.get(name)) != _filled(after.get(name)):
            yield each, _filled(before.get(name)), _filled(after.get(name))
    was, now = before.get("custom") or {}, after.get("custom") or {}
    for each in customs:
        if was.get(each.key) != now.get(each.key):
            yield each, was.get(each.key), now.get(each.key)


def _exact(event: AuditEvent, name: str) -> dict[str, Any]:
    text = getattr(event, name)
    values: dict[str, Any] = json.loads(text, parse_float=Decimal) if text else {}
    return values


def _filled(value: Any) -> Any:
    """Empty text and empty lists count as no value."""
    return None if value in ("", [], {}) else value


def _names(
    actor: Actor, values: Sequence[tuple[Field, tuple[Any, Any]]]
) -> dict[tuple[str, str], str]:
    """The names behind ids, by object and id, in one statement per object."""
    wanted: dict[str, set[str]] = {}
    for each, pair in values:
        if each.kind in (Kind.USER, Kind.RELATION):
            key = "user" if each.kind == Kind.USER else each.relation
            wanted.setdefault(key, set()).update(str(value) for value in pair if value)
    names: dict[tuple[str, str], str] = {}
    for key, ids in wanted.items():
        if key == "user":
            rows: Any = User.objects.filter(pk__in=ids).values_list("pk", "name")
        else:
            of = object_type(key)
            seen = living_rows(of.model, of, actor.user).filter(pk__in=ids)
            rows = seen.values_list("pk", of.title)
        names |= {(key, str(found)): str(name) for found, name in rows}
    return names


def _text(each: Field, value: Any, names: Mapping[tuple[str, str], str]) -> str:
    if value is None:
        return ""
    if each.kind in (Kind.USER, Kind.RELATION):
        key = "user" if each.kind == Kind.USER else each.relation
        return names.get((key, str(value)), "")
    if each.kind == Kind.BOOLEAN:
        return "Yes" if value else "No"
    if each.kind in (Kind.CHOICE, Kind.CHOICES):
        labels = {str(stored): str(label) for stored, label in each.options}
        values = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(one), str(one)) for one in values)
    return str(value)
