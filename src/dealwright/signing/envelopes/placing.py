"""Placing fields in a draft by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.signing.documents.anchors import SIZES, find_words
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.envelopes.arranging import arrange, find_number
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.drafts import MAX_FIELDS, NewField, check_text, wrong_field
from dealwright.signing.envelopes.models import (
    SIGNING_ROLES,
    Envelope,
    EnvelopeDocument,
    Recipient,
)
from dealwright.signing.fields.applying import wrong_rules
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.payments.accounts import NO_PROVIDER, can_take_payments

# Kinds that say nothing without options, a formula or an amount.
NEEDING_MORE = ("radio", "dropdown", "multi_select", "formula", "payment")


@dataclass(frozen=True, slots=True)
class Arranged:
    """What came of a change: ``warnings`` are what keeps a draft from being sent yet (rules that
    ask for fields that are not there), ``files`` the names of stamps by the id of the field."""

    warnings: list[str]
    files: dict[str, str]


def add_field(
    actor: Actor,
    envelope_id: Any,
    *,
    document_id: Any,
    recipient_id: Any,
    kind: str,
    page: Any,
    x: Any,
    y: Any,
    label: str = "",
    required: bool = True,
    options: str = "",
    option: str = "",
    formula: str = "",
) -> EnvelopeField:
    """Put a field of the usual size with its middle at (x, y), in percent of the visible page
    from the top left; ``page`` counts from 1. Raises Invalid, Conflict for a sent envelope."""
    with change(actor):
        envelope = _draft(actor, envelope_id)
        document: EnvelopeDocument | None = envelope.documents.filter(
            pk=as_uuid(document_id)
        ).first()
        if document is None:
            raise NotFound("This envelope has no such document.")
        recipient: Recipient | None = envelope.recipients.filter(pk=as_uuid(recipient_id)).first()
        if recipient is None or recipient.role not in SIGNING_ROLES:
            raise _invalid("recipient", "Choose someone who signs.")
        if kind not in FieldKind.values:
            raise _invalid("kind", "Choose a kind of field.")
        new = NewField(
            recipient=1,
            kind=kind,
            box=Box(0, 0, 1, 1),
            label=label.strip(),
            options=[line.strip() for line in options.split("\n") if line.strip()],
            option=option.strip(),
            formula=formula.strip(),
        )
        if sentence := wrong_field(new):
            raise _invalid("kind", sentence)
        if EnvelopeField.objects.filter(document__envelope=envelope).count() >= MAX_FIELDS:
            raise _invalid("kind", f"An envelope has at most {MAX_FIELDS} fields.")
        number = find_number("page", page)
        if not 1 <= number <= document.page_count:
            raise _invalid("page", f"{document.name} has {document.page_count} pages.")
        middle_x, middle_y = find_number("x", x) / 100, find_number("y", y) / 100
        if not (0 <= middle_x <= 1 and 0 <= middle_y <= 1):
            raise _invalid("x", "The place is given in percent of the page, from 0 to 100.")
        geometry = PageGeometry.from_json(document.pages[int(number) - 1])
        width, height = SIZES[kind]
        w, h = width / geometry.width, height / geometry.height
        box = Box(middle_x - w / 2, middle_y - h / 2, w, h).inside()
        field: EnvelopeField = EnvelopeField.objects.create(
            document=document,
            recipient=recipient,
            position=document.fields.count() + 1,
            kind=kind,
            label=check_text("label", label, longest=80, name="The label"),
            page=int(number) - 1,
            **asdict(box),
            required=required,
            **new.details,
        )
    return field


def arrange_fields(
    actor: Actor, envelope_id: Any, *, put: Sequence[Mapping[str, Any]], removed: Sequence[Any]
) -> Arranged:
    """What the editor changed in a draft, as in ``arranging.arrange``.

    Raises Invalid naming a field by its id, NotFound, Conflict for a sent envelope.
    """
    with change(actor):
        envelope = _draft(actor, envelope_id)
        owners = [each for each in envelope.recipients.all() if each.role in SIGNING_ROLES]
        files = arrange(actor, envelope, put=put, removed=removed, owners=owners)
    return Arranged(rule_warnings(envelope), files)


def kinds_at_words() -> list[tuple[str, str]]:
    """The kinds that can be placed at words, with their labels."""
    return [each for each in FieldKind.choices if each[0] not in NEEDING_MORE]


def rule_warnings(envelope: Envelope) -> list[str]:
    """What is wrong with the rules of an envelope's fields, and payments nobody could make."""
    fields = list(EnvelopeField.objects.filter(document__envelope=envelope))
    warnings = [f"{fields[at].title}: {said}" for at, said in wrong_rules(fields).items()]
    if any(each.kind == FieldKind.PAYMENT for each in fields) and not can_take_payments():
        warnings.append(gettext(NO_PROVIDER))
    return warnings


