"""What hangs on a record: panels that rooms bring, and lists of records that point here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType, Panel
from dealwright.base.records.queries import list_records
from dealwright.base.web.records.addresses import may_create, openable_types, record_url
from dealwright.base.web.records.cells import column_of, text_of, title_key, title_of

SHOWN = 5


@dataclass(frozen=True, slots=True)
class RelatedRow:
    """One related record in a short list."""

    url: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class RelatedList:
    """Records of another object that point to this one over a field."""

    of: ObjectType
    field: Field
    label: str
    rows: Sequence[RelatedRow]
    more: bool
    list_url: str
    new_url: str


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel with the context that its query gave."""

    panel: Panel
    context: Mapping[str, Any]


def relations_to(actor: Actor, of: ObjectType) -> list[tuple[ObjectType, Field]]:
    """The objects and fields that point to an object, as far as the person may see them."""
    user = actor.require_user()
    shown_by_panels = {panel.key for panel in of.panels}
    return [
        (other, field)
        for other in openable_types(user)
        for field in visible_fields(other, user)
        if field.kind == Kind.RELATION
        and field.relation == of.key
        and other.key not in shown_by_panels
        and other.slug not in shown_by_panels
    ]


def related_lists(actor: Actor, of: ObjectType, record_id: Any) -> list[RelatedList]:
    """The related lists of a record, one statement each."""
    import json
    from urllib.parse import urlencode

    user = actor.require_user()
    lists = []
    for other, field in relations_to(actor, of):
        tree = {"field": field.key, "op": "is", "value": str(record_id)}
        keys = [title_key(other), *_detail_keys(other, field)]
        linked = (field.key, as_uuid(record_id))
        found = list_records(actor, other, linked=linked, columns=keys, limit=SHOWN + 1)
        label = _(other.label_plural)
        if not _is_main(other, field):
            label = f"{label} · {_(field.label)}"
        lists.append(
            RelatedList(
                of=other,
                field=field,
                label=label,
                rows=[_row(actor, other, row, keys[1:]) for row in found.rows[:SHOWN]],
                more=len(found.rows) > SHOWN,
                list_url=f"/{other.slug}?" + urlencode({"filter": json.dumps(tree)}),
                new_url=(
                    f"/{other.slug}/new?" + urlencode({field.key: str(record_id)})
                    if may_create(user, other)
                    else ""
                ),
            )
        )
    return lists


def _is_main(other: ObjectType, field: Field) -> bool:
    """Whether the field is the natural way from the other object, e.g. contact.account."""
    return field.key == field.relation


def _detail_keys(other: ObjectType, over: Field) -> list[str]:
    """Up to two columns that tell records of the other object apart."""
    picked = []
    for key in other.columns:
        field = other.field(key)
        wanted = (Kind.CHOICE, Kind.MONEY, Kind.DATE, Kind.DATETIME, Kind.TEXT)
        if key in (title_key(other), over.key) or field.kind not in wanted:
            continue
        picked.append(key)
    money = [key for key in picked if other.field(key).kind == Kind.MONEY]
    choices = [key for key in picked if other.field(key).kind == Kind.CHOICE]
    keys = (choices[:1] + money[:1]) or picked[:1]
    if money[:1] and any(field.key == "currency" for field in other.fields):
        keys.append("currency")
    return keys


def _row(
    actor: Actor, other: ObjectType, row: Mapping[str, Any], keys: Sequence[str]
) -> RelatedRow:
    details = [text_of(column_of(other, key, actor.user), row) for key in keys if key != "currency"]
    return RelatedRow(
        url=record_url(other, row["id"]),
        title=title_of(other, row),
        detail=" · ".join(text for text in details if text),
    )


def shown_panels(user: Any, of: ObjectType, record_id: Any, place: str) -> list[ShownPanel]:
    """The panels of a place whose query has something to say."""
    shown = []
    for panel in of.panels:
        if panel.place != place:
            continue
        context = panel.query(user, record_id)
        if context is not None:
            shown.append(ShownPanel(panel, context))
    return shown
