"""What can be done with signing templates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import check_create, get_changeable, get_visible
from dealwright.base.errors import Conflict, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.events.records import tell_record_changed
from dealwright.base.files.services import read_file, store_file
from dealwright.base.records.services import save_changes
from dealwright.signing.blueprints.contents import (
    NewRole,
    TemplateField,
    check_roles,
    check_template_fields,
    field_of,
    field_of_envelope,
    field_of_new,
    raise_wrong,
    role_of,
    role_of_recipient,
)
from dealwright.signing.blueprints.events import (
    TemplateArchived,
    TemplateCreated,
    TemplateUpdated,
)
from dealwright.signing.blueprints.models import SigningTemplate, TemplateDocument
from dealwright.signing.blueprints.queries import OBJECT, documents_of, find_document
from dealwright.signing.blueprints.settings import (
    SETTINGS,
    check_documents,
    checked_settings,
    days_of,
)
from dealwright.signing.documents.anchors import SIZES
from dealwright.signing.documents.geometry import Box, PageGeometry
from dealwright.signing.documents.uploads import Upload, read_upload
from dealwright.signing.envelopes.drafts import MAX_DOCUMENTS, MAX_FIELDS, NewDocument, NewField
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.fields.models import EnvelopeField, FieldKind


def create_template(
    actor: Actor,
    *,
    name: str,
    documents: Sequence[NewDocument],
    roles: Sequence[NewRole],
    fields: Sequence[NewField] = (),
    prefills: Mapping[int, str] | None = None,
    title: str = "",
    **values: Any,
) -> SigningTemplate:
    """Make a template; fields come from ``fields`` (whose ``recipient`` is the number of the
    role) and from marks in the documents such as ``{{sign:1}}``. ``prefills`` are texts by the
    number of the field, from 1. ``values`` are further SETTINGS.

    Raises NotAllowed, or Invalid that names every wrong place.
    """
    check_create(actor, OBJECT)
    chosen = checked_settings({"name": name, "title": title or name, **values})
    check_roles(roles)
    check_documents(documents)
    uploads = [
        read_upload(each.name, each.content, accept_signed=each.accept_signed) for each in documents
    ]
    with change(actor):
        template = _new(actor, chosen, roles)
        kept = [
            keep_document(actor, template, position, given.name, given.content, upload)
            for position, (given, upload) in enumerate(
                zip(documents, uploads, strict=True), start=1
            )
        ]
        ids = [str(each.pk) for each in kept]
        placed = [
            field_of_new(each, ids, prefill=(prefills or {}).get(number, ""))
            for number, each in enumerate(fields, start=1)
            if _has_document(each, ids)
        ]
        for document, upload in zip(kept, uploads, strict=True):
            placed += _fields_of_marks(document, upload, roles)
        _keep_fields(template, placed, roles)
        template.save(update_fields=["fields"])
        _tell_created(actor, template)
    return template


def save_as_template(actor: Actor, envelope_id: Any, *, name: str) -> SigningTemplate:
    """Make a template of an envelope that the actor may see: its documents as they were given,
    its fields, and a role for each recipient who was in it from the start.

    Raises NotFound, NotAllowed, Invalid, or Conflict for a purged envelope.
    """
    check_create(actor, OBJECT)
    envelope: Envelope = get_visible(actor, "envelope", envelope_id)
    if envelope.purged_at is not None:
        raise Conflict("The documents of this envelope were destroyed.", code="purged")
    chosen = checked_settings(
        {
            "name": name,
            "title": envelope.title,
            "message": envelope.message,
            "language": envelope.language,
            "expires_days": days_of(envelope),
            "remind_every_days": envelope.remind_every_days,
            "remind_first_days": envelope.remind_first_days,
            "remind_most": envelope.remind_most,
            "warn_days": envelope.warn_days,
            "may_reassign": envelope.may_reassign,
        },
        plain=True,
    )
    people = [
        each
        for each in envelope.recipients.order_by("position")
        if each.member_of_id is None and not each.reassigned_from.exists()
    ]
    numbers = {each.pk: number for number, each in enumerate(people, start=1)}
    roles = [role_of_recipient(each, numbers=numbers) for each in people]
    check_roles(roles)
    with change(actor):
        template = _new(actor, chosen, roles)
        kept = {}
        for row in envelope.documents.all():
            content = read_file(row.original)
            upload = read_upload(row.name, content, accept_signed=True)
            made = keep_document(actor, template, row.position, row.name, content, upload)
            kept[row.pk] = made
        ids = {old: str(made.pk) for old, made in kept.items()}
        placed = [
            field_of_envelope(row, role=_role_number(row, numbers), documents=ids)
            for row in EnvelopeField.objects.filter(document__envelope=envelope).select_related(
                "recipient"
            )
            if row.page < kept[row.document_id].page_count and _role_number(row, numbers)
        ]
        _keep_fields(template, placed, roles)
        template.save(update_fields=["fields"])
        _tell_created(actor, template, from_envelope=envelope.pk)
    return template


def update_template(
    actor: Actor, template: SigningTemplate, values: Mapping[str, Any]
) -> SigningTemplate:
    """Change settings of a locked template; the object's ``update`` service. Raises Invalid."""
    chosen = {
        **checked_settings({key: value for key, value in values.items() if key in SETTINGS}),
        **{key: value for key, value in values.items() if key not in SETTINGS},
    }
    if not set(values) & set(SETTINGS):
        saved: SigningTemplate = save_changes(actor, template, chosen)
        return saved
    return save_template(actor, template, chosen)


