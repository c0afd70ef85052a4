"""The changes of a record in words, from what the database's audit triggers wrote down."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from markupsafe import Markup

from dealwright.base.access.actor import Actor
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.objects.values import attribute_of
from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent
from dealwright.base.records.queries import get_rows
from dealwright.base.web.records.cells import Column, shown_kind, text_of, title_key, title_of

VIA = {
    "api": "API",
    "import": "Import",
    "job": "Automatic",
    "public": "Web form",
    "cli": "Command line",
    "mail": "E-mail",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field from one value to another, both as a person reads them."""

    key: str
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a record."""

    id: int
    at: datetime
    by: str
    via: str
    action: str  # "insert", "update", "delete", "bin" or "restore"
    fields: Sequence[FieldChange] = field(default_factory=list)


def changes_of(
    actor: Actor, of: ObjectType, record_id: Any, *, key: str = "", limit: int = 50
) -> list[Change]:
    """The latest changes of a record that the actor may see, newest first.

    ``key`` narrows them to one field. Fields the actor may not see are left out. Whoever
    calls this has checked that the record itself may be seen.
    """
    table = of.model._meta.db_table
    rows = AuditEvent.objects.filter(table=table, record_id=record_id).order_by("-id")
    fields = {attribute_of(of, each): each for each in visible_fields(of, actor.user)}
    if key:
        wanted = next((name for name, each in fields.items() if each.key == key), None)
        if wanted is None:
            return []
        name = "custom" if fields[wanted].custom else wanted
        rows = rows.filter(after__has_key=name)
        fields = {wanted: fields[wanted]}
    events = list(rows[:limit])
    titles = _titles(actor, fields, events)
    found = []
    for event in events:
        change = _change(of, event, fields, titles)
        if change.fields or (change.action != "update" and not key):
            found.append(change)
    return found


def _change(
    of: ObjectType,
    event: AuditEvent,
    fields: Mapping[str, Field],
    titles: Mapping[tuple[str, str], str],
) -> Change:
    before, after = event.before or {}, event.after or {}
    action = event.action.lower()
    if action == "update" and "deleted_at" in after:
        action = "bin" if after["deleted_at"] else "restore"
    changes = []
    for name, each in fields.items():
        old, new = _value(before, name, each), _value(after, name, each)
        if old == new or (action == "insert" and new in (None, "", [], {})):
            continue
        changes.append(
            FieldChange(
                each.key,
                each.label if each.custom else _(each.label),
                _text(of, each, old, before, titles),
                _text(of, each, new, after, titles),
            )
        )
    via = VIA.get(event.via, "")
    return Change(
        event.pk, event.at, event.actor_name or "", _(via) if via else "", action, changes
    )


def _value(values: Mapping[str, Any], name: str, of_field: Field) -> Any:
    if of_field.custom:
        return (values.get("custom") or {}).get(of_field.key)
    return values.get(name)


def _text(
    of: ObjectType,
    of_field: Field,
    value: Any,
    values: Mapping[str, Any],
    titles: Mapping[tuple[str, str], str],
) -> str:
    if value is None or value == "":
        return ""
    row: dict[str, Any] = {of_field.key: value, "currency": values.get("currency", "")}
    if of_field.kind in (Kind.RELATION, Kind.USER):
        target = "user" if of_field.kind == Kind.USER else of_field.relation
        row[f"{of_field.key}_title"] = titles.get((target, str(value)), "")
    column = Column(of_field.key, of_field.label, of_field, shown_kind(of, of_field), False, False)
    return text_of(column, row)


def _titles(
    actor: Actor, fields: Mapping[str, Field], events: Sequence[AuditEvent]
) -> dict[tuple[str, str], str]:
    """The names of the records and people that the changes point to, a statement per object."""
    wanted: dict[str, set[uuid.UUID]] = {}
    for event in events:
        for values in (event.before or {}, event.after or {}):
            for name, each in fields.items():
                if each.kind in (Kind.RELATION, Kind.USER) and values.get(name):
                    target = "user" if each.kind == Kind.USER else each.relation
                    try:
                        wanted.setdefault(target, set()).add(uuid.UUID(str(values[name])))
                    except ValueError:
                        continue
    titles: dict[tuple[str, str], str] = {}
    for target, ids in wanted.items():
        if target == "user":
            for key, name in User.objects.filter(pk__in=ids).values_list("pk", "name"):
                titles["user", str(key)] = name
            continue
        related = object_type(target)
        for key, row in get_rows(actor, related, list(ids), [title_key(related)]).items():
            titles[target, str(key)] = title_of(related, row)
    return titles


def timeline_items(changes: Sequence[Change], of: ObjectType) -> list[dict[str, Any]]:
    """Changes as items of the timeline component."""
    return [
        {
            "id": f"change-{change.id}",
            "at": change.at,
            "icon": _ICONS.get(change.action, "pencil"),
            "by": " · ".join(part for part in (change.by, change.via) if part),
            "title": _title(change, of),
        }
        for change in changes
    ]


_ICONS = {"insert": "plus", "bin": "trash-2", "restore": "undo-2", "delete": "trash-2"}


def _title(change: Change, of: ObjectType) -> Markup:
    if change.action == "insert":
        return Markup("{}").format(_("%(thing)s created") % {"thing": _(of.label)})
    if change.action == "bin":
        return Markup("{}").format(_("%(thing)s deleted") % {"thing": _(of.label)})
    if change.action == "restore":
        return Markup("{}").format(_("%(thing)s restored") % {"thing": _(of.label)})
    parts = []
    for each in change.fields[:4]:
        if each.before and each.after:
            text = Markup('{}: <span class="diff-from">{}</span> → {}').format(
                each.label, _short(each.before), _short(each.after)
            )
        else:
            text = Markup("{}: {}").format(
                each.label, _short(each.after) if each.after else _("emptied")
            )
        parts.append(text)
    if len(change.fields) > 4:
        parts.append(Markup("{}").format(_("and %(n)s more") % {"n": len(change.fields) - 4}))
    return Markup(", ").join(parts)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
