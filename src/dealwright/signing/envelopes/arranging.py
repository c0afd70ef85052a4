"""What the field editor gives back, put into an envelope: a draft's, or one that is out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import MAX_FIELDS, NewField, wrong_field
from dealwright.signing.envelopes.models import (
    SIGNING_ROLES,
    Envelope,
    EnvelopeDocument,
    Recipient,
)
from dealwright.signing.fields.checking import clean_value
from dealwright.signing.fields.files import put_file, sent_stamp
from dealwright.signing.fields.models import STARTING, WITH_FILE, EnvelopeField, FieldKind
from dealwright.signing.payments.standing import check_unlocked


def arrange(
    actor: Actor,
    envelope: Envelope,
    *,
    put: Sequence[Mapping[str, Any]],
    removed: Sequence[Any],
    owners: Sequence[Recipient],
) -> dict[str, str]:
    """Fields ``put`` (new or changed, by id, as ``EnvelopeField.as_json``) and the ids of those
    ``removed``; both are safe to repeat. Call it with the envelope's row locked.

    ``owners`` are whose fields may be changed and to whom fields may be given. What somebody who
    opened the envelope has typed stays where it still fits, unless a value is put there.
    ``picture`` of a stamp is as in ``files.sent_stamp``, or False to take it away.

    Returns the names of the pictures that were put, by the id of the field. Raises Invalid naming
    a field by its id, NotFound, or Conflict for a field of anybody else.
    """
    stored: dict[str, str] = {}
    there = {
        each.pk: each
        for each in EnvelopeField.objects.filter(document__envelope=envelope).select_related(
            "recipient", "file"
        )
    }
    documents = {str(each.pk): each for each in envelope.documents.all()}
    known = {str(each.pk): each for each in owners}
    touched = [as_uuid(each) for each in (*removed, *(given.get("id") for given in put))]
    check_unlocked(envelope, touched)
    for key in map(as_uuid, removed):
        if key in there:
            _check_owned(there[key], known)
            there.pop(key).delete()
    for given in put:
        key = as_uuid(given.get("id"))
        field = there.get(key)
        if field is not None:
            _check_owned(field, known)
        elif EnvelopeField.objects.filter(pk=key).exists():
            raise NotFound("This envelope has no such field.")
        elif len(there) >= MAX_FIELDS:
            raise _invalid("fields", f"An envelope has at most {MAX_FIELDS} fields.")
        else:
            field = there[key] = EnvelopeField(pk=key, position=len(there) + 1)
            field._state.adding = True
        _put(field, given, documents, known)
        if given.get("picture") and field.kind == FieldKind.STAMP:
            stored[str(key)] = _stamp(actor, envelope, field, given)
    return stored


def starting_fields(fields: Sequence[EnvelopeField]) -> list[dict[str, Any]]:
    """Fields as the editor takes them, without what somebody has typed who has not acted yet:
    that is nobody's to see before."""
    return [
        {**each.as_json(), **({"value": "", "file": ""} if _is_typed(each) else {})}
        for each in fields
    ]


def new_field(
    key: str, given: Mapping[str, Any], *, page_count: int, has_file: bool = False
) -> NewField:
    """What the editor of an envelope or a template gave; raises Invalid naming ``key``."""
    texts: dict[str, Any] = {name: given.get(name) or "" for name in _TEXTS}
    options, checks = given.get("options") or [], given.get("checks") or {}
    page, tab = given.get("page"), given.get("tab")
    if (
        any(not isinstance(text, str) or "\x00" in text for text in texts.values())
        or not isinstance(options, list)
        or not isinstance(checks, dict)
        or not isinstance(tab, int | None)
    ):
        raise _invalid(key, "This field could not be understood. Reload the page and try again.")
    if texts["kind"] not in FieldKind.values:
        raise _invalid(key, "Choose a kind of field.")
    if not isinstance(page, int) or not 1 <= page <= page_count:
        raise _invalid(key, f"The document has {page_count} pages.")
    for name, longest in (("label", 80), ("condition", 500), ("formula", 500)):
        if len(texts[name].strip()) > longest:
            raise _invalid(key, f"The {name} may have at most {longest} characters.")
    x, y, w, h = (find_number(key, given.get(axis)) for axis in ("x", "y", "w", "h"))
    new = NewField(
        recipient=1,
        box=Box(x, y, w, h).inside(),
        page=page,
        required=bool(given.get("required", True)),
        read_only=bool(given.get("read_only")),
        tab=tab,
        options=options,
        checks=checks,
        **{name: text.strip() for name, text in texts.items()},
    )
    if new.box.w < 0.001 or new.box.h < 0.001:
        raise _invalid(key, "The field is too small.")
    if sentence := wrong_field(new, has_file=has_file):
        raise _invalid(key, sentence)
    return new


