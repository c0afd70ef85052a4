"""What can be asked about envelopes: rows for screens and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid, get_visible, visible_to
from dealwright.base.errors import NotFound
from dealwright.base.evidence.models import EvidenceChain
from dealwright.base.files.models import StoredFile
from dealwright.base.people.models import Profile
from dealwright.signing.documents.anchors import SIZES
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.envelopes.arranging import starting_fields
from dealwright.signing.envelopes.certificate import evidence_rows
from dealwright.signing.envelopes.models import (
    SIGNING_ROLES,
    STATUS_LABELS,
    Envelope,
    EnvelopeDocument,
    IdentityMethod,
    Recipient,
    Role,
)
from dealwright.signing.fields.models import EnvelopeField, FieldKind
from dealwright.signing.identity.assured import asked_of_providers, assured_of
from dealwright.signing.identity.choices import labels_of, lacks_choice
from dealwright.signing.payments.accounts import paying_facts
from dealwright.signing.redlines.queries import (
    changes_of,
    documents_with_redlines,
    look_of,
    read_documents,
)

TONES = {
    "draft": "neutral",
    "scheduled": "info",
    "purged": "neutral",
    "sent": "info",
    "in_progress": "info",
    "sealing": "accent",
    "seal_failed": "warning",
    "completed": "success",
    "declined": "danger",
    "voided": "neutral",
    "expired": "warning",
    "created": "neutral",
    "waiting": "neutral",
    "delivered": "info",
    "bounced": "danger",
    "authenticating": "info",
    "reassigned": "neutral",
    "skipped": "neutral",
    "viewed": "info",
    "auth_failed": "danger",
    "signed": "success",
    "approved": "success",
    "acknowledged": "success",
}


def recipients_of(envelope_id: Any) -> list[dict[str, Any]]:
    """The people of an envelope in routing order, for a screen or the API."""
    rows = (
        Recipient.objects.filter(envelope_id=envelope_id)
        .select_related("host", "witness_of", "named_by", "member_of", "reassigned_to")
        .order_by("order", "position")
    )
    asked = asked_of_providers(envelope_id)
    return [
        {
            "id": row.pk,
            "name": row.name,
            "email": row.email,
            "role": row.role,
            "role_label": Role(row.role).label,
            "order": row.order,
            "identity_method": (row.identity_methods or [IdentityMethod.EMAIL_LINK.value])[0],
            "identity_methods": row.identity_methods,
            "assurance": asked.get(row.pk, ""),
            "identity_label": ", ".join(labels_of(row.identity_methods, asked.get(row.pk, ""))),
            "meaning": row.meaning,
            "status": row.status,
            "status_label": STATUS_LABELS[row.status],
            "tone": TONES.get(row.status, "neutral"),
            "sent_at": row.sent_at,
            "reminded_at": row.reminded_at,
            "opened_at": row.opened_at,
            "consented_at": row.consented_at,
            "verified_at": row.verified_at,
            "signed_at": row.signed_at,
            "declined_at": row.declined_at,
            "decline_reason": row.decline_reason,
            "locked_at": row.locked_at,
            "delivered_at": row.delivered_at,
            "bounced_at": row.bounced_at,
            "reassigned_at": row.reassigned_at,
            "reassigned_to": row.reassigned_to_id,
            "skipped_at": row.skipped_at,
            "condition": row.condition,
            "group": row.group_id,
            "member_of": row.member_of_id,
            "named_by": row.named_by_id,
            "witness_of": row.witness_of_id,
            "host": row.host_id,
        }
        for row in rows
    ]


def asked_of(row: Recipient) -> dict[str, Any]:
    """What the sender can still do about a recipient, and what ties them to others."""
    is_asked = row.acts and not row.is_done
    member_waits = row.member_of is not None and not row.member_of.is_done
    return {
        "note": _note(row),
        "is_asked": is_asked,
        "is_invited": is_asked and row.sent_at is not None and not row.is_group,
        "may_change": is_asked and not row.is_group and not row.is_unnamed and not member_waits,
        "lacks_identity": is_asked and lacks_choice(row),
    }


def _note(row: Recipient) -> str:
    """One sentence on how a recipient hangs together with others."""
    if row.reassigned_to is not None:
        return _("Now: %(name)s") % {"name": row.reassigned_to.name}
    if row.is_group:
        return _("Any one of the group")
    if row.member_of is not None:
        return _("One of %(group)s") % {"group": row.member_of.name}
    if row.witness_of is not None:
        return _("Witness of %(name)s") % {"name": row.witness_of.name}
    if row.host is not None:
        return _("In person, with %(name)s as the host") % {"name": row.host.name}
    if row.is_unnamed and row.named_by is not None:
        return _("%(name)s says who it is") % {"name": row.named_by.name}
    return _("Only if %(condition)s") % {"condition": row.condition} if row.condition else ""


def documents_of(envelope_id: Any) -> list[dict[str, Any]]:
    """The documents of an envelope in order, with the hashes of each form."""
    return _described(EnvelopeDocument.objects.filter(envelope_id=envelope_id).order_by("position"))


def _described(rows: Iterable[EnvelopeDocument]) -> list[dict[str, Any]]:
    return [
        {
            "id": row.pk,
            "position": row.position,
            "name": row.name,
            "pages": row.page_count,
            "original_sha256": row.original_sha256,
            "prepared_sha256": row.prepared_sha256,
            "sealed_sha256": row.sealed_sha256 or None,
        }
        for row in rows
    ]


def progress_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """Who has done what, and the files, for the envelope's page."""
    envelope = Envelope.objects.filter(visible_to(user, "envelope"), pk=record_id).first()
    if envelope is None:
        return None
    checks = assured_of(envelope)
    read_documents(envelope)
    return {
        "envelope": envelope,
        "tone": TONES[envelope.status],
        "recipients": [
            {**shown, **asked_of(row), "check": checks.get(str(row.pk))}
            for shown, row in zip(
                recipients_of(record_id),
                envelope.recipients.select_related(
                    "host", "witness_of", "named_by", "member_of", "reassigned_to"
                ).prefetch_related("identity_steps"),
                strict=True,
            )
        ],
        "documents": _described(envelope.documents.all()),
        "changes": changes_of(envelope),
        "subject": subject_of(user, envelope),
    }