def change_roles(actor: Actor, template_id: Any, roles: Sequence[NewRole]) -> SigningTemplate:
    """Replace the roles; fields of a role that is gone go with it. Raises Invalid."""
    check_roles(roles)
    with change(actor):
        template = changeable_template(actor, template_id)
        kept = [
            each
            for each in map(field_of, template.fields)
            if each.role <= len(roles) and roles[each.role - 1].filled("A", "a@example.com").signs
        ]
        values = {
            "roles": [each.as_json() for each in roles],
            "fields": [each.as_json() for each in kept],
        }
        return save_template(actor, template, values)


def add_document(actor: Actor, template_id: Any, document: NewDocument) -> TemplateDocument:
    """One more document at the end. Raises Invalid."""
    check_documents([document])
    upload = read_upload(document.name, document.content, accept_signed=document.accept_signed)
    with change(actor):
        template = changeable_template(actor, template_id)
        there = list(documents_of(template))
        if len(there) >= MAX_DOCUMENTS:
            raise_wrong({"documents": [f"A template holds at most {MAX_DOCUMENTS} documents."]})
        position = max((each.position for each in there), default=0) + 1
        kept = keep_document(actor, template, position, document.name, document.content, upload)
        roles = [role_of(each) for each in template.roles]
        marks = _fields_of_marks(kept, upload, roles)
        fields = [*template.fields, *(each.as_json() for each in marks)]
        _begin_next(template)
        save_template(actor, template, {"fields": fields}, always=True)
    return kept


def remove_document(actor: Actor, template_id: Any, document_id: Any) -> SigningTemplate:
    """Take a document away with its fields. Raises NotFound, or Conflict for the last one."""
    with change(actor):
        template = changeable_template(actor, template_id)
        document = find_document(template, document_id)
        if documents_of(template).count() == 1:
            raise Conflict("A template needs a document. Add another one first.")
        _begin_next(template)
        document.removed_at = timezone.now()
        document.save(update_fields=["removed_at"])
        fields = [each for each in template.fields if each["document"] != str(document.pk)]
        return save_template(actor, template, {"fields": fields}, always=True)


def add_template_field(
    actor: Actor,
    template_id: Any,
    *,
    document_id: Any,
    role: int,
    kind: str,
    page: int,
    x: float,
    y: float,
    label: str = "",
    required: bool = True,
    prefill: str = "",
) -> TemplateField:
    """Put a field of the usual size with its middle at (x, y), in fractions of the visible page
    from the top left; ``page`` and ``role`` count from 1. Raises Invalid or NotFound."""
    with change(actor):
        template = changeable_template(actor, template_id)
        document = find_document(template, document_id)
        if kind not in FieldKind.values:
            raise_wrong({"kind": ["Choose a kind of field."]})
        if len(template.fields) >= MAX_FIELDS:
            raise_wrong({"kind": [f"A template has at most {MAX_FIELDS} fields."]})
        if not 1 <= page <= document.page_count:
            raise_wrong({"page": [f"{document.name} has {document.page_count} pages."]})
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise_wrong({"x": ["The place is given in percent of the page, from 0 to 100."]})
        geometry = PageGeometry.from_json(document.pages[page - 1])
        width, height = SIZES[kind]
        w, h = width / geometry.width, height / geometry.height
        new = NewField(
            recipient=role,
            kind=kind,
            box=Box(x - w / 2, y - h / 2, w, h).inside(),
            page=page,
            label=label.strip(),
            required=required,
        )
        made = field_of_new(new, [str(document.pk)], prefill=prefill.strip())
        fields = [*map(field_of, template.fields), made]
        check_kept_fields(template, fields)
        save_template(actor, template, {"fields": [each.as_json() for each in fields]})
    return made


def remove_template_field(actor: Actor, template_id: Any, field_id: str) -> SigningTemplate:
    """Take a field away. Raises NotFound."""
    with change(actor):
        template = changeable_template(actor, template_id)
        fields = [each for each in template.fields if each["id"] != str(field_id)]
        if len(fields) == len(template.fields):
            raise NotFound("This template has no such field.")
        return save_template(actor, template, {"fields": fields})


def archive_template(actor: Actor, template_id: Any) -> SigningTemplate:
    """Offer it no longer: nothing new is made from it, and its public forms are closed.
    Safe to repeat."""
    with change(actor):
        template: SigningTemplate = get_changeable(actor, OBJECT, template_id)
        if template.archived_at is None:
            save_changes(actor, template, {"archived_at": timezone.now()})
            record_event(
                actor,
                TemplateArchived(template_id=template.pk, name=template.name),
                object=OBJECT,
                record_id=template.pk,
            )
    return template


