"""The field editor of a template: the same as a draft's, with roles in place of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid
from dealwright.signing.blueprints.contents import (
    PREFILLED,
    TemplateField,
    check_liquid,
    field_of,
    field_of_new,
    raise_wrong,
)
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.queries import documents_of
from dealwright.signing.blueprints.services import (
    changeable_template,
    check_kept_fields,
    save_template,
)
from dealwright.signing.documents.anchors import SIZES
from dealwright.signing.envelopes.arranging import new_field
from dealwright.signing.envelopes.drafts import MAX_FIELDS
from dealwright.signing.envelopes.models import SIGNING_ROLES
from dealwright.signing.fields.models import FieldKind
from dealwright.signing.payments.accounts import paying_facts

_KEPT = ("read_only", "tab", "help", "options", "option", "condition", "formula", "checks")


def editor_of(template: SigningTemplate) -> dict[str, Any]:
    """What the field editor starts with; an owner is the number of a role, from 1."""
    return {
        "owners": [
            {"id": str(number), "name": each["name"], "tint": number % 6}
            for number, each in enumerate(template.roles, start=1)
            if each["role"] in SIGNING_ROLES
        ],
        "kinds": {value: _(label) for value, label in FieldKind.choices},
        "sizes": SIZES,
        **paying_facts(),
        "fields": [_as_json(field_of(each)) for each in template.fields],
    }


def arrange_template_fields(
    actor: Actor, template_id: Any, *, put: Sequence[Mapping[str, Any]], removed: Sequence[Any]
) -> SigningTemplate:
    """Fields ``put`` (new or changed, by id) and the ids of those ``removed``; both are safe to
    repeat. What a field starts with may hold ``{{ values }}``.

    Raises Invalid naming a field by its id or "fields", NotFound, Conflict for an archived one.
    """
    with change(actor):
        template = changeable_template(actor, template_id)
        fields = {each["id"]: field_of(each) for each in template.fields}
        documents = {str(each.pk): each.page_count for each in documents_of(template)}
        for key in map(str, removed):
            fields.pop(key, None)
        for given in put:
            key = str(as_uuid(given.get("id")))
            fields[key] = _read(key, given, template, documents)
        if len(fields) > MAX_FIELDS:
            raise_wrong({"fields": [f"A template has at most {MAX_FIELDS} fields."]})
        kept = list(fields.values())
        try:
            check_kept_fields(template, kept)
        except Invalid as error:
            # Named by number there, by id in the editor.
            raise Invalid(
                error.message,
                code=error.code,
                fields={_id_of(name, kept): said for name, said in error.fields.items()},
            ) from None
        return save_template(actor, template, {"fields": [each.as_json() for each in kept]})


def _read(
    key: str, given: Mapping[str, Any], template: SigningTemplate, documents: Mapping[str, int]
) -> TemplateField:
    document, owner = str(given.get("document")), str(given.get("owner"))
    if document not in documents:
        raise_wrong({key: ["The template has no such document."]})
    number = int(owner) if owner.isascii() and owner.isdigit() and len(owner) < 4 else 0
    signs = 1 <= number <= len(template.roles) and template.roles[number - 1]["role"]
    if signs not in SIGNING_ROLES:
        raise_wrong({key: ["Choose a role that signs."]})
    if given.get("picture"):
        raise_wrong({key: ["A stamp is put into the envelope, when the template is used."]})
    starts = str(given.get("value") or "").strip()
    if starts and given.get("kind") not in PREFILLED:
        raise_wrong({key: ["A field of this kind cannot start with a value."]})
    merged = "{{" in starts or "{%" in starts
    check_liquid(key, starts, longest=500)
    plain = {**given, "value": "" if merged else starts}
    new = new_field(key, plain, page_count=documents[document], has_file=merged)
    made = field_of_new(new, [document], prefill=starts, field_id=key)
    return TemplateField(**{**_fields(made), "role": number})


def _fields(made: TemplateField) -> dict[str, Any]:
    keys = ("id", "role", "document", "page", "kind", "box", "label", "required", "prefill", "more")
    return {key: getattr(made, key) for key in keys}


def _as_json(field: TemplateField) -> dict[str, Any]:
    return {
        "id": field.id,
        "document": field.document,
        "owner": str(field.role),
        "page": field.page,
        "kind": field.kind,
        "x": field.box.x,
        "y": field.box.y,
        "w": field.box.w,
        "h": field.box.h,
        "label": field.label,
        "required": field.required,
        "value": field.prefill,
        **{key: field.more.get(key) for key in _KEPT},
    }


def _id_of(name: str, fields: Sequence[TemplateField]) -> str:
    number = name.removeprefix("fields.")
    if name.startswith("fields.") and number.isdigit() and 1 <= int(number) <= len(fields):
        return fields[int(number) - 1].id
    return name
