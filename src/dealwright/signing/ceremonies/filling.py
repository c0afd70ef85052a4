"""Putting values into fields."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotFound
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.models import (
    Recipient,
)
from dealwright.signing.fields.models import EnvelopeField, FieldKind

MAX_VALUE = 1_000


def fill_field(ceremony: Ceremony, field_id: Any, value: str) -> EnvelopeField:
    """Keep one value, so that a person can finish later. An empty one empties the field.

    A signature or initials field takes "on" and needs an adopted one first. Raises Invalid
    naming the field.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        field: EnvelopeField | None = recipient.fields.filter(pk=as_uuid(field_id)).first()
        if field is None:
            raise NotFound("This envelope has no such field.")
        fill(field, recipient, value)
    return field


def fill(field: EnvelopeField, recipient: Recipient, value: str) -> None:
    """Put a value into a field of a locked envelope; raises Invalid naming the field."""
    if field.kind == FieldKind.DATE_SIGNED:
        return
    value = value.strip()
    if len(value) > MAX_VALUE or "\x00" in value:
        sentence = f"{field.title} may have at most {MAX_VALUE} characters."
        raise Invalid(sentence, fields={str(field.pk): [sentence]})
    if field.kind in (FieldKind.SIGNATURE, FieldKind.INITIALS):
        if value and not recipient.adopted.filter(kind=field.kind).exists():
            sentence = f"Choose your {field.kind} first."
            raise Invalid(sentence, code="adopt_first", fields={str(field.pk): [sentence]})
        value = "on" if value else ""
    if field.kind == FieldKind.CHECKBOX:
        value = "on" if value in ("on", "true", "1", "yes") else ""
    field.value = value
    field.filled_at = timezone.now() if value else None
    field.save(update_fields=["value", "filled_at"])
