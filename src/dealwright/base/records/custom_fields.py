"""Fields that an administrator adds to an object while the house runs.

Values live in ``Record.custom`` under the field's key; no table is altered. The kind and the
key of a field never change, so that stored values always fit.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.jobs import defer, job
from dealwright.base.language import FUNCTIONS, LanguageError, ListOf, names_in, parse
from dealwright.base.objects.custom_fields import forget_custom_fields
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.formulas import check_formula
from dealwright.base.objects.models import CustomField
from dealwright.base.objects.registry import ObjectType, object_type

MOST_FIELDS = 200
MOST_OPTIONS = 200
_KEY_LENGTH = 60
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_RESERVED = {
    *FUNCTIONS,
    *("and", "or", "not", "in", "true", "false"),
    *("id", "pk", "version", "custom", "deleted_at", "access_keys", "external_system"),
    *("external_key", "created_by", "updated_by", "currency", "all", "any", "field", "owner"),
}


def create_custom_field(
    actor: Actor,
    object_key: str,
    *,
    label: str,
    kind: str,
    options: Sequence[str] = (),
    required: bool = False,
    formula: str = "",
    help_text: str = "",
    position: int | None = None,
) -> CustomField:
    """Add a field; its key is made from the label (``Renewal date`` becomes ``renewal_date``).

    Raises NotAllowed unless an administrator acts, and Invalid with the sentences per field.
    """
    _require_administrator(actor)
    of = object_type(object_key)
    if kind not in CustomField.Kind.values:
        raise _wrong("kind", f"“{kind[:40]}” is none of: {', '.join(CustomField.Kind.values)}.")
    with change(actor):
        known = CustomField.objects.filter(object=object_key)
        if known.filter(archived_at__isnull=True).count() >= MOST_FIELDS:
            raise Invalid(f"{of.label_plural} may have at most {MOST_FIELDS} custom fields.")
        field = CustomField(
            object=object_key,
            kind=kind,
            label=_checked_label(of, label),
            help_text=_checked_help(help_text),
            required=required and kind != CustomField.Kind.FORMULA,
            options=_checked_options(kind, options),
            formula=_checked_formula(of, kind, formula),
            position=known.count() if position is None else position,
        )
        field.key = _new_key(of, field.label)
        field.save(force_insert=True)
        forget_custom_fields()
        return field


def update_custom_field(actor: Actor, field_id: UUID, **changes: Any) -> CustomField:
    """Change label, options, required, formula, help_text or position; never key or kind.

    An option that records still have may be taken off the list: they keep it until they are
    changed. Raises NotAllowed, NotFound or Invalid.
    """
    _require_administrator(actor)
    unknown = set(changes) - {
        "label",
        "options",
        "required",
        "formula",
        "help_text",
        "position",
    }
    if unknown:
        raise _wrong(min(unknown), f"“{min(unknown)}” of a custom field cannot be changed.")
    with change(actor):
        field = _locked(field_id)
        of = object_type(field.object)
        if "label" in changes:
            field.label = _checked_label(of, changes["label"], but=field)
        if "help_text" in changes:
            field.help_text = _checked_help(changes["help_text"])
        if "options" in changes:
            field.options = _checked_options(field.kind, changes["options"])
        if "formula" in changes:
            field.formula = _checked_formula(of, field.kind, changes["formula"])
        if "required" in changes:
            field.required = bool(changes["required"]) and field.kind != CustomField.Kind.FORMULA
        if "position" in changes:
            field.position = max(0, int(changes["position"]))
        field.save()
        forget_custom_fields()
        return field


def archive_custom_field(actor: Actor, field_id: UUID) -> CustomField:
    """Take a field out of use; its values rest in the records and come back with ``restore``.

    Raises Conflict where a formula still reads it.
    """
    _require_administrator(actor)
    with change(actor):
        field = _locked(field_id)
        readers = [
            formula.label
            for formula in CustomField.objects.filter(
                object=field.object, kind=CustomField.Kind.FORMULA, archived_at__isnull=True
            )
            if formula.pk != field.pk and field.key in _names(formula.formula)
        ]
        if readers:
            raise Conflict(
                f"{field.label} is used by the formula of {', '.join(readers)}. Change that first."
            )
        field.archived_at = timezone.now()
        field.save(update_fields=["archived_at"])
        forget_custom_fields()
        return field


def restore_custom_field(actor: Actor, field_id: UUID) -> CustomField:
    """Bring an archived field back with the values it had."""
    _require_administrator(actor)
    with change(actor):
        field = _locked(field_id)
        field.label = _checked_label(object_type(field.object), field.label, but=field)
        field.archived_at = None
        field.save(update_fields=["archived_at", "label"])
        forget_custom_fields()
        return field


def index_custom_field(actor: Actor, field_id: UUID) -> None:
    """Make lists quick that filter or sort by the field; the index is built by a job.

    Raises Invalid for a formula, which has no values of its own to index.
    """
    _require_administrator(actor)
    with change(actor):
        field = _locked(field_id)
        if field.kind == CustomField.Kind.FORMULA:
            raise Invalid("A formula cannot be indexed. Index the fields it reads.")
        defer(build_custom_field_index, field_id=str(field.pk))


@job(name="records.build_custom_field_index")
def build_custom_field_index(field_id: str) -> None:
    """Build the index without locking the table; safe to repeat."""
    field = CustomField.objects.filter(pk=field_id).first()
    if field is None:
        return
    name, statement = _index_statement(field)
    with connection.cursor() as cursor:
        # An index whose building broke off stays behind, unusable: it is made anew.
        cursor.execute("select indisvalid from pg_index where indexrelid = to_regclass(%s)", [name])
        row = cursor.fetchone()
        # Inside a transaction (tests, mostly) the short lock of a plain build is taken.
        aside = "" if connection.in_atomic_block else "concurrently "
        if row and not row[0]:
            cursor.execute(f'drop index {aside}"{name}"')
        if not (row and row[0]):
            cursor.execute(f'create index {aside}"{name}" on {statement}')
    CustomField.objects.filter(pk=field_id).update(is_indexed=True)


def _index_statement(field: CustomField) -> tuple[str, str]:
    """The index's name and what it is on: the very expressions that filters and orders use."""
    table = object_type(field.object).model._meta.db_table
    text = f"(custom ->> '{field.key}')"  # keys hold letters, digits and _ only
    shapes = {
        Kind.NUMBER: f"btree (({text}::numeric), id)",
        Kind.MONEY: f"btree (({text}::numeric), id)",
        Kind.CHOICES: f"gin ((custom -> '{field.key}'))",
        Kind.TEXT: f"gin ({text} gin_trgm_ops)",
        Kind.URL: f"gin ({text} gin_trgm_ops)",
    }
    shape = shapes.get(Kind(field.kind), f"btree ({text}, id)")
    digest = hashlib.sha256(f"{field.object}.{field.key}".encode()).hexdigest()[:8]
    name = f"custom_{field.object}_{field.key}"[:54] + f"_{digest}"
    return name, f'"{table}" using {shape} where deleted_at is null'