def find_number(key: str, given: Any) -> float:
    """A finite number; raises Invalid naming ``key``."""
    try:
        number = float(str(given))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _invalid(key, f"“{str(given)[:20]}” is not a number.")
    return number


_TEXTS = ("kind", "label", "help", "value", "option", "condition", "formula")


def _check_owned(field: EnvelopeField, owners: Mapping[str, Recipient]) -> None:
    if str(field.recipient_id) not in owners:
        raise Conflict(
            f"{field.title} of {field.recipient.name} cannot be changed any more.",
            code="acted_already",
        )


def _put(
    field: EnvelopeField,
    given: Mapping[str, Any],
    documents: Mapping[str, EnvelopeDocument],
    owners: Mapping[str, Recipient],
) -> None:
    key = str(field.pk)
    document = documents.get(str(given.get("document")))
    if document is None:
        raise NotFound("This envelope has no such document.")
    owner = owners.get(str(given.get("owner")))
    if owner is None or owner.role not in SIGNING_ROLES:
        raise _invalid(key, "Choose someone who signs.")
    stays = (
        not field._state.adding
        and field.recipient_id == owner.pk
        and field.kind == given.get("kind")
    )
    picture = given.get("picture")
    keeps_file = (
        stays and field.kind in WITH_FILE and field.file is not None and picture is not False
    )
    has_file = keeps_file or (bool(picture) and given.get("kind") == FieldKind.STAMP)
    new = new_field(key, given, page_count=document.page_count, has_file=has_file)
    fits = stays and field.kind not in WITH_FILE and not new.value and _still_fits(field, new)
    keeps = keeps_file or fits
    kept = (field.value, field.filled_at, field.file)
    field.document, field.recipient, field.page = document, owner, new.page - 1
    field.kind, field.label, field.required = new.kind, new.label, new.required
    field.x, field.y, field.w, field.h = new.box.x, new.box.y, new.box.w, new.box.h
    for name, value in new.details.items():
        setattr(field, name, value)
    field.file = None
    if keeps:
        field.value, field.filled_at, field.file = kept
    elif owner.envelope.sent_at is not None and field.kind in ("name", "email"):
        field.value = owner.name if field.kind == FieldKind.NAME else owner.email
        field.filled_at = timezone.now() if field.value else None
    field.save()


def _stamp(actor: Actor, envelope: Envelope, field: EnvelopeField, given: Mapping[str, Any]) -> str:
    """Put the sender's picture into a stamp field, which nobody changes then."""
    try:
        name, content = sent_stamp(
            envelope, str(given["picture"]), str(given.get("picture_name") or "")
        )
        put_file(actor, envelope, field, name=name, content=content)
    except Invalid as error:
        raise Invalid(error.message, fields={str(field.pk): [error.message]}) from None
    field.read_only = True
    field.save(update_fields=["read_only"])
    return field.file.name if field.file is not None else ""


def _still_fits(field: EnvelopeField, new: NewField) -> bool:
    """Whether what stands in a field, put there by its recipient or by the product, may stay."""
    if not field.value or (field.kind in STARTING and not _is_typed(field)):
        return False
    try:
        return field.kind not in STARTING or clean_value(new, field.value) == field.value
    except Invalid:
        return False


def _is_typed(field: EnvelopeField) -> bool:
    """Whether what stands in a field may be its recipient's: they opened it, and could."""
    return field.recipient.opened_at is not None and not field.read_only


def _invalid(key: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={key: [sentence]})
