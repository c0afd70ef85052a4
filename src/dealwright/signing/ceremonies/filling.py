"""Putting values into fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid, NotFound
from dealwright.signing.ceremonies.acts import acting, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.applying import Applied, apply_rules
from dealwright.signing.fields.checking import clean_value
from dealwright.signing.fields.files import put_file
from dealwright.signing.fields.models import BY_ITSELF, INK, WITH_FILE, EnvelopeField, FieldKind
from dealwright.signing.payments.standing import has_nothing_to_pay, locked_fields


def fill_field(ceremony: Ceremony, field_id: Any, value: str) -> EnvelopeField:
    """Keep one value, so that a person can finish later. An empty one empties the field.

    A signature or initials field takes "on" and needs an adopted one first; an attachment or a
    stamp only "" here (``attach_file`` fills it). Raises Invalid naming the field.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        field = _find(recipient, field_id)
        fill(field, recipient, value)
        compute(envelope)
        field.refresh_from_db(fields=["value", "filled_at"])
    return field


def attach_file(ceremony: Ceremony, field_id: Any, *, name: str, content: bytes) -> EnvelopeField:
    """Put a file into an attachment field, or a picture into a stamp field, in place of what was
    there. The file is kept encrypted at the envelope, and its SHA-256 stands in the evidence and
    in the document.

    A stamp is drawn anew from its pixels, so that nothing else of the file stays. Raises Invalid
    naming the field.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        field = _find(recipient, field_id)
        _attach(ceremony, envelope, field, name=name, content=content)
    return field


def fill_form(
    ceremony: Ceremony,
    values: Mapping[str, str],
    files: Mapping[str, tuple[str, bytes]],
) -> None:
    """Keep many values and files at once, by the id of the field: the form for those without
    scripts. Of a group of radio buttons any one's id takes the option that was chosen.

    What can be kept is; then raises Invalid that names every field that was refused.
    """
    wrong: dict[str, list[str]] = {}
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        fields = {str(each.pk): each for each in recipient.fields.all()}
        for key in (*values, *files):
            if key not in fields:
                raise NotFound("This envelope has no such field.")
            try:
                if key in files:
                    name, content = files[key]
                    _attach(ceremony, envelope, fields[key], name=name, content=content)
                else:
                    fill(fields[key], recipient, values[key])
            except Invalid as error:
                wrong |= {at: list(said) for at, said in error.fields.items()}
        compute(envelope)
    if wrong:
        raise Invalid(" ".join(each for said in wrong.values() for each in said), fields=wrong)


def _attach(
    ceremony: Ceremony, envelope: Envelope, field: EnvelopeField, *, name: str, content: bytes
) -> None:
    if field.kind not in WITH_FILE or field.read_only:
        raise _wrong(field, f"{field.title} takes no file.")
    try:
        put_file(ceremony.actor, envelope, field, name=name, content=content)
    except Invalid as error:
        raise _wrong(field, f"{field.title}: {error.message}", code=error.code) from None
    assert field.file is not None
    record_evidence(
        envelope,
        "field.attached",
        actor=ceremony.actor,
        recipient=field.recipient,
        facts={"field": str(field.pk), "kind": field.kind, "sha256": field.file.sha256},
        details={"name": field.file.name, **ceremony.visit.details},
    )


def fill(field: EnvelopeField, recipient: Recipient, value: str) -> None:
    """Put a value into a field of a locked envelope; raises Invalid naming the field."""
    if field.kind in BY_ITSELF:
        return
    if field.kind == FieldKind.PAYMENT:
        if value.strip() != field.value:
            raise _wrong(field, f"{field.title}: only paying fills this in.")
        return
    if field.pk in locked_fields(recipient.envelope):
        if not _says_the_same(field, value):
            sentence = f"{field.title} cannot be changed any more: a payment was made by it."
            raise _wrong(field, sentence, code="paid_already")
        return
    if field.read_only:
        if value.strip() != field.value:
            raise _wrong(field, f"{field.title} cannot be changed.")
        return
    try:
        value = clean_value(field, value)
    except Invalid as error:
        raise _wrong(field, f"{field.title}: {error.message}") from None
    if field.kind in INK:
        if value and not recipient.adopted.filter(kind=field.kind).exists():
            raise _wrong(field, f"Choose your {field.kind} first.", code="adopt_first")
        value = "on" if value else ""
    if field.kind in WITH_FILE:
        if value:
            raise _wrong(field, f"{field.title}: choose a file.")
        field.file = None
    _keep(field, value)
    if field.kind == FieldKind.RADIO:
        _choose(field, value)


def compute(envelope: Envelope) -> dict[Any, Applied]:
    """Bring every formula up to date; how each field of the envelope stands, by its id."""
    fields = list(
        EnvelopeField.objects.filter(document__envelope=envelope).select_related("recipient")
    )
    stands = dict(zip((each.pk for each in fields), apply_rules(fields), strict=True))
    for field in fields:
        computed = stands[field.pk].value
        if field.kind == FieldKind.FORMULA and field.value != computed and not field.is_settled:
            _keep(field, computed)
    return stands


def settle(
    envelope: Envelope, recipient: Recipient, values: Mapping[str, str] | None, now: datetime
) -> list[EnvelopeField]:
    """Fill in what was not kept before and what fills itself in, and say that the rest does not
    apply: the recipient's fields as they are signed.

    Raises Invalid that names every field that must have a value and has none.
    """
    fields = list(recipient.fields.select_related("document"))
    for field in fields:
        if values and str(field.pk) in values:
            fill(field, recipient, values[str(field.pk)])
        if field.kind == FieldKind.DATE_SIGNED:
            _keep(field, f"{now:%Y-%m-%d}", now)
    stands = compute(envelope)
    fields = list(recipient.fields.select_related("document"))
    missing = {
        str(field.pk): [f"{field.title} on page {field.page + 1} is missing."]
        for field in missing_fields(fields, stands)
    }
    if missing:
        raise Invalid(
            " ".join(sentence for each in missing.values() for sentence in each),
            code="fields_missing",
            fields=missing,
        )
    for field in fields:
        if not stands[field.pk].applies:
            field.file = None
            _keep(field, "", now)
        elif field.kind in (FieldKind.RADIO, FieldKind.PAYMENT) and not field.value:
            _keep(field, "", now)
        elif field.kind == FieldKind.FORMULA:
            _keep(field, field.value, now)
    return fields


def missing_fields(
    fields: Iterable[EnvelopeField], stands: Mapping[Any, Applied]
) -> list[EnvelopeField]:
    """Those that apply and must have a value and have none; of radio buttons the first of each
    group. A formula is nobody's to fill in."""
    missing, groups = [], set()
    for field in fields:
        if not field.required or field.value or not stands[field.pk].applies:
            continue
        if field.kind == FieldKind.PAYMENT and has_nothing_to_pay(stands[field.pk]):
            continue
        if field.kind in BY_ITSELF:
            continue
        if field.kind == FieldKind.RADIO:
            if field.label in groups:
                continue
            groups.add(field.label)
        missing.append(field)
    return missing


