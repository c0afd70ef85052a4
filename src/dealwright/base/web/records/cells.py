"""One value of a record: as a person reads it, as an editor takes it, as HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from markupsafe import Markup, escape

from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import FieldPath, may_see, resolve_path, visible_fields
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.web import formats

Row = Mapping[str, Any]

NUMBERS = (Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.PERCENT)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: a field of the object or, over a relation, of another."""

    key: str
    label: str
    field: Field
    kind: Kind
    editable: bool
    sortable: bool
    is_title: bool = False

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    @property
    def holds_link(self) -> bool:
        """Whether its value is shown as a link, which cannot stand inside a button."""
        return self.kind in (Kind.RELATION, Kind.EMAIL, Kind.PHONE, Kind.URL)


def title_key(of: ObjectType) -> str:
    """The key of the field by which a person knows a record."""
    for field in of.fields:
        if field.column == of.title:
            return field.key
    return of.columns[0] if of.columns else of.fields[0].key


def column_of(of: ObjectType, key: str, user: Any) -> Column:
    """The column that a key names; raises Invalid."""
    return _column(of, resolve_path(of, key, user))


def _column(of: ObjectType, path: FieldPath) -> Column:
    field = path.field
    return Column(
        key=path.key,
        label=path.label,
        field=field,
        kind=shown_kind(of, field) if not path.hops else field.kind,
        editable=field.editable and not path.hops and field.kind not in (Kind.FORMULA, Kind.JSON),
        sortable=field.sortable and not path.hops,
        is_title=not path.hops and field.key == title_key(of),
    )


def shown_kind(of: ObjectType, field: Field) -> Kind:
    """The kind by which a value is shown: a formula looks like its result."""
    if field.kind != Kind.FORMULA:
        return field.kind
    from dealwright.base.objects.filter_tree import kind_of

    return kind_of(field, of)


def default_columns(of: ObjectType, user: Any) -> list[str]:
    """The columns of an object's list until someone chooses others, its name first."""
    known = {field.key: field for field in visible_fields(of, user)}
    keys = [key for key in of.columns if key in known]
    keys = keys or [key for key, field in known.items() if field.listed][:7]
    return sorted(keys, key=lambda key: key != title_key(of))


def hidden_columns(of: ObjectType, columns: Sequence[Column]) -> list[str]:
    """What a row needs beside its columns: the currency of its money, the title of its link,
    and what gives a value its colour."""
    needed = [title_key(of)]
    own = [column.field for column in columns if "." not in column.key]
    needed += [field.tone_by for field in own if field.tone_by]
    needed += [key for field in own for key in field.late_while]
    if any(column.kind == Kind.MONEY for column in columns) and has_currency(of):
        needed.append("currency")
    shown = {column.key for column in columns}
    return [key for key in dict.fromkeys(needed) if key not in shown]


def has_currency(of: ObjectType) -> bool:
    return any(field.key == "currency" for field in of.fields)


def title_of(of: ObjectType, row: Row) -> str:
    """The name of a row's record, never empty."""
    value = row.get(f"{title_key(of)}_title") or row.get(title_key(of))
    return str(value) if value not in (None, "") else _("Without name")


def text_of(column: Column, row: Row) -> str:
    """The value as plain text in the reader's language."""
    value = row.get(column.key)
    if value is None or value == "" or value == []:
        return ""
    match column.kind:
        case Kind.MONEY:
            return formats.format_whole_money(value, _currency(column, row))
        case Kind.PERCENT:
            return formats.format_percent(value, 2, fixed=False)
        case Kind.INTEGER if column.field.is_year:
            return str(int(value))
        case Kind.NUMBER | Kind.INTEGER:
            return formats.format_number(value)
        case Kind.DATE:
            return formats.format_short_date(value)
        case Kind.DATETIME:
            return formats.format_datetime(value, "short")
        case Kind.BOOLEAN:
            return _("Yes") if value else _("No")
        case Kind.CHOICE:
            title = row.get(f"{column.key}_title")
            return str(title) if title else _choice_label(column.field, value)
        case Kind.CHOICES:
            return ", ".join(_choice_label(column.field, each) for each in value)
        case Kind.RELATION | Kind.USER:
            title = row.get(f"{column.key}_title")
            return str(title) if title else (_("Hidden") if value else "")
        case Kind.JSON:
            return json.dumps(value, ensure_ascii=False, default=str)[:400]
    return str(value)


def sum_text(column: Column, sums: Mapping[str, Decimal], *, compact: bool = False) -> str:
    """Totals by currency as one text; ``compact`` for narrow places."""
    if column.kind != Kind.MONEY:
        return formats.format_number(sum(sums.values(), Decimal(0))) if sums else ""
    shown = formats.format_compact_money if compact else formats.format_whole_money
    return " + ".join(shown(total, currency) for currency, total in sums.items() if total)