def restore_template(actor: Actor, template_id: Any) -> SigningTemplate:
    """Offer an archived template again. Safe to repeat."""
    with change(actor):
        template: SigningTemplate = get_changeable(actor, OBJECT, template_id)
        if template.archived_at is not None:
            save_template(actor, template, {"archived_at": None}, always=True)
    return template


def keep_document(
    actor: Actor,
    template: SigningTemplate,
    position: int,
    name: str,
    content: bytes,
    upload: Upload,
) -> TemplateDocument:
    """Store both forms of a document and its geometry."""
    name = name.strip() or f"Document {position}.pdf"
    stored = {
        purpose: store_file(
            actor,
            name=name,
            content=each,
            content_type="application/pdf",
            object=OBJECT,
            record_id=template.pk,
            purpose=purpose,
            generated=True,
        )
        for purpose, each in (("original", content), ("prepared", upload.pdf))
    }
    made: TemplateDocument = TemplateDocument.objects.create(
        template=template,
        position=position,
        name=name,
        original=stored["original"],
        original_sha256=hashlib.sha256(content).hexdigest(),
        prepared=stored["prepared"],
        prepared_sha256=hashlib.sha256(upload.pdf).hexdigest(),
        pages=[page.as_json() for page in upload.pages],
        texts=list(upload.texts),
    )
    return made


def _new(actor: Actor, chosen: Mapping[str, Any], roles: Sequence[NewRole]) -> SigningTemplate:
    template = SigningTemplate(
        **chosen,
        roles=[each.as_json() for each in roles],
        owner=actor.user,
        created_by=actor.user,
        updated_by=actor.user,
    )
    template.save(force_insert=True)
    tell_record_changed(actor, template, "created")
    return template


def changeable_template(actor: Actor, template_id: Any) -> SigningTemplate:
    """A template the actor may change, its row locked; raises Conflict for an archived one."""
    template: SigningTemplate = get_changeable(actor, OBJECT, template_id)
    if template.archived_at is not None:
        raise Conflict("This template is archived. Take it out of the archive to change it.")
    return template


def _begin_next(template: SigningTemplate) -> None:
    """Number the next version, where envelopes were made from this one."""
    if template.versions.filter(number=template.revision).exists():
        template.revision += 1
        template.save(update_fields=["revision"])


def save_template(
    actor: Actor, template: SigningTemplate, values: Mapping[str, Any], *, always: bool = False
) -> SigningTemplate:
    """Write a change of what envelopes are made of, as the next version where this was used."""
    if not always and all(getattr(template, key) == value for key, value in values.items()):
        return template
    _begin_next(template)
    save_changes(actor, template, dict(values))
    record_event(
        actor,
        TemplateUpdated(template_id=template.pk, name=template.name, revision=template.revision),
        object=OBJECT,
        record_id=template.pk,
    )
    return template


def _keep_fields(
    template: SigningTemplate, fields: Sequence[TemplateField], roles: Sequence[NewRole]
) -> None:
    check_kept_fields(template, fields, roles)
    template.fields = [each.as_json() for each in fields]


def check_kept_fields(
    template: SigningTemplate,
    fields: Sequence[TemplateField],
    roles: Sequence[NewRole] | None = None,
) -> None:
    """Raises Invalid where fields do not fit the template's roles and documents."""
    check_template_fields(
        fields,
        roles=roles if roles is not None else [role_of(each) for each in template.roles],
        pages={str(each.pk): each.page_count for each in documents_of(template)},
    )


def _has_document(field: NewField, documents: Sequence[str]) -> bool:
    if not 1 <= field.document <= len(documents):
        raise_wrong({"fields": [f"A field is on document {field.document}, which is not there."]})
    return True


def _fields_of_marks(
    document: TemplateDocument, upload: Upload, roles: Sequence[NewRole]
) -> list[TemplateField]:
    signers = [
        number
        for number, each in enumerate(roles, start=1)
        if each.filled("A", "a@example.com").signs
    ]
    made = []
    for mark in upload.anchors:
        if not 1 <= mark.signer <= len(signers):
            raise_wrong(
                {
                    "documents": [
                        f"The document asks for signer {mark.signer} on page {mark.page + 1}, "
                        f"but {len(signers)} roles sign."
                    ]
                }
            )
        new = NewField(
            recipient=signers[mark.signer - 1],
            kind=mark.kind,
            page=mark.page + 1,
            box=mark.box,
            label=mark.label,
            required=mark.required,
            options=mark.options,
            option=mark.option,
            formula=mark.formula,
        )
        made.append(field_of_new(new, [str(document.pk)]))
    return made


def _role_number(row: EnvelopeField, numbers: Mapping[Any, int]) -> int:
    """Whose field it is; 0 where a stand-in or a member of a group had it."""
    return numbers.get(row.recipient_id, numbers.get(row.recipient.member_of_id, 0))


def _tell_created(actor: Actor, template: SigningTemplate, *, from_envelope: Any = None) -> None:
    record_event(
        actor,
        TemplateCreated(template_id=template.pk, name=template.name, from_envelope=from_envelope),
        object=OBJECT,
        record_id=template.pk,
    )
