"""Placing fields in a draft by hand."""

from __future__ import annotations

import math
from typing import Any

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.signing.documents.anchors import SIZES
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.envelopes.drafts import MAX_FIELDS, check_text
from dealwright.signing.envelopes.models import (
    Envelope,
    EnvelopeDocument,
    Recipient,
    Role,
)
from dealwright.signing.fields.models import EnvelopeField, FieldKind


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
        if recipient is None or recipient.role != Role.SIGNER:
            raise _invalid("recipient", "Choose someone who signs.")
        if kind not in FieldKind.values:
            raise _invalid("kind", "Choose a kind of field.")
        if EnvelopeField.objects.filter(document__envelope=envelope).count() >= MAX_FIELDS:
            raise _invalid("kind", f"An envelope has at most {MAX_FIELDS} fields.")
        number = _number("page", page)
        if not 1 <= number <= document.page_count:
            raise _invalid("page", f"{document.name} has {document.page_count} pages.")
        middle_x, middle_y = _number("x", x) / 100, _number("y", y) / 100
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
            x=box.x,
            y=box.y,
            w=box.w,
            h=box.h,
            required=required,
        )
    return field


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


def _number(key: str, given: Any) -> float:
    try:
        number = float(str(given))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _invalid(key, f"“{str(given)[:20]}” is not a number.")
    return number


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
