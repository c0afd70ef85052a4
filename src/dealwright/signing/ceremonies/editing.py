"""What an editor does before the others are asked: who they are, where they sign, what stands
there already."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from dealwright.base.errors import Invalid
from dealwright.signing.ceremonies.acts import acting, not_now, require_step
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.arranging import arrange
from dealwright.signing.envelopes.correcting import check_whole
from dealwright.signing.envelopes.handing import check_person, check_witness, take_fields
from dealwright.signing.envelopes.models import SIGNING_ROLES, Envelope, Recipient, Role
from dealwright.signing.envelopes.noting import note_correction, snapshot
from dealwright.signing.fields.files import COMPANY
from dealwright.signing.fields.models import EnvelopeField, FieldKind

PREFILLED = (FieldKind.TEXT, FieldKind.CHECKBOX)
MAX_VALUE = 1_000


def editable_recipients(envelope: Envelope, editor: Recipient) -> list[Recipient]:
    """Those who come after the editor and are known: nobody has written to them yet."""
    return [
        each
        for each in envelope.recipients.all()
        if each.pk != editor.pk
        and each.order > editor.order
        and each.email
        and not each.is_done
        and each.sent_at is None
    ]


def editable_fields(envelope: Envelope, editor: Recipient) -> list[EnvelopeField]:
    """The places of those who come after the editor."""
    return list(
        EnvelopeField.objects.filter(
            document__envelope=envelope,
            recipient__order__gt=editor.order,
            recipient__sent_at=None,
            recipient__skipped_at=None,
            recipient__reassigned_at=None,
        ).select_related("document", "recipient")
    )


def edit(
    ceremony: Ceremony,
    *,
    people: Mapping[str, Mapping[str, str]],
    fields: Mapping[str, Mapping[str, str]],
) -> None:
    """Keep what an editor put right: ``people`` by id with name and email, ``fields`` by id with
    x and y (of the top left corner, in percent of the page) and value.

    Ids that are not the editor's to change are refused. Raises Invalid, naming
    ``people.<id>.name`` or ``fields.<id>.x``.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        if recipient.role != Role.EDITOR:
            raise not_now()
        before = snapshot(envelope)
        known = {str(each.pk): each for each in editable_recipients(envelope, recipient)}
        places = {str(each.pk): each for each in editable_fields(envelope, recipient)}
        if set(people) - set(known) or set(fields) - set(places):
            raise Invalid("Something here is not yours to change. Reload the page.")
        for key, given in people.items():
            _edit_person(known[key], given)
        for key, given in fields.items():
            _edit_field(places[key], given)
        after = snapshot(envelope)
        changed = [key for key in after if after[key] != before[key]]
        if changed:
            note_correction(
                ceremony.actor,
                envelope,
                before=before,
                after=after,
                changed=changed,
                recipient=recipient,
            )


def edit_fields(
    ceremony: Ceremony, *, put: Sequence[Mapping[str, Any]], removed: Sequence[Any]
) -> dict[str, str]:
    """Change the places of those who come after the editor, as the sender's editor does
    (``arranging.arrange``). Nobody else's can be touched, and the company's stamp is the
    company's. Raises Invalid, NotFound or Conflict."""
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        if recipient.role != Role.EDITOR:
            raise not_now()
        for given in put:
            if given.get("picture") == COMPANY:
                sentence = "Only the sender can use the company’s stamp."
                raise Invalid(sentence, fields={str(given.get("id")): [sentence]})
        before = snapshot(envelope)
        owners = owners_for(envelope, recipient)
        files = arrange(ceremony.actor, envelope, put=put, removed=removed, owners=owners)
        check_whole(envelope)
        after = snapshot(envelope)
        if after["fields"] != before["fields"]:
            note_correction(
                ceremony.actor,
                envelope,
                before=before,
                after=after,
                changed=["fields"],
                recipient=recipient,
            )
    return files


def owners_for(envelope: Envelope, editor: Recipient) -> list[Recipient]:
    """Who signs after the editor and has not been asked yet."""
    return [
        each
        for each in envelope.recipients.filter(
            role__in=SIGNING_ROLES, order__gt=editor.order, sent_at=None, member_of=None
        )
        if not each.is_done
    ]


def _edit_person(person: Recipient, given: Mapping[str, str]) -> None:
    key = f"people.{person.pk}"
    try:
        name, email = check_person(given.get("name", ""), given.get("email", ""))
        if email != person.email:
            check_witness(person, email)
    except Invalid as error:
        raise Invalid(
            error.message, fields={f"{key}.{name}": said for name, said in error.fields.items()}
        ) from None
    if (name, email) != (person.name, person.email):
        person.name, person.email = name, email
        person.save(update_fields=["name", "email"])
        take_fields(person, person)


def _edit_field(field: EnvelopeField, given: Mapping[str, str]) -> None:
    key = f"fields.{field.pk}"
    for axis, size in (("x", field.w), ("y", field.h)):
        if axis in given:
            most = 100 * (1 - size)
            percent = _percent(f"{key}.{axis}", given[axis])
            if not -0.01 <= percent <= most + 0.01:
                raise _invalid(f"{key}.{axis}", f"Give 0 to {most:.0f} percent of the page.")
            # As shown, to a hundredth: a place that nobody moved stays to the hair.
            if round(percent, 2) != round(100 * getattr(field, axis), 2):
                setattr(field, axis, min(max(percent / 100, 0.0), 1 - size))
    if "value" in given and field.kind in PREFILLED:
        value = given["value"].strip()
        if len(value) > MAX_VALUE or "\x00" in value:
            raise _invalid(f"{key}.value", f"A value has at most {MAX_VALUE} characters.")
        if field.kind == FieldKind.CHECKBOX:
            value = "on" if value in ("on", "true", "1", "yes") else ""
        field.value, field.filled_at = value, timezone.now() if value else None
    field.save()


def _percent(key: str, given: str) -> float:
    try:
        number = float(given.replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _invalid(key, f"“{given[:20]}” is not a number.")
    return number


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