def evidence_panel(user: Any, record_id: Any) -> Mapping[str, Any] | None:
    """The log of the envelope, for its page."""
    envelope = Envelope.objects.filter(visible_to(user, "envelope"), pk=record_id).first()
    if envelope is None:
        return None
    chain = EvidenceChain.objects.filter(key=envelope.chain).first()
    return {
        "envelope": envelope,
        "events": evidence_rows(envelope),
        "chain": chain,
        "ended": envelope.has_ended,
    }


def subject_panel(
    object_key: str, *, may_send: bool = True
) -> Callable[[Any, Any], Mapping[str, Any] | None]:
    """The query of the panel “Signatures” on the pages of an object: the envelopes about it.

    ``may_send`` offers to send another document about the record; an object that is sent for
    signature itself, such as a contract, has its own way.
    """

    def query(user: Any, record_id: Any) -> Mapping[str, Any] | None:
        rows = (
            Envelope.objects.filter(
                visible_to(user, "envelope"), subject_object=object_key, subject_id=record_id
            )
            .order_by("-created_at")
            .values("id", "title", "status", "sent_at", "completed_at")[:20]
        )
        return {
            "envelopes": [
                {**row, "tone": TONES[row["status"]], "url": f"/envelopes/{row['id']}"}
                for row in rows
            ],
            "may_send": may_send and user.profile != Profile.READ_ONLY,
            "send_url": f"/send-for-signature?object={object_key}&record={record_id}",
            "may_use_template": user.profile != Profile.READ_ONLY,
            "template_url": f"/signing-templates/choose?object={object_key}&record={record_id}",
        }

    return query