def check_rules(envelope: Envelope) -> None:
    """Raises Invalid where a rule of a field cannot work."""
    if warnings := rule_warnings(envelope):
        raise Invalid(" ".join(warnings), code="rules_broken", fields={"fields": warnings})


def place_at_words(
    actor: Actor,
    envelope_id: Any,
    *,
    words: str,
    recipient_id: Any,
    kind: str,
    dx: Any = 0,
    dy: Any = 0,
    label: str = "",
    required: bool = True,
) -> int:
    """Place a field at every occurrence of ``words`` in the documents, its bottom left corner at
    theirs moved by (dx, dy) points, right and down; returns how many were placed.

    Upper and lower case are the same, and any run of blanks is one. Raises Invalid where the
    words occur nowhere.
    """
    with change(actor):
        envelope = _draft(actor, envelope_id)
        words = " ".join(words.split())
        if not 2 <= len(words) <= 80 or "\x00" in words:
            raise _invalid("words", "Give 2 to 80 characters that stand in the documents.")
        if kind not in FieldKind.values or kind in NEEDING_MORE:
            raise _invalid("kind", "Choose a kind of field that needs no options.")
        right, down = find_number("dx", dx), find_number("dy", dy)
        recipient = envelope.recipients.filter(pk=as_uuid(recipient_id)).first()
        if recipient is None or recipient.role not in SIGNING_ROLES:
            raise _invalid("recipient", "Choose someone who signs.")
        count = EnvelopeField.objects.filter(document__envelope=envelope).count()
        placed = 0
        for document in envelope.documents.all():
            pages = tuple(PageGeometry.from_json(page) for page in document.pages)
            for number, found in find_words(file_content(document.prepared), pages, words):
                if count + placed >= MAX_FIELDS:
                    raise _invalid("words", f"An envelope has at most {MAX_FIELDS} fields.")
                page = pages[number]
                w, h = SIZES[kind][0] / page.width, SIZES[kind][1] / page.height
                box = Box(
                    found.x + right / page.width,
                    found.y + found.h - h + down / page.height,
                    w,
                    h,
                ).inside()
                EnvelopeField.objects.create(
                    document=document,
                    recipient=recipient,
                    position=document.fields.count() + 1,
                    kind=kind,
                    label=check_text("label", label, longest=80, name="The label"),
                    page=number,
                    **asdict(box),
                    required=required,
                )
                placed += 1
        if not placed:
            raise _invalid("words", f"“{words}” does not occur in the documents.")
    return placed


def remove_field(actor: Actor, envelope_id: Any, field_id: Any) -> None:
    """Take a field away again. Raises NotFound, Conflict for a sent envelope."""
    with change(actor):
        envelope = _draft(actor, envelope_id)
        field = EnvelopeField.objects.filter(
            document__envelope=envelope, pk=as_uuid(field_id)
        ).first()
        if field is None:
            raise NotFound("This envelope has no such field.")
        field.delete()


def _draft(actor: Actor, envelope_id: Any) -> Envelope:
    envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
    if envelope.sent_at is not None:
        raise Conflict("A sent envelope does not change. Void it and send a new one.")
    return envelope


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