def _says_the_same(field: EnvelopeField, value: str) -> bool:
    """Whether a value is what the field holds already, however it is written."""
    if field.kind == FieldKind.RADIO:
        return value == field.value or (value == "on" and field.value == field.option)
    try:
        return clean_value(field, value) == field.value
    except Invalid:
        return False


def _choose(field: EnvelopeField, value: str) -> None:
    """Tell the whole group which of its options was chosen: "on" means this field's own."""
    group = field.recipient.fields.filter(kind=FieldKind.RADIO, label=field.label)
    options: Sequence[str] = list(group.values_list("option", flat=True))
    chosen = field.option if value == "on" else value
    if chosen and chosen not in options:
        raise _wrong(field, f"{field.label}: choose one of the options.")
    group.update(value=chosen, filled_at=timezone.now() if chosen else None)
    field.value, field.filled_at = chosen, timezone.now() if chosen else None


def _keep(field: EnvelopeField, value: str, at: datetime | None = None) -> None:
    field.value = value
    field.filled_at = at or (timezone.now() if value else None)
    field.save(update_fields=["value", "filled_at", "file"])


def _find(recipient: Recipient, field_id: Any) -> EnvelopeField:
    field: EnvelopeField | None = recipient.fields.filter(pk=as_uuid(field_id)).first()
    if field is None:
        raise NotFound("This envelope has no such field.")
    return field


def _wrong(field: EnvelopeField, sentence: str, *, code: str = "") -> Invalid:
    return Invalid(sentence, fields={str(field.pk): [sentence]}, **({"code": code} if code else {}))