def value_of(column: Column, row: Row) -> str:
    """The value as an editor takes it and ``typed_values`` reads it back."""
    return raw_text(column.kind, row.get(column.key))


def raw_text(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    if isinstance(value, datetime):
        return formats.iso_local(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return json.dumps([str(each) for each in value], ensure_ascii=False) if value else ""
    return str(value)


def html_of(column: Column, row: Row) -> Markup:
    """The value as it stands in a table or beside a label."""
    return html_of_text(column, row, text_of(column, row))


def html_of_text(column: Column, row: Row, text: str) -> Markup:
    """As ``html_of``, where the text is known already."""
    if not text:
        return _NOTHING
    value = row.get(column.key)
    match column.kind:
        case Kind.CHOICE:
            tone = tone_of(column.field, row, value)
            return _TONED.format(tone, text) if tone else _BADGE.format(text)
        case Kind.CHOICES:
            return Markup(" ").join(
                _BADGE.format(_choice_label(column.field, each)) for each in value or ()
            )
        case Kind.USER:
            return _PERSON.format(formats.tint(text), formats.initials(text), text)
        case Kind.RELATION if row.get(f"{column.key}_title"):
            return _RECORD.format(object_type(column.field.relation).slug, value, text)
        case Kind.EMAIL:
            return _MAIL.format(text)
        case Kind.PHONE:
            return _DIAL.format("".join(each for each in text if each in "+0123456789"), text)
        case Kind.URL if text.startswith(("http://", "https://")):
            return _SITE.format(text, urlsplit(text).netloc.removeprefix("www.") or text)
        case Kind.DATE | Kind.DATETIME:
            late = is_late(column, row, value)
            return (_LATE if late else _TIME).format(formats.iso(value), text)
    return escape(text)


def tone_of(field: Field, row: Row, value: Any) -> str:
    """The tone of a choice's badge: "success", "warning", "danger", … or none."""
    return field.tones.get(str(row.get(field.tone_by) if field.tone_by else value), "")


def is_late(column: Column, row: Row, value: Any) -> bool:
    """Whether a date has passed while what it was for is still to come."""
    pending = column.field.late_while
    if not pending or "." in column.key:
        return False
    if any(key not in row or row[key] != expected for key, expected in pending.items()):
        return False
    if isinstance(value, datetime):
        return value < timezone.now()
    return isinstance(value, date) and value < timezone.localdate()


_NOTHING = Markup("")
_BADGE = Markup('<span class="badge">{}</span>')
_TONED = Markup('<span class="badge badge-{}">{}</span>')
_LATE = Markup('<time class="late" datetime="{}">{}</time>')
_PERSON = Markup(
    '<span class="person"><span class="avatar avatar-small" data-tint="{}" aria-hidden="true">{}'
    "</span><span>{}</span></span>"
)
_RECORD = Markup('<a class="relation-link" href="/{}/{}">{}</a>')
_MAIL = Markup('<a class="relation-link" href="mailto:{0}">{0}</a>')
_DIAL = Markup('<a class="relation-link" href="tel:{}">{}</a>')
_SITE = Markup('<a class="relation-link" href="{}" target="_blank" rel="noopener">{}</a>')
_TIME = Markup('<time datetime="{}">{}</time>')


def field_infos(of: ObjectType, user: Any) -> list[dict[str, Any]]:
    """What editors in the page must know of an object's fields."""
    return [
        {
            "key": field.key,
            "label": field.shown_label,
            "kind": shown_kind(of, field).value,
            "editable": field.editable and field.kind not in (Kind.FORMULA, Kind.JSON),
            "required": field.required,
            "options": [[str(stored), _label(label)] for stored, label in field.options],
            "relation": field.relation,
            "help": field.help,
        }
        for field in visible_fields(of, user)
        if field.editable and may_see(field, user)
    ]


def typed_values(of: ObjectType, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values from the page as services take them: a time without zone is the reader's own."""
    kinds = {field.key: field.kind for field in of.all_fields()}
    typed: dict[str, Any] = {}
    for key, value in values.items():
        if kinds.get(key) == Kind.DATETIME and isinstance(value, str) and value:
            moment = _local_moment(value)
            typed[key] = moment or value
        else:
            typed[key] = value
    return typed


def _local_moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    if moment is not None and timezone.is_naive(moment):
        return timezone.make_aware(moment)
    return moment


def _currency(column: Column, row: Row) -> str:
    return "" if "." in column.key else str(row.get("currency") or "")


def _choice_label(field: Field, value: Any) -> str:
    for stored, label in field.options:
        if str(stored) == str(value):
            return _label(label)
    return str(value)


def _label(label: Any) -> str:
    return _(str(label)) if label else ""
