"""Making envelopes from templates."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import check_create, get_visible
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.messaging.liquid_text import missing_names, render_template_text
from dealwright.signing.blueprints.contents import (
    NewRole,
    TemplateField,
    field_of,
    open_numbers,
    raise_wrong,
    role_of,
)
from dealwright.signing.blueprints.merging import merge_values
from dealwright.signing.blueprints.models import (
    SigningTemplate,
    TemplateDocument,
    TemplateUse,
    TemplateVersion,
)
from dealwright.signing.blueprints.queries import OBJECT, documents_of
from dealwright.signing.blueprints.settings import SETTINGS
from dealwright.signing.envelopes.drafts import KeptDocument, NewDocument, NewRecipient
from dealwright.signing.envelopes.models import Envelope, Role
from dealwright.signing.envelopes.services import create_envelope, send_envelope

LONGEST_VALUE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a template becomes an envelope with.

    ``people`` are (name, e-mail) by the number of the role, from 1; ``more`` further facts of a
    recipient by the number, such as ``phone``. ``values`` are what the ``{{ names }}`` in its
    texts stand for, ``fields`` what fields start with, by the id or the label of the field.
    """

    people: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    more: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    message: str | None = None


def use_template(
    actor: Actor,
    template_id: Any,
    filling: Filling,
    *,
    subject: tuple[str, Any] | None = None,
    send: bool = False,
) -> Envelope:
    """Make an envelope from a template the actor may see, and send it with ``send``.

    ``subject`` is the record it is about; its fields are values for the texts. Raises NotFound,
    NotAllowed, Conflict for an archived template, Invalid that names the role or field.
    """
    template: SigningTemplate = get_visible(actor, OBJECT, template_id)
    if subject is not None:
        lent = merge_values(actor, *subject)
        filling = dataclasses.replace(filling, values={**lent, **filling.values})
    with change(actor):
        version = current_version(actor, template)
        envelope = make_envelope(actor, version, filling, subject=subject)
        if send:
            send_envelope(actor, envelope.pk)
    return envelope


def current_version(actor: Actor, template: SigningTemplate) -> TemplateVersion:
    """The version that envelopes made now belong to; written down when it is first used.

    Raises Conflict for an archived template.
    """
    if template.archived_at is not None:
        raise Conflict("This template is archived. Nothing new is made from it.", code="archived")
    found: TemplateVersion | None = template.versions.filter(number=template.revision).first()
    if found is not None:
        return found
    with transaction.atomic():
        # Locked, so that a change in between begins the next version.
        locked = SigningTemplate.objects.select_for_update(of=("self",)).get(pk=template.pk)
        made: TemplateVersion
        made, _ = TemplateVersion.objects.get_or_create(
            template=locked,
            number=locked.revision,
            defaults={
                "created_by": actor.user,
                "content": {
                    **{key: getattr(locked, key) for key in SETTINGS},
                    "roles": locked.roles,
                    "fields": locked.fields,
                    "documents": [str(each.pk) for each in documents_of(locked)],
                },
            },
        )
    return made


def make_envelope(
    actor: Actor,
    version: TemplateVersion,
    filling: Filling,
    *,
    subject: tuple[str, Any] | None = None,
    source: str = "use",
    source_id: Any = None,
    owner: Any = None,
) -> Envelope:
    """A draft from a version of a template: the documents are shared, nothing is read anew.

    The caller has checked that the actor may use the template. Raises Invalid.
    """
    check_create(actor, "envelope")
    content = version.content
    roles = [role_of(each) for each in content["roles"]]
    fields = [field_of(each) for each in content["fields"]]
    recipients = recipients_of(actor, roles, filling)
    values = {**filling.values, **_role_values(roles, recipients)}
    starts = prefills(fields, filling, values)
    now = timezone.now()
    with change(actor):
        envelope = create_envelope(
            actor,
            title=_text(filling.title or content["title"], values, longest=200),
            message=_text(
                content["message"] if filling.message is None else filling.message,
                values,
                longest=5_000,
            ),
            documents=[_kept(each) for each in _documents(version)],
            recipients=recipients,
            fields=[
                each.as_new(content["documents"], starts.get(number, ""))
                for number, each in enumerate(fields, start=1)
            ],
            subject=subject,
            language=content["language"],
            expires_at=now + timedelta(days=content["expires_days"]),
            remind_every_days=content["remind_every_days"],
            remind_first_days=content["remind_first_days"],
            remind_most=content["remind_most"],
            warn_days=content["warn_days"],
            may_reassign=content["may_reassign"],
            owner=owner,
        )
        TemplateUse.objects.create(
            envelope=envelope, version=version, source=source, source_id=source_id
        )
    return envelope