def subject_of(user: Any, envelope: Envelope) -> dict[str, Any] | None:
    """The record an envelope is about, where the user may see it: label, title, address."""
    from dealwright.base.objects.registry import object_types

    of = next((each for each in object_types() if each.key == envelope.subject_object), None)
    if of is None:
        return None
    model: Any = of.model
    title = (
        model.objects.filter(visible_to(user, of.key), pk=envelope.subject_id)
        .values_list(of.title, flat=True)
        .first()
    )
    if title is None:
        return None
    return {"label": of.label, "title": title, "url": f"/{of.slug}/{envelope.subject_id}"}


def find_document(actor: Actor, envelope_id: Any, document_id: Any) -> EnvelopeDocument:
    """One document of an envelope the actor may see; raises NotFound."""
    envelope = get_visible(actor, "envelope", envelope_id)
    document: EnvelopeDocument | None = envelope.documents.filter(pk=as_uuid(document_id)).first()
    if document is None:
        raise NotFound("This envelope has no such document.")
    return document


def find_file(actor: Actor, envelope_id: Any, document_id: Any, form: str) -> StoredFile:
    """The file of a document in one form: "original", "prepared", "sealed" or "archived" (the
    newest with a renewed archive time stamp); raises NotFound."""
    document = find_document(actor, envelope_id, document_id)
    stored: StoredFile | None = (
        getattr(document, form, None) if form in ("original", "prepared", "sealed") else None
    )
    if form == "archived" and (newest := document.archived_versions.last()):
        stored = newest.file
    if stored is None:
        raise NotFound("This document does not exist in this form (yet).")
    return stored


def sealed_document(sha256: str) -> EnvelopeDocument | None:
    """The document that this installation sealed, or renewed in its archive, with exactly these
    bytes, or None."""
    if not sha256:
        return None
    known = Q(sealed_sha256=sha256) | Q(archived_versions__sha256=sha256)
    return EnvelopeDocument.objects.filter(known).select_related("envelope").first()


def preview_of(envelope: Envelope, *, hidden: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The documents page by page with everyone's fields, for the sender; those of ``hidden``
    recipients are left to the editor."""
    by_page: dict[tuple[Any, int], list[dict[str, Any]]] = {}
    rows = EnvelopeField.objects.filter(document__envelope=envelope).select_related("recipient")
    for field in rows.exclude(recipient_id__in=hidden):
        by_page.setdefault((field.document_id, field.page), []).append(
            {
                "id": field.pk,
                "kind": field.kind,
                "title": field.title,
                "required": field.required,
                "who": field.recipient.name,
                "tint": field.recipient.position % 6,
            }
        )
    return [
        {
            "id": document.pk,
            "name": document.name,
            "notes": document.notes,
            "look": look_of(document.redlines.all()),
            "pages": [
                {
                    "number": number + 1,
                    "width": round(geometry.width),
                    "height": round(geometry.height),
                    "fields": by_page.get((document.pk, number), []),
                }
                for number, geometry in enumerate(map(PageGeometry.from_json, document.pages))
            ],
        }
        for document in documents_with_redlines(envelope)
    ]


def editor_of(envelope: Envelope, owners: Sequence[Recipient] | None = None) -> dict[str, Any]:
    """What the field editor starts with: the fields of ``owners``, or of everyone who signs."""
    if owners is None:
        owners = list(envelope.recipients.filter(role__in=SIGNING_ROLES))
    fields = EnvelopeField.objects.filter(
        document__envelope=envelope, recipient__in=owners
    ).select_related("recipient", "file")
    return {
        "owners": [
            {"id": str(each.pk), "name": each.name, "tint": each.position % 6} for each in owners
        ],
        "kinds": {value: _(label) for value, label in FieldKind.choices},
        "sizes": SIZES,
        **paying_facts(),
        "fields": starting_fields(list(fields)),
    }


def signers_without_place(envelope_id: Any) -> list[str]:
    """Who signs but has no signature field yet: they get a page for signatures on sending."""
    return list(
        Recipient.objects.filter(envelope_id=envelope_id, role__in=SIGNING_ROLES)
        .exclude(fields__kind=FieldKind.SIGNATURE)
        .values_list("name", flat=True)
    )
