"""Documents and fields of a draft, from what was given to what recipients see."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, Unavailable
from dealwright.base.files.services import read_file, store_file
from dealwright.base.messaging.liquid_text import missing_names, render_template_text
from dealwright.signing.blueprints.merging import merge_values
from dealwright.signing.documents.geometry import PageGeometry
from dealwright.signing.documents.signature_page import add_signature_page
from dealwright.signing.documents.sources import CONTENT_TYPES, kind_of, pdf_name
from dealwright.signing.documents.stamping import Mark, missing_marks, place_marks
from dealwright.signing.documents.uploads import Upload
from dealwright.signing.envelopes.drafts import (
    KeptDocument,
    NewDocument,
    NewField,
    NewRecipient,
)
from dealwright.signing.envelopes.models import (
    SIGNING_ROLES,
    Envelope,
    EnvelopeDocument,
)
from dealwright.signing.fields.checking import clean_value
from dealwright.signing.fields.models import EnvelopeField, FieldKind, keep_fields


def fields_of_anchors(
    uploads: Sequence[Upload], recipients: Sequence[NewRecipient]
) -> list[NewField]:
    """The fields that marks in the documents ask for; raises Invalid where a signer is missing."""
    signers = [number for number, each in enumerate(recipients, start=1) if each.signs]
    fields = []
    for document, upload in enumerate(uploads, start=1):
        for anchor in upload.anchors:
            if not 1 <= anchor.signer <= len(signers):
                raise invalid(
                    "documents",
                    f"The document asks for signer {anchor.signer} on page {anchor.page + 1}, "
                    f"but {len(signers)} sign.",
                )
            fields.append(
                NewField(
                    recipient=signers[anchor.signer - 1],
                    kind=anchor.kind,
                    document=document,
                    page=anchor.page + 1,
                    box=anchor.box,
                    label=anchor.label,
                    required=anchor.required,
                    options=anchor.options,
                    option=anchor.option,
                    formula=anchor.formula,
                )
            )
    return fields


def of_kept(kept: KeptDocument) -> Upload:
    """A document that is here as one that was read: its marks became fields when it came."""
    return Upload(
        pdf=b"",
        pages=tuple(PageGeometry.from_json(each) for each in kept.pages),
        texts=tuple(kept.texts),
        anchors=(),
        notes=(),
    )


def keep_document(
    actor: Actor, envelope: Envelope, position: int, given: NewDocument, upload: Upload
) -> EnvelopeDocument:
    """Keep a document as it was given and as it is shown."""
    name = given.name.strip() or f"Document {position}.pdf"
    if given.kept is not None:
        made: EnvelopeDocument = EnvelopeDocument.objects.create(
            envelope=envelope,
            position=position,
            name=name,
            original=given.kept.original,
            original_sha256=given.kept.original_sha256,
            prepared=given.kept.prepared,
            prepared_sha256=given.kept.prepared_sha256,
            pages=given.kept.pages,
            texts=given.kept.texts,
        )
        return made
    original = store_file(
        actor,
        name=name,
        content=given.content,
        content_type=CONTENT_TYPES.get(kind_of(given.content, name), "application/octet-stream"),
        object="envelope",
        record_id=envelope.pk,
        purpose="original",
        generated=True,
    )
    prepared = store_file(
        actor,
        name=pdf_name(name),
        content=upload.pdf,
        content_type="application/pdf",
        object="envelope",
        record_id=envelope.pk,
        purpose="prepared",
        generated=True,
    )
    return EnvelopeDocument.objects.create(
        envelope=envelope,
        position=position,
        name=name,
        original=original,
        original_sha256=hashlib.sha256(given.content).hexdigest(),
        prepared=prepared,
        prepared_sha256=hashlib.sha256(upload.pdf).hexdigest(),
        pages=[page.as_json() for page in upload.pages],
        notes=list(upload.notes),
        texts=list(upload.texts),
    )


def complete_fields(actor: Actor, envelope: Envelope) -> None:
    """Give every signer without a signature field a place on a page for signatures."""
    signed = set(
        EnvelopeField.objects.filter(
            document__envelope=envelope, kind=FieldKind.SIGNATURE
        ).values_list("recipient_id", flat=True)
    )
    without = [
        each for each in envelope.recipients.filter(role__in=SIGNING_ROLES) if each.pk not in signed
    ]
    if not without:
        return
    document: EnvelopeDocument | None = envelope.documents.order_by("-position").first()
    assert document is not None
    pdf, blocks = add_signature_page(
        read_file(document.prepared),
        title=envelope.title,
        signers=[(each.name, each.email) for each in without],
    )
    replace_prepared(actor, envelope, document, pdf)
    places = [
        (without[block.signer], kind, block.page, box)
        for block in blocks
        for kind, box in (
            (FieldKind.SIGNATURE, block.signature),
            (FieldKind.DATE_SIGNED, block.date),
        )
    ]
    first = document.fields.count() + 1
    keep_fields(
        EnvelopeField(
            document=document,
            recipient=recipient,
            position=position,
            kind=kind,
            page=page,
            **asdict(box),
        )
        for position, (recipient, kind, page, box) in enumerate(places, start=first)
    )


def draw_marks(
    actor: Actor,
    envelope: Envelope,
    document: EnvelopeDocument,
    marks: Sequence[Mark],
    *,
    unseen: str,
) -> None:
    """Put marks into what is shown of a document.

    Raises Unavailable where one cannot be seen afterwards: ``unseen`` says what to do, with the
    number of the page at ``{page}``.
    """
    before = read_file(document.prepared)
    after = place_marks(before, marks)
    if missing := missing_marks(before, after, marks):
        raise Unavailable(f"{document.name}: " + unseen.format(page=missing[0].page + 1))
    replace_prepared(actor, envelope, document, after)


def replace_prepared(
    actor: Actor, envelope: Envelope, document: EnvelopeDocument, pdf: bytes
) -> None:
    """Show another PDF in its place, through the same gate as an upload."""
    from dealwright.signing.sandbox import run_limited

    # Through the same gate as an upload, so that its geometry is read in one place.
    answer = run_limited("normalise", pdf)
    document.prepared = store_file(
        actor,
        name=document.name,
        content=answer.content,
        content_type="application/pdf",
        object="envelope",
        record_id=envelope.pk,
        purpose="prepared",
        generated=True,
    )
    document.prepared_sha256 = answer.data["sha256"]
    document.pages = answer.data["pages"]
    document.texts = answer.data["texts"]
    document.save(update_fields=["prepared", "prepared_sha256", "pages", "texts"])


def merge_starts(actor: Actor, envelope: Envelope) -> None:
    """Put values of the record that the envelope is about where texts start with
    ``{{ names }}`` of its fields; as far as the actor may see them.

    Raises Invalid that names the field, where there is no such value.
    """
    if not envelope.subject_object:
        return
    values: dict[str, Any] = {}
    for field in EnvelopeField.objects.filter(
        document__envelope=envelope, kind=FieldKind.TEXT, value__contains="{{"
    ):
        values = values or merge_values(actor, envelope.subject_object, envelope.subject_id)
        gone = missing_names(field.value, values)
        if gone:
            said = f"{field.title}: the record has no value for {', '.join(gone)[:200]}."
            raise invalid(str(field.pk), said)
        try:
            field.value = clean_value(field, render_template_text(field.value, values).strip())
        except Invalid as error:
            raise invalid(str(field.pk), f"{field.title}: {error.message}") from None
        field.filled_at = timezone.now() if field.value else None
        field.save(update_fields=["value", "filled_at"])


def prefill(envelope: Envelope) -> None:
    """Put the recipient's name and address where they are asked for; they may correct them."""
    for field in EnvelopeField.objects.filter(
        document__envelope=envelope, kind__in=(FieldKind.NAME, FieldKind.EMAIL)
    ).select_related("recipient"):
        if not field.recipient.email and field.recipient.host_id is None:
            continue  # nobody yet
        field.value = (
            field.recipient.name if field.kind == FieldKind.NAME else field.recipient.email
        )
        field.filled_at = timezone.now() if field.value else None
        field.save(update_fields=["value", "filled_at"])


def invalid(key: str, sentence: str) -> Invalid:
    """One wrong place with its sentence."""
    return Invalid(sentence, fields={key: [sentence]})
