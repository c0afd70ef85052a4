"""What the pages of a ceremony show."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dealwright.base.errors import NotFound
from dealwright.base.files.models import StoredFile
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.others import (
    Ruled,
    describe_standing,
    is_shared,
    opens_to,
    ruled_fields,
    standing_fields,
)
from dealwright.signing.ceremonies.steps import Ceremony
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.documents.reflowing import paragraphs_of
from dealwright.signing.envelopes.conditions import name_of
from dealwright.signing.envelopes.models import EnvelopeDocument
from dealwright.signing.fields.applying import Applied
from dealwright.signing.fields.checking import shown_value
from dealwright.signing.fields.models import BY_ITSELF, INK, EnvelopeField, FieldKind
from dealwright.signing.fields.paid import price_tag
from dealwright.signing.payments.standing import asked_money, has_nothing_to_pay, locked_fields


def documents_to_show(ceremony: Ceremony, ruled: Ruled) -> list[dict[str, Any]]:
    """Each document with its pages: geometry, text, the recipient's fields in tab order, and what
    others have put there."""
    by_page: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
    locked = _locked(ceremony, ruled)
    for field, stands in _own(ceremony, ruled):
        shown = describe_field(field, stands, locked)
        by_page.setdefault((field.document_id, field.page), []).append(shown)
    theirs: dict[tuple[UUID, int], list[dict[str, Any]]] = {}
    for each in describe_standing(standing_fields(ceremony.envelope, ceremony.recipient, ruled)):
        theirs.setdefault((each["document_id"], each["page"]), []).append(each)
    documents = ceremony.envelope.documents.select_related("prepared").prefetch_related("redlines")
    redlined = {each.pk: {row.page for row in each.redlines.all()} for each in documents}
    return [
        {
            "id": document.pk,
            "position": document.position,
            "name": document.name,
            "size": document.prepared.size,
            "pages": [
                {
                    "number": number + 1,
                    "width": round(geometry.width),
                    "height": round(geometry.height),
                    "paragraphs": paragraphs_of(
                        document.texts[number] if number < len(document.texts) else ""
                    ),
                    "fields": by_page.get((document.pk, number), []),
                    "others": theirs.get((document.pk, number + 1), []),
                    "redlined": number in redlined[document.pk],
                }
                for number, geometry in enumerate(map(PageGeometry.from_json, document.pages))
            ],
        }
        for document in documents
    ]


def fields_of(ceremony: Ceremony, ruled: Ruled) -> list[dict[str, Any]]:
    """The recipient's fields in tab order, with their document's name; of a group of radio
    buttons each."""
    locked = _locked(ceremony, ruled)
    return [
        {**describe_field(field, stands, locked), "document": field.document.name}
        for field, stands in _own(ceremony, ruled)
    ]


def fields_to_review(ceremony: Ceremony, ruled: Ruled) -> list[dict[str, Any]]:
    """The fields that apply, a group of radio buttons as one."""
    shown, groups = [], set()
    for each in fields_of(ceremony, ruled):
        if not each["applies"]:
            continue
        if each["kind"] == FieldKind.RADIO:
            if each["label"] in groups:
                continue
            groups.add(each["label"])
            each["title"] = each["label"]
        shown.append(each)
    return shown


# Kinds that change when something else is filled in.
_FOLLOWING = (FieldKind.FORMULA, FieldKind.RADIO, FieldKind.PAYMENT)


def states_of(ceremony: Ceremony) -> dict[str, dict[str, Any]]:
    """How those fields stand that a change of another can change."""
    return {
        str(field.pk): {
            "applies": stands.applies,
            "filled": bool(field.value),
            "value": field.value,
            "shown": price_of(field, stands) or shown_value(field, field.value, _language(field)),
        }
        for field, stands in _own(ceremony, ruled_fields(ceremony.envelope))
        if field.condition or field.kind in _FOLLOWING
    }


def price_of(field: EnvelopeField, stands: Applied) -> str:
    """What a payment that is still to be made says on the page; nothing for any other field."""
    if field.kind != FieldKind.PAYMENT or field.value:
        return ""
    money = asked_money(field, stands)
    if money is not None:
        return _("Pay %(money)s") % {"money": price_tag(money, get_language() or "en")}
    if has_nothing_to_pay(stands):
        return _("Nothing to pay")
    return _("To pay: fill in the other fields first")


def _language(field: EnvelopeField) -> str:
    return str(field.recipient.envelope.language)


def describe_field(
    field: EnvelopeField, stands: Applied, locked: Collection[UUID] = ()
) -> dict[str, Any]:
    """A field as the pages show it; one of ``locked`` cannot be changed because of a payment."""
    value = field.value
    language = _language(field)
    return {
        "id": field.pk,
        "kind": field.kind,
        "label": field.label,
        "title": field.title,
        "page": field.page + 1,
        "required": field.required
        and field.kind not in BY_ITSELF
        and not field.read_only
        and not (field.kind == FieldKind.PAYMENT and has_nothing_to_pay(stands)),
        "value": value,
        "shown": price_of(field, stands) or shown_value(field, value, language),
        "chosen": value.split("\n") if field.kind == FieldKind.MULTI_SELECT and value else [],
        "filled": bool(value) or field.kind == FieldKind.DATE_SIGNED,
        "is_ink": field.kind in INK,
        "read_only": field.read_only or field.kind == FieldKind.FORMULA or field.pk in locked,
        "description": field.checks.get("description", ""),
        "applies": stands.applies,
        "help": _help_of(field),
        "options": field.options,
        "option": field.option,
        "group": f"group-{field.recipient_id}-{name_of(field.label) or field.label}",
        "checks": field.checks,
        "file": field.file.name if field.file is not None else "",
        "picture": f"fields/{field.pk}/file"
        if field.file is not None and field.kind == FieldKind.STAMP
        else "",
    }


def _help_of(field: EnvelopeField) -> str:
    """The sender's help, and of an attachment who will see it."""
    if field.kind != FieldKind.ATTACHMENT:
        return field.help
    if field.checks.get("private", False):
        seen = _("Only the sender can open the file.")
    else:
        seen = _("The sender can open the file, and those who act after you.")
    return f"{field.help} {seen}".strip()


