"""What the pages of a ceremony show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dealwright.base.errors import NotFound
from dealwright.base.files.models import StoredFile
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.steps import Ceremony
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.documents.reflowing import paragraphs_of
from dealwright.signing.envelopes.conditions import name_of
from dealwright.signing.envelopes.models import EnvelopeDocument
from dealwright.signing.fields.applying import Applied, apply_rules
from dealwright.signing.fields.checking import shown_value
from dealwright.signing.fields.models import BY_ITSELF, INK, EnvelopeField, FieldKind


def documents_to_show(ceremony: Ceremony) -> list[dict[str, Any]]:
    """Each document with its pages: geometry, text, and the recipient's fields in tab order."""
    by_page: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
    for field, stands in _stands(ceremony):
        shown = describe_field(field, stands)
        by_page.setdefault((field.document_id, field.page), []).append(shown)
    return [
        {
            "id": document.pk,
            "position": document.position,
            "name": document.name,
            "pages": [
                {
                    "number": number + 1,
                    "width": round(geometry.width),
                    "height": round(geometry.height),
                    "paragraphs": paragraphs_of(
                        document.texts[number] if number < len(document.texts) else ""
                    ),
                    "fields": by_page.get((document.pk, number), []),
                }
                for number, geometry in enumerate(map(PageGeometry.from_json, document.pages))
            ],
        }
        for document in ceremony.envelope.documents.all()
    ]


def fields_of(ceremony: Ceremony) -> list[dict[str, Any]]:
    """The recipient's fields in tab order, with their document's name; of a group of radio
    buttons each."""
    return [
        {**describe_field(field, stands), "document": field.document.name}
        for field, stands in _stands(ceremony)
    ]


def fields_to_review(ceremony: Ceremony) -> list[dict[str, Any]]:
    """The fields that apply, a group of radio buttons as one."""
    shown, groups = [], set()
    for each in fields_of(ceremony):
        if not each["applies"]:
            continue
        if each["kind"] == FieldKind.RADIO:
            if each["label"] in groups:
                continue
            groups.add(each["label"])
            each["title"] = each["label"]
        shown.append(each)
    return shown


def states_of(ceremony: Ceremony) -> dict[str, dict[str, Any]]:
    """How those fields stand that a change of another can change."""
    return {
        str(field.pk): {
            "applies": stands.applies,
            "filled": bool(field.value),
            "value": field.value,
            "shown": shown_value(field, field.value, ceremony.envelope.language),
        }
        for field, stands in _stands(ceremony)
        if field.condition or field.kind in (FieldKind.FORMULA, FieldKind.RADIO)
    }


def describe_field(field: EnvelopeField, stands: Applied) -> dict[str, Any]:
    """A field as the pages show it."""
    value = field.value
    language = field.recipient.envelope.language
    return {
        "id": field.pk,
        "kind": field.kind,
        "label": field.label,
        "title": field.title,
        "page": field.page + 1,
        "required": field.required and field.kind not in BY_ITSELF and not field.read_only,
        "value": value,
        "shown": shown_value(field, value, language),
        "chosen": value.split("\n") if field.kind == FieldKind.MULTI_SELECT and value else [],
        "filled": bool(value) or field.kind == FieldKind.DATE_SIGNED,
        "is_ink": field.kind in INK,
        "read_only": field.read_only or field.kind == FieldKind.FORMULA,
        "applies": stands.applies,
        "help": field.help,
        "options": field.options,
        "option": field.option,
        "group": f"group-{field.recipient_id}-{name_of(field.label) or field.label}",
        "checks": field.checks,
        "file": field.file.name if field.file is not None else "",
        "picture": f"fields/{field.pk}/file"
        if field.file is not None and field.kind == FieldKind.STAMP
        else "",
    }


def _stands(ceremony: Ceremony) -> list[tuple[EnvelopeField, Applied]]:
    """The recipient's fields and how each stands; rules look at everybody's."""
    recipient = ceremony.recipient
    fields = list(
        EnvelopeField.objects.filter(document__envelope=ceremony.envelope).select_related(
            "document", "file", "recipient__envelope"
        )
    )
    return [
        (field, stands)
        for field, stands in zip(fields, apply_rules(fields), strict=True)
        if field.recipient_id == recipient.pk
    ]


def find_field_file(ceremony: Ceremony, field_id: Any) -> StoredFile:
    """What the recipient put into one of their fields; raises NotFound."""
    field = ceremony.recipient.fields.filter(pk=field_id).select_related("file").first()
    if field is None or field.file is None:
        raise NotFound("There is no such file.")
    return field.file


def adopted_by_kind(ceremony: Ceremony) -> dict[str, AdoptedSignature]:
    """What the recipient adopted: "signature", "initials"."""
    return {each.kind: each for each in ceremony.recipient.adopted.all()}


def layout_css(ceremony: Ceremony) -> str:
    """Where the fields stand on their pages, as a style sheet: the page needs no inline style.

    ``--page-width`` is set by the script to the width a page is shown at.
    """
    rules = []
    fields: dict[UUID, list[EnvelopeField]] = {}
    for field in ceremony.recipient.fields.all():
        fields.setdefault(field.document_id, []).append(field)
    for document in ceremony.envelope.documents.filter(pk__in=fields):
        for field in fields[document.pk]:
            page = PageGeometry.from_json(document.pages[field.page])
            size = min(field.h * page.height * 0.62, 11.0) / page.width
            rules.append(
                f"#field-{field.pk}{{left:{field.x:.4%};top:{field.y:.4%};width:{field.w:.4%};"
                f"height:{field.h:.4%};--text-size:calc(var(--page-width, 780px) * {size:.5f})}}"
            )
    return "\n".join(rules) + "\n"


def find_document(ceremony: Ceremony, document_id: Any) -> EnvelopeDocument:
    """One document of the recipient's envelope; raises NotFound."""
    document: EnvelopeDocument | None = ceremony.envelope.documents.filter(pk=document_id).first()
    if document is None:
        raise NotFound("This envelope has no such document.")
    return document
