"""What stands in a template: roles and fields as they are kept, and whether they can work.

A role is ``{"name", "role", "order", "identity_method", "condition", "group", "named_by",
"witness_of", "host", "person_name", "person_email", "more"}``: ``named_by`` and ``witness_of``
are numbers of other roles from 1; a role with ``person_email`` is always that person. A field is
``{"id", "role", "document", "page", "kind", "label", "required", "prefill", "x", "y", "w", "h",
"more"}``: ``role`` counts from 1, ``document`` is an id, ``page`` counts from 1, the place is in
fractions of the visible page, ``prefill`` is a text with ``{{ values }}`` that it starts with.
``more`` is whatever else a recipient or a field of an envelope has.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dealwright.base.errors import Invalid
from dealwright.base.identifiers import uuid7
from dealwright.base.messaging.liquid_text import check_template
from dealwright.signing.documents.geometry import Box
from dealwright.signing.envelopes.drafts import (
    NewField,
    NewRecipient,
    check_fields,
    check_people,
)
from dealwright.signing.envelopes.models import IdentityMethod, Role
from dealwright.signing.fields.models import STARTING, EnvelopeField, FieldKind

MAX_ROLES = 20
# Of a person, not of a role: never kept in a template.
_PERSONAL = {"name", "email", "access_code", "phone", "mobile", "messenger"}
_ROLE_KEYS = {"role", "order", "identity_method", "condition", "group", "named_by", "witness_of",
              "host"}  # fmt: skip
_FIELD_KEYS = {"recipient", "kind", "box", "document", "page", "label", "required", "value"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRole:
    """A role of a template; ``person_name`` and ``person_email`` name who always has it."""

    name: str
    role: str = Role.SIGNER
    order: int = 1
    identity_method: str = IdentityMethod.EMAIL_OTP
    condition: str = ""
    group: Any = None
    named_by: int | None = None
    witness_of: int | None = None
    host: Any = None
    person_name: str = ""
    person_email: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_fixed(self) -> bool:
        """Whether nobody has to be named when the template is used."""
        return bool(self.person_email) or self.group is not None or self.named_by is not None

    def as_json(self) -> dict[str, Any]:
        kept = dataclasses.asdict(self)
        for key in ("group", "host"):
            kept[key] = str(kept[key]) if kept[key] else None
        return kept

    def filled(self, name: str, email: str, more: Mapping[str, Any] | None = None) -> NewRecipient:
        """The recipient that this role becomes with a person in it."""
        known = {each.name for each in dataclasses.fields(NewRecipient)} - {"name", "email"}
        given = {key: value for key, value in {**self.more, **(more or {})}.items() if key in known}
        plain = {key: getattr(self, key) for key in _ROLE_KEYS & known}
        open_to_all = self.group is not None or self.named_by is not None
        return NewRecipient(
            **{**plain, **given},
            name=self.name if open_to_all else name or self.person_name,
            email="" if open_to_all else email or self.person_email,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """A field of a template."""

    id: str
    role: int
    document: str
    page: int
    kind: str
    box: Box
    label: str = ""
    required: bool = True
    prefill: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        kept = {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(self)
            if each.name != "box"
        }
        return {**kept, "more": dict(self.more), **_rounded(self.box)}

    @property
    def is_merged(self) -> bool:
        """Whether what it starts with holds ``{{ values }}``, known only when it is used."""
        return "{{" in self.prefill or "{%" in self.prefill

    def as_new(self, documents: Sequence[str], value: str = "") -> NewField:
        """The field of an envelope whose documents are these, in order; it starts with
        ``value`` where its kind can."""
        known = {each.name for each in dataclasses.fields(NewField)} - _FIELD_KEYS
        return NewField(
            recipient=self.role,
            kind=self.kind,
            box=self.box,
            document=documents.index(self.document) + 1,
            page=self.page,
            label=self.label,
            required=self.required,
            value=value if self.kind in STARTING else "",
            **{key: given for key, given in self.more.items() if key in known},
        )


def role_of(kept: Mapping[str, Any]) -> NewRole:
    """A role as it was kept."""
    known = {each.name for each in dataclasses.fields(NewRole)}
    return NewRole(**{key: value for key, value in kept.items() if key in known})


def field_of(kept: Mapping[str, Any]) -> TemplateField:
    """A field as it was kept."""
    plain = {key: value for key, value in kept.items() if key not in ("x", "y", "w", "h")}
    return TemplateField(**plain, box=Box(kept["x"], kept["y"], kept["w"], kept["h"]))


def field_of_new(
    new: NewField, documents: Sequence[str], *, prefill: str = "", field_id: str = ""
) -> TemplateField:
    """A template's field from one as it is given for an envelope."""
    more = {
        each.name: getattr(new, each.name)
        for each in dataclasses.fields(new)
        if each.name not in _FIELD_KEYS and _is_plain(getattr(new, each.name))
    }
    return TemplateField(
        id=field_id or str(uuid7()),
        role=new.recipient,
        document=documents[new.document - 1],
        page=new.page,
        kind=new.kind,
        box=new.box,
        label=new.label,
        required=new.required,
        prefill=prefill,
        more=more,
    )


def field_of_envelope(
    row: EnvelopeField, *, role: int, documents: Mapping[UUID, str]
) -> TemplateField:
    """A template's field from that of an envelope, without what somebody typed into it."""
    extra = {each.name for each in dataclasses.fields(NewField)} - _FIELD_KEYS
    return TemplateField(
        id=str(uuid7()),
        role=role,
        document=documents[row.document_id],
        page=row.page + 1,
        kind=row.kind,
        box=Box(row.x, row.y, row.w, row.h),
        label=row.label,
        required=row.required,
        more={
            key: getattr(row, key)
            for key in extra
            if hasattr(row, key) and _is_plain(getattr(row, key))
        },
    )