def _require_administrator(actor: Actor) -> None:
    actor.require_administrator("Only an administrator may change the fields of an object.")


def _locked(field_id: UUID) -> CustomField:
    field = CustomField.objects.select_for_update().filter(pk=field_id).first()
    if field is None:
        raise NotFound("There is no such custom field.")
    return field


def _checked_label(of: ObjectType, label: Any, but: CustomField | None = None) -> str:
    text = " ".join(str(label or "").split())
    if not text or len(text) > 120 or not text.isprintable():
        raise _wrong("label", "Give a label of at most 120 characters.")
    taken = [
        field.label.casefold()
        for field in of.all_fields()
        if but is None or not field.custom or field.key != but.key
    ]
    if text.casefold() in taken:
        raise _wrong("label", f"{of.label} already has a field called “{text}”.")
    return text


def _checked_help(given: Any) -> str:
    text = str(given or "").strip()
    if len(text) > 240:
        raise _wrong("help_text", "The help may have at most 240 characters.")
    return text


def _checked_options(kind: str, options: Sequence[Any]) -> list[str]:
    if kind not in (CustomField.Kind.CHOICE, CustomField.Kind.CHOICES):
        if options:
            raise _wrong("options", "Only a choice has options.")
        return []
    cleaned = [" ".join(str(option).split()) for option in options]
    cleaned = [option for option in cleaned if option]
    if not cleaned or len(cleaned) > MOST_OPTIONS:
        raise _wrong("options", f"Give 1 to {MOST_OPTIONS} options.")
    for option in cleaned:
        if len(option) > 120 or not option.isprintable() or "," in option:
            raise _wrong("options", f"“{option[:40]}”: at most 120 characters and no comma.")
    if len({option.casefold() for option in cleaned}) < len(cleaned):
        raise _wrong("options", "Each option may stand only once.")
    return cleaned


def _checked_formula(of: ObjectType, kind: str, formula: Any) -> str:
    text = str(formula or "").strip()
    if kind != CustomField.Kind.FORMULA:
        if text:
            raise _wrong("formula", "Only a formula field has a formula.")
        return ""
    try:
        found = check_formula(of, text)
    except LanguageError as error:
        place = "" if error.position is None else f" (at character {error.position + 1})"
        raise _wrong("formula", f"{error.message}{place}") from None
    if isinstance(found, ListOf):
        raise _wrong("formula", "A formula results in one value, not in a list.")
    return text


def _names(formula: str) -> list[str]:
    try:
        return names_in(parse(formula))
    except LanguageError:
        return []


def _new_key(of: ObjectType, label: str) -> str:
    """A key from the label that nothing else has or ever had: letters, digits and ``_``."""
    plain = unicodedata.normalize("NFKD", label.lower().translate(_LETTERS))
    plain = plain.encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: _KEY_LENGTH - 4].rstrip("_")
    if not key or not key[0].isalpha():
        key = f"field_{key}".rstrip("_")
    taken = {
        *_RESERVED,
        *(field.key for field in of.all_fields()),
        *(f"{field.key}_title" for field in of.fields),
        *(column.name for column in of.model._meta.get_fields()),
        *CustomField.objects.filter(object=of.key).values_list("key", flat=True),
    }
    found, number = key, 2
    while found in taken:
        found, number = f"{key}_{number}", number + 1
    return found


def _wrong(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
