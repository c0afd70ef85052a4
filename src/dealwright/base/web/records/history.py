"""The changes of a record in words: for the timeline and for the history of one field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _
from markupsafe import Markup

from dealwright.base.access.actor import Actor
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.history import FieldChange, field_history
from dealwright.base.web.records.cells import column_of, text_of

VIA = {
    "api": "API",
    "import": "Import",
    "job": "Automatic",
    "public": "Web form",
    "cli": "Command line",
    "mail": "E-mail",
}
SHOWN = 4


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field's change, both values as the reader's language writes them."""

    at: datetime
    by: str
    via: str
    label: str
    before: str
    after: str


def shown_history(actor: Actor, of: ObjectType, record_id: Any, key: str) -> list[ShownChange]:
    """How one field came to its value, newest first."""
    found = field_history(actor, of.key, record_id, key, limit=20)
    return [_shown(actor, of, each) for each in found]


def timeline_of(
    actor: Actor, of: ObjectType, record_id: Any, *, limit: int = 200
) -> list[dict[str, Any]]:
    """The latest changes as items of the timeline component, a line per change."""
    found = field_history(actor, of.key, record_id, limit=limit)
    return [
        _item(actor, of, number, list(changes))
        for number, (_same, changes) in enumerate(
            groupby(found, key=lambda each: (each.at, each.by, each.via, each.action))
        )
    ]


def _item(
    actor: Actor, of: ObjectType, number: int, changes: Sequence[FieldChange]
) -> dict[str, Any]:
    first = changes[0]
    created = first.action == "insert"
    return {
        "id": f"{first.at.timestamp():.0f}-{number}",
        "at": first.at,
        "icon": "plus" if created else "pencil",
        "by": " · ".join(part for part in (first.by, via_text(first.via)) if part),
        "title": (
            _("%(thing)s created") % {"thing": _(of.label)}
            if created
            else _sentence([_shown(actor, of, each) for each in changes])
        ),
    }


def via_text(via: str) -> str:
    """Through which door a change came; empty for the pages themselves."""
    return _(VIA[via]) if via in VIA else ""


def _sentence(changes: Sequence[ShownChange]) -> Markup:
    parts = []
    for each in changes[:SHOWN]:
        if each.before and each.after:
            text = Markup('{}: <span class="diff-from">{}</span> → {}').format(
                each.label, _short(each.before), _short(each.after)
            )
        else:
            text = Markup("{}: {}").format(each.label, _short(each.after) or _("emptied"))
        parts.append(text)
    if len(changes) > SHOWN:
        parts.append(Markup("{}").format(_("and %(n)s more") % {"n": len(changes) - SHOWN}))
    return Markup(", ").join(parts)


def _shown(actor: Actor, of: ObjectType, change: FieldChange) -> ShownChange:
    return ShownChange(
        at=change.at,
        by=change.by,
        via=via_text(change.via),
        label=_(change.label),
        before=_text(actor, of, change, change.before, change.before_text),
        after=_text(actor, of, change, change.after, change.after_text),
    )


def _text(actor: Actor, of: ObjectType, change: FieldChange, value: Any, text: str) -> str:
    """Numbers and days in the reader's language; names and labels as the history has them."""
    column = column_of(of, change.field, actor.user)
    typed = _typed(column.kind, value)
    if typed is None:
        return _(text) if column.kind in (Kind.CHOICE, Kind.BOOLEAN) and text else text
    return text_of(column, {change.field: typed})


def _typed(kind: Kind, value: Any) -> Any:
    """The JSON of the audit as Python, for the kinds that are written by language."""
    if value is None:
        return None
    try:
        if kind in (Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.PERCENT):
            return Decimal(str(value))
        if kind == Kind.DATE:
            return date.fromisoformat(str(value)[:10])
        if kind == Kind.DATETIME:
            return datetime.fromisoformat(str(value))
    except (ArithmeticError, ValueError):
        return None
    return None


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
