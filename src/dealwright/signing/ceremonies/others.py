"""What others have put into the documents: whoever acts after them sees it, as it will be sealed.

Shown is what can no longer change behind one's back: the values and signatures of those who have
acted, and values of the sender that nobody can change. What somebody is still filling in is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.fields.applying import Applied, apply_rules
from dealwright.signing.fields.checking import shown_value
from dealwright.signing.fields.models import INK, EnvelopeField, FieldKind

Ruled = Sequence[tuple[EnvelopeField, Applied]]


def ruled_fields(envelope: Envelope) -> Ruled:
    """Every field of the envelope and how it stands; rules look at everybody's."""
    fields = EnvelopeField.objects.filter(document__envelope=envelope)
    rows = list(fields.select_related("document", "file", "recipient__envelope"))
    return list(zip(rows, apply_rules(rows), strict=True))


def standing_fields(
    envelope: Envelope, recipient: Recipient, ruled: Ruled | None = None
) -> list[EnvelopeField]:
    """The fields of others that hold something which stands, in their order; ``ruled`` spares
    reading them again."""
    return [
        field
        for field, stands in (ruled_fields(envelope) if ruled is None else ruled)
        if field.recipient_id != recipient.pk and stands.applies and _stands(field)
    ]


def describe_standing(fields: Sequence[EnvelopeField]) -> list[dict[str, Any]]:
    """Each as the pages show it: ``adopted`` is ink, ``picture`` the address of a stamp below
    that of the page, ``attached`` that of a file that may be opened, else ``shown`` is text."""
    people = {each.recipient_id for each in fields if each.kind in INK}
    inks = {
        (each.recipient_id, each.kind): each
        for each in AdoptedSignature.objects.filter(recipient_id__in=people)
    }
    return [
        {
            "id": field.pk,
            "document_id": field.document_id,
            "document": field.document.name,
            "page": field.page + 1,
            "kind": field.kind,
            "title": field.label if field.kind == FieldKind.RADIO else field.title,
            "who": field.recipient.name,
            "adopted": inks.get((field.recipient_id, field.kind)),
            "picture": f"fields/{field.pk}/file" if field.kind == FieldKind.STAMP else "",
            "attached": f"fields/{field.pk}/file" if is_shared(field) else "",
            "is_tick": field.kind in (FieldKind.CHECKBOX, FieldKind.RADIO),
            "option": field.option,
            "shown": field.file.name
            if field.file is not None
            else shown_value(field, field.value, field.recipient.envelope.language),
        }
        for field in fields
    ]


def is_shared(field: EnvelopeField) -> bool:
    """Whether it holds an attachment that those who act later may open: the sender has not kept
    it to themselves."""
    return (
        field.kind == FieldKind.ATTACHMENT
        and field.file is not None
        and not field.checks.get("private", False)
    )


def opens_to(field: EnvelopeField, recipient: Recipient) -> bool:
    """Whether the recipient acts, or has acted, after the field's own: what was attached later
    than one signed is no part of what one looked at."""
    gave, acted = field.recipient.signed_at, recipient.signed_at
    return gave is not None and (acted is None or gave < acted)


def _stands(field: EnvelopeField) -> bool:
    if not field.value.strip() or (field.kind == FieldKind.RADIO and field.value != field.option):
        return False
    return field.recipient.signed_at is not None or (field.read_only and field.kind not in INK)