def recipients_of(actor: Actor, roles: Sequence[NewRole], filling: Filling) -> list[NewRecipient]:
    """The roles with people in them. Raises Invalid that names each role without anybody."""
    wrong: dict[str, list[str]] = {}
    for number in sorted(set(filling.people) - set(range(1, len(roles) + 1))):
        wrong["people"] = [f"The template has no role {number}."]
    for number in open_numbers(roles):
        name, email = filling.people.get(number, ("", ""))
        role = roles[number - 1]
        unaddressed = role.role == Role.IN_PERSON_SIGNER
        if not name.strip() or (not email.strip() and not unaddressed):
            wrong[f"people.{number}"] = [f"Name somebody with an e-mail address: {role.name}."]
    raise_wrong(wrong)
    made = []
    for number, role in enumerate(roles, start=1):
        name, email = filling.people.get(number, ("", ""))
        if role.role == Role.IN_PERSON_SIGNER and role.host is None and actor.user is not None:
            role = dataclasses.replace(role, host=actor.user.pk)
        made.append(role.filled(name.strip(), email.strip(), filling.more.get(number)))
    return made


def prefills(
    fields: Sequence[TemplateField], filling: Filling, values: Mapping[str, Any]
) -> dict[int, str]:
    """What fields start with, by their place in the list from 1; a name without a value leaves
    the field empty. Raises Invalid for a field that is not there."""
    by_id = {each.id: number for number, each in enumerate(fields, start=1)}
    by_label: dict[str, list[int]] = {}
    for number, each in enumerate(fields, start=1):
        if each.label:
            by_label.setdefault(each.label.strip().lower(), []).append(number)
    found = {}
    for number, each in enumerate(fields, start=1):
        if each.prefill and not missing_names(each.prefill, values):
            found[number] = render_template_text(each.prefill, values).strip()
    for key, value in filling.fields.items():
        numbers = [by_id[key]] if key in by_id else by_label.get(key.strip().lower(), [])
        if not numbers:
            raise_wrong({"fields": [f"The template has no field “{key[:80]}”."]})
        if len(value) > LONGEST_VALUE or "\x00" in value:
            raise_wrong({"fields": [f"{key[:80]}: at most {LONGEST_VALUE} characters."]})
        found.update(dict.fromkeys(numbers, value.strip()))
    return {number: value for number, value in found.items() if value}


def find_version(template: SigningTemplate, number: int) -> TemplateVersion:
    """A version by number; raises NotFound."""
    found: TemplateVersion | None = template.versions.filter(number=number).first()
    if found is None:
        raise NotFound("Nothing was made from this version of the template.")
    return found


def _role_values(
    roles: Sequence[NewRole], recipients: Sequence[NewRecipient]
) -> dict[str, dict[str, dict[str, str]]]:
    """``{{ roles.customer.name }}`` for the texts."""
    from dealwright.signing.blueprints.merging import word_of

    return {
        "roles": {
            word_of(role.name): {"name": person.name, "email": person.email}
            for role, person in zip(roles, recipients, strict=True)
        }
    }


def _text(source: str, values: Mapping[str, Any], *, longest: int) -> str:
    """A text with its values; one for which a value is missing is refused, since recipients
    would read the gap."""
    gone = missing_names(source, values)
    if gone:
        raise_wrong({"values": [f"There is no value for {', '.join(gone)[:200]}."]})
    return render_template_text(source, values).strip()[:longest]


def _documents(version: TemplateVersion) -> list[TemplateDocument]:
    rows = TemplateDocument.objects.select_related("original", "prepared").in_bulk(
        version.content["documents"]
    )
    by_id = {str(key): row for key, row in rows.items()}
    return [by_id[each] for each in version.content["documents"]]


def _kept(row: TemplateDocument) -> NewDocument:
    return NewDocument(
        name=row.name,
        content=b"",
        kept=KeptDocument(
            original=row.original,
            original_sha256=row.original_sha256,
            prepared=row.prepared,
            prepared_sha256=row.prepared_sha256,
            pages=row.pages,
            texts=row.texts,
        ),
    )
