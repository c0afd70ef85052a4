"""What the pages of a ceremony show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dealwright.base.errors import NotFound
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.steps import Ceremony
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.documents.reflowing import paragraphs_of
from dealwright.signing.envelopes.models import EnvelopeDocument
from dealwright.signing.fields.models import EnvelopeField, FieldKind


def documents_to_show(ceremony: Ceremony) -> list[dict[str, Any]]:
    """Each document with its pages: geometry, text, and the recipient's fields in tab order."""
    recipient = ceremony.recipient
    by_page: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
    for field in recipient.fields.all():
        shown = describe_field(field)
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
    """The recipient's fields in tab order, with their document's name."""
    return [
        {**describe_field(field), "document": field.document.name}
        for field in ceremony.recipient.fields.select_related("document")
    ]


def describe_field(field: EnvelopeField) -> dict[str, Any]:
    return {
        "id": field.pk,
        "kind": field.kind,
        "title": field.title,
        "page": field.page + 1,
        "required": field.required,
        "value": field.value,
        "filled": field.filled_at is not None or field.kind == FieldKind.DATE_SIGNED,
        "is_ink": field.kind in (FieldKind.SIGNATURE, FieldKind.INITIALS),
    }


def adopted_by_kind(ceremony: Ceremony) -> dict[str, AdoptedSignature]:
    """What the recipient adopted: "signature", "initials"."""
    return {each.kind: each for each in ceremony.recipient.adopted.all()}


def layout_css(ceremony: Ceremony) -> str:
    """Where the fields stand on their pages, as a style sheet: the page needs no inline style.

    ``--page-width`` is set by the script to the width a page is shown at.
    """
    rules = []
    for document in ceremony.envelope.documents.all():
        geometry = [PageGeometry.from_json(page) for page in document.pages]
        fields = ceremony.recipient.fields.filter(document=document)
        for field in fields:
            page = geometry[field.page]
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