def _own(ceremony: Ceremony, ruled: Ruled) -> list[tuple[EnvelopeField, Applied]]:
    """The recipient's fields and how each stands."""
    return [each for each in ruled if each[0].recipient_id == ceremony.recipient.pk]


def _locked(ceremony: Ceremony, ruled: Ruled) -> set[UUID]:
    return locked_fields(ceremony.envelope, [field for field, stands in ruled])


def find_field_file(ceremony: Ceremony, field_id: Any) -> tuple[EnvelopeField, StoredFile]:
    """What the recipient put into one of their fields, or somebody else who has acted: a stamp,
    which stands on the pages, or an attachment of those before, unless the sender keeps it to
    themselves. Only for who has shown who they are. Raises NotFound."""
    recipient = ceremony.recipient
    field = recipient.fields.filter(pk=field_id).select_related("file").first()
    if field is None:
        theirs = standing_fields(ceremony.envelope, recipient)
        field = next((each for each in theirs if each.pk == field_id), None)
        if field is not None and field.kind == FieldKind.ATTACHMENT:
            may_open = ceremony.is_verified and is_shared(field) and opens_to(field, recipient)
            field = field if may_open else None
    if field is None or field.file is None:
        raise NotFound("There is no such file.")
    return field, field.file


def adopted_by_kind(ceremony: Ceremony) -> dict[str, AdoptedSignature]:
    """What the recipient adopted: "signature", "initials"."""
    return {each.kind: each for each in ceremony.recipient.adopted.all()}


def layout_css(ceremony: Ceremony) -> str:
    """Where the fields stand on their pages, as a style sheet: the page needs no inline style.

    ``--page-width`` is set by the script to the width a page is shown at.
    """
    rules = []
    fields: dict[UUID, list[EnvelopeField]] = {}
    theirs = standing_fields(ceremony.envelope, ceremony.recipient)
    for field in [*ceremony.recipient.fields.all(), *theirs]:
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