def role_of_recipient(row: Any, *, numbers: Mapping[UUID, int]) -> NewRole:
    """The role that a recipient of an envelope had; who it was is left out."""
    extra = {each.name for each in dataclasses.fields(NewRecipient)} - _ROLE_KEYS - _PERSONAL
    return NewRole(
        name=f"{Role(row.role).name.replace('_', ' ').capitalize()} {numbers[row.pk]}",
        role=row.role,
        order=row.order,
        identity_method=getattr(row, "identity_method", IdentityMethod.EMAIL_OTP),
        condition=row.condition,
        group=str(row.group_id) if row.group_id else None,
        named_by=numbers.get(row.named_by_id),
        witness_of=numbers.get(row.witness_of_id),
        host=str(row.host_id) if row.host_id else None,
        more={
            key: getattr(row, key)
            for key in extra
            if hasattr(row, key) and _is_plain(getattr(row, key))
        },
    )


def check_roles(roles: Sequence[NewRole]) -> None:
    """Raises Invalid that names every role that could not work."""
    wrong: dict[str, list[str]] = {}
    if not any(each.role not in (Role.CC, Role.EDITOR) for each in roles):
        wrong["roles"] = ["Add at least one role that signs, approves or confirms."]
    if len(roles) > MAX_ROLES:
        wrong["roles"] = [f"A template has at most {MAX_ROLES} roles."]
    names = [each.name.strip().lower() for each in roles]
    for number, each in enumerate(roles, start=1):
        sentence = ""
        if not each.name.strip() or len(each.name) > 80 or "\x00" in each.name:
            sentence = f"Role {number} needs a name of at most 80 characters."
        elif names.count(each.name.strip().lower()) > 1:
            sentence = f"There are two roles called “{each.name.strip()}”."
        methods = [each.identity_method, *(each.more.get("identity_methods") or [])]
        if set(methods) - set(IdentityMethod.values):
            sentence = f"Role {number}: there is no such way to confirm an identity."
        if sentence:
            wrong[f"roles.{number}"] = [sentence]
    raise_wrong(wrong)
    try:
        check_people([_with_somebody(each, number) for number, each in enumerate(roles, start=1)])
    except Invalid as error:
        raise_wrong(
            {
                key.replace("recipients.", "roles."): [
                    each.replace("Recipient ", "Role ") for each in said
                ]
                for key, said in error.fields.items()
            }
        )


def check_template_fields(
    fields: Sequence[TemplateField], *, roles: Sequence[NewRole], pages: Mapping[str, int]
) -> None:
    """Raises Invalid where a field has no role or page; ``pages`` counts them per document."""
    documents = list(pages)
    gone = next((each for each in fields if each.document not in pages), None)
    if gone is not None:
        raise_wrong({"fields": ["A field is on a document that is not there."]})
    check_fields(
        [_as_checked(each, documents) for each in fields],
        recipients=[_with_somebody(each, number) for number, each in enumerate(roles, start=1)],
        page_counts=list(pages.values()),
    )
    for number, each in enumerate(fields, start=1):
        check_liquid(f"fields.{number}", each.prefill, longest=500)
        if each.prefill and each.kind not in PREFILLED:
            raise_wrong({f"fields.{number}": ["Only texts can start with a value."]})


def _as_checked(given: TemplateField, documents: Sequence[str]) -> NewField:
    """The field as it can be checked before its values are known."""
    if given.is_merged:
        return dataclasses.replace(given.as_new(documents), read_only=False)
    return given.as_new(documents, given.prefill)


# Kinds that may begin with a value: not what only the signer can give.
PREFILLED = [
    kind
    for kind in FieldKind.values
    if kind not in ("signature", "initials", "name", "email", "date_signed", "attachment",
                    "payment", "stamp")
]  # fmt: skip


def check_liquid(key: str, text: str, *, longest: int) -> None:
    """Raises Invalid for a text that is too long or no Liquid template."""
    if len(text) > longest or "\x00" in text:
        raise_wrong({key: [f"The text may have at most {longest} characters."]})
    try:
        check_template(text)
    except Invalid as error:
        raise_wrong({key: [error.message]})


def raise_wrong(wrong: Mapping[str, Sequence[str]]) -> None:
    """Raises Invalid with every sentence, where there is one."""
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)


def open_numbers(roles: Iterable[NewRole]) -> list[int]:
    """The numbers of the roles for which somebody has to be named."""
    return [number for number, each in enumerate(roles, start=1) if not each.is_fixed]


def _with_somebody(role: NewRole, number: int) -> NewRecipient:
    """The role with an invented person in it where it is open, to be checked as an envelope's."""
    if role.role == Role.IN_PERSON_SIGNER and role.host is None:
        role = dataclasses.replace(role, host="whoever sends it")
    # What some ways need of the person, a code or a number, is only known when it is used.
    return dataclasses.replace(
        role.filled(
            role.person_name or "Somebody", role.person_email or f"somebody-{number}@example.com"
        ),
        identity_methods=None,
        identity_method=IdentityMethod.EMAIL_OTP,
        assurance="",
    )


def _rounded(box: Box) -> dict[str, float]:
    return {key: round(getattr(box, key), 6) for key in ("x", "y", "w", "h")}


def _is_plain(value: Any) -> bool:
    """Whether a value can be kept as JSON and is no tie to another row."""
    if isinstance(value, list | tuple):
        return all(_is_plain(each) for each in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(each) for key, each in value.items())
    return value is None or isinstance(value, str | int | float | bool)
