"""Places to fill of people who have not acted yet, put right while the envelope is out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, get_changeable
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.signing.envelopes.arranging import arrange, starting_fields
from dealwright.signing.envelopes.drafts import MAX_FIELDS, NewField, NewRecipient, check_fields
from dealwright.signing.envelopes.models import SIGNING_ROLES, Envelope, Recipient
from dealwright.signing.envelopes.services import find_recipient
from dealwright.signing.fields.models import EnvelopeField, FieldKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedField(NewField):
    """One more place to fill, of a recipient by id, or of an added one by number from 1."""

    recipient: int = 1
    recipient_id: Any = None
    added: int | None = None


def waited_for_in(actor: Actor, envelope_id: Any, recipient_id: Any) -> tuple[Envelope, Recipient]:
    """An envelope that is out and a recipient of it who can still be corrected.

    Raises NotFound, NotAllowed, Conflict.
    """
    envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
    if not envelope.is_open:
        raise Conflict("Nobody is waited for in this envelope.", code="not_open")
    recipient = find_recipient(envelope, recipient_id)
    check_open(recipient)
    return envelope, recipient


def check_open(recipient: Recipient) -> None:
    """Raises Conflict where nothing of a recipient can be corrected any more."""
    if recipient.signed_at:
        raise Conflict(
            f"{recipient.name} has acted already: what they agreed to stays as it is.",
            code="acted_already",
        )
    if recipient.is_done:
        raise Conflict(f"{recipient.name} is not asked any more.", code="not_asked")
    if recipient.member_of is not None and not recipient.member_of.is_done:
        raise Conflict(
            f"{recipient.name} is asked as one of “{recipient.member_of.name}”. Correct the group.",
            code="is_group",
        )


def correctable(envelope: Envelope) -> list[Recipient]:
    """Who signs and has not acted: their fields may still change."""
    found = []
    for each in envelope.recipients.filter(role__in=SIGNING_ROLES).select_related("member_of"):
        try:
            check_open(each)
        except Conflict:
            continue
        found.append(each)
    return found


def correct_fields(
    actor: Actor,
    envelope: Envelope,
    *,
    changed: Sequence[Mapping[str, Any]],
    arranged: Sequence[Mapping[str, Any]],
    removed: Sequence[Any],
) -> None:
    """``changed`` by id with what is other than it was, ``arranged`` whole, new ones too. Raises
    Conflict where somebody concerned has acted, NotFound, Invalid naming the field."""
    mine = EnvelopeField.objects.filter(document__envelope=envelope)
    for each in removed:
        field = mine.filter(pk=as_uuid(each)).select_related("recipient__member_of").first()
        if field is None:
            raise NotFound("This envelope has no such field.")
        check_open(field.recipient)
    put = [*arranged]
    for given in changed:
        field = (
            mine.filter(pk=as_uuid(given.get("id")))
            .select_related("recipient__member_of", "file")
            .first()
        )
        if field is None:
            raise NotFound("This envelope has no such field.")
        check_open(field.recipient)
        put.append({**starting_fields([field])[0], **given})
    arrange(actor, envelope, put=put, removed=removed, owners=correctable(envelope))


def add_fields(
    envelope: Envelope,
    given: Sequence[AddedField],
    replaced: Mapping[Any, Recipient],
    added: Sequence[Recipient],
) -> None:
    """Add places to fill; ``replaced`` are who took the place of whom, by id. Raises Conflict,
    NotFound, Invalid."""
    if not given:
        return
    documents = list(envelope.documents.all())
    if EnvelopeField.objects.filter(document__envelope=envelope).count() + len(given) > MAX_FIELDS:
        raise _invalid("fields", f"An envelope has at most {MAX_FIELDS} fields.")
    owners: list[Recipient] = []
    for each in given:
        if each.added is not None:
            if not 1 <= each.added <= len(added):
                raise _invalid("fields", f"There is no added recipient {each.added}.")
            owner = added[each.added - 1]
        else:
            owner = find_recipient(envelope, each.recipient_id)
            owner = replaced.get(owner.pk, owner)
        check_open(owner)
        owners.append(owner)
    check_fields(
        [replace(each, recipient=number) for number, each in enumerate(given, start=1)],
        recipients=[
            NewRecipient(name=each.name, email=each.email, role=each.role) for each in owners
        ],
        page_counts=[each.page_count for each in documents],
        are_all=False,
    )
    for each, owner in zip(given, owners, strict=True):
        document = documents[each.document - 1]
        details = each.details
        known = {FieldKind.NAME: owner.name, FieldKind.EMAIL: owner.email}
        if owner.email and (value := known.get(FieldKind(each.kind), "")):
            details |= {"value": value, "filled_at": timezone.now()}
        EnvelopeField.objects.create(
            document=document,
            recipient=owner,
            position=document.fields.count() + 1,
            **each.columns | details,
        )


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
