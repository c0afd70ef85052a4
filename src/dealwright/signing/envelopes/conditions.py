"""Whether a recipient is needed: a condition over what earlier ones filled in.

It is written in the house's language over the labels of fields: a field “PO number” is
``po_number``. A ticked box is yes or no, a number field a number, a date a day, anything else
text: ``discount = 'special' and not has_annex``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.language import (
    BOOL,
    DATE,
    STRING,
    LanguageError,
    Type,
    check_condition,
    holds,
    names_in,
    number,
    parse,
)
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.fields.models import EnvelopeField

LONGEST_CONDITION = 500
_BOOL = ("checkbox",)
_NUMBERS = ("number", "formula")
_DAYS = ("date", "date_signed")
_INK = ("signature", "initials", "attachment", "stamp", "payment")


def name_of(label: str) -> str:
    """What a condition calls a field of this label: “PO number” is ``po_number``."""
    name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return f"_{name}" if name[:1].isdigit() else name


def type_of(kind: str) -> Type | None:
    """What a field of this kind is in a condition; None for those that cannot be asked."""
    if kind in _INK:
        return None
    if kind in _BOOL:
        return BOOL
    if kind in _NUMBERS:
        return number()
    return DATE if kind in _DAYS else STRING


def schema_of(fields: Iterable[tuple[str, str]]) -> dict[str, Type]:
    """The names that (kind, label) pairs give a condition."""
    schema: dict[str, Type] = {}
    for kind, label in fields:
        name, type_ = name_of(label), type_of(kind)
        if name and type_ is not None:
            schema.setdefault(name, type_)
    return schema


def check_written(condition: str, schema: Mapping[str, Type], *, key: str, strict: bool) -> None:
    """Raises Invalid naming ``key`` where a condition cannot be asked of these fields.

    Not ``strict``, names without a field pass: a field may be placed later, before sending.
    """
    if len(condition) > LONGEST_CONDITION or "\x00" in condition:
        raise _invalid(key, f"A condition has at most {LONGEST_CONDITION} characters.")
    try:
        tree = parse(condition)
        unknown = [name for name in names_in(tree) if name not in schema]
        if unknown and strict:
            raise _invalid(
                key,
                f"The condition asks for “{unknown[0]}”, but nobody before fills in a field with "
                "that label.",
            )
        if not unknown:
            check_condition(tree, schema)
    except LanguageError as error:
        raise _invalid(key, f"The condition cannot be understood: {error.message}") from None


def check_conditions(envelope: Envelope) -> None:
    """Raises Invalid where a condition asks for what nobody fills in before."""
    for recipient in envelope.recipients.exclude(condition=""):
        schema = schema_of(_earlier_fields(envelope, recipient).values_list("kind", "label"))
        key = f"recipients.{recipient.position}"
        check_written(recipient.condition, schema, key=key, strict=True)


def is_needed(envelope: Envelope, recipient: Recipient) -> bool:
    """Whether the recipient's condition holds now; without one they are needed."""
    if not recipient.condition:
        return True
    values: dict[str, Any] = {}
    for field in _earlier_fields(envelope, recipient):
        if type_of(field.kind) is not None and name_of(field.label):
            values.setdefault(name_of(field.label), _value(field))
    tree = parse(recipient.condition)
    return holds(tree, {name: values.get(name) for name in names_in(tree)})


def _earlier_fields(envelope: Envelope, recipient: Recipient) -> Any:
    return EnvelopeField.objects.filter(
        document__envelope=envelope, recipient__order__lt=recipient.order
    )


def _value(field: EnvelopeField) -> Any:
    type_ = type_of(field.kind)
    if type_ == BOOL:
        return field.value == "on"
    if type_ == STRING:
        return field.value or None
    try:
        return date.fromisoformat(field.value) if type_ == DATE else Decimal(field.value)
    except (ValueError, InvalidOperation):
        return None


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
