"""From the last signature to the sealed documents: exactly once, whatever dies in between."""

from __future__ import annotations

import errno
import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.errors import DealwrightError, Unavailable
from dealwright.base.events.outbox import record_event
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file, store_file
from dealwright.base.people.organization import organization
from dealwright.base.records.services import save_changes
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.documents.fonts import isolated
from dealwright.signing.documents.geometry import Box
from dealwright.signing.documents.signature_page import append_pages
from dealwright.signing.documents.sources import pdf_name
from dealwright.signing.documents.stamping import Mark, missing_marks, place_marks
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.certificate import certificate_of_completion, utc
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.events import (
    EnvelopeCompleted,
    EnvelopeSealed,
    EnvelopeSealFailed,
)
from dealwright.signing.envelopes.models import (
    Envelope,
    EnvelopeDocument,
    IdentityMethod,
    SignatureLevel,
)
from dealwright.signing.envelopes.routing import new_link
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.checking import shown_value
from dealwright.signing.fields.models import INK, EnvelopeField, FieldKind
from dealwright.signing.identity.choices import labels_of
from dealwright.signing.seals.renewal import archive_state
from dealwright.signing.seals.sealing import PersonalSignature, seal_pdf
from dealwright.signing.seals.services import plan_seal
from dealwright.signing.seals.signers import personal_signatures

log = logging.getLogger("dealwright.signing")

FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=6)
SEAL = system("Seal")


def seal_envelope(envelope_id: Any) -> bool:
    """Seal every document of a fully signed envelope; returns whether this call did it.

    The envelope's row is locked from the first look to the commit, so that two workers
    cannot both seal; what a killed worker leaves behind is a transaction that never
    happened, and the due time brings the next one. A failure is written down with its
    reason and tried again with growing waits; the signatures are kept.
    """
    try:
        with change(SEAL):
            envelope = (
                Envelope.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(pk=envelope_id, signed_at__isnull=False, completed_at__isnull=True)
                .select_related("owner")
                .first()
            )
            if envelope is None:
                return False
            _seal_locked(envelope)
            return True
    except Exception as error:
        log.exception("sealing envelope %s failed", envelope_id)
        _note_failure(envelope_id, error)
        return False


def _seal_locked(envelope: Envelope) -> None:
    plan = plan_seal()
    signatures: list[PersonalSignature] = []
    if envelope.signature_level == SignatureLevel.AES:
        signatures = personal_signatures(envelope, plan)
    now = timezone.now()
    certificate = certificate_of_completion(envelope, at=now)
    kept = store_file(
        SEAL,
        name="Certificate of completion.pdf",
        content=certificate,
        content_type="application/pdf",
        object="envelope",
        record_id=envelope.pk,
        purpose="certificate",
        generated=True,
    )
    files: list[StoredFile] = []
    hashes: list[str] = []
    for document in envelope.documents.all():
        filled = fill_document(document)
        sealed = seal_pdf(
            append_pages(filled, certificate),
            key=plan.key,
            reason=f"All parties have signed. Envelope {envelope.pk}",
            timestamper=plan.timestamper,
            profile=plan.profile,
            proof=plan.proof,
            signatures=signatures,
        )
        document.sealed = store_file(
            SEAL,
            name=_signed_name(document.name),
            content=sealed,
            content_type="application/pdf",
            object="envelope",
            record_id=envelope.pk,
            purpose="sealed",
            generated=True,
        )
        document.sealed_sha256 = hashlib.sha256(sealed).hexdigest()
        if plan.profile == "B-LTA" and (state := archive_state(sealed)):
            document.archive_due_at, document.archive_digest = state.due_at, state.digest
        document.save(update_fields=["sealed", "sealed_sha256", "archive_due_at", "archive_digest"])
        files.append(document.sealed)
        hashes.append(document.sealed_sha256)
    save_changes(
        SEAL,
        envelope,
        {
            "completed_at": now,
            "certificate": kept,
            "seal_at": None,
            "seal_failed_at": None,
            "seal_error": "",
            "seal_profile": plan.profile,
        },
    )
    certificates = [f"{each.key.certificate.serial_number:x}" for each in signatures]
    _tell(envelope, files, hashes, serial=plan.serial, certificates=certificates)


def fill_document(document: EnvelopeDocument) -> bytes:
    """The prepared document with every value and signature written in.

    Raises Unavailable where a value that must be there cannot be found in the result, so
    that nothing incomplete is ever sealed.
    """
    prepared = read_file(document.prepared)
    if hashlib.sha256(prepared).hexdigest() != document.prepared_sha256:
        raise Unavailable(f"{document.name} is not the document that was shown to the recipients.")
    fields = list(document.fields.select_related("recipient__envelope", "file"))
    marks = [mark for field in fields if (mark := mark_of(field)) is not None]
    empty = [field for field in fields if field.required and field.filled_at is None]
    if empty:
        raise Unavailable(f"{document.name} lacks a value: {empty[0].title}.")
    filled = place_marks(prepared, marks)
    missing = missing_marks(prepared, filled, marks)
    if missing:
        raise Unavailable(
            f"{document.name}: on page {missing[0].page + 1} a value cannot be read back after "
            "it was written. The document was not sealed."
        )
    return filled


def standing_content(document: EnvelopeDocument, fields: Sequence[EnvelopeField]) -> bytes:
    """The prepared document with what stands in some of its envelope's fields written in."""
    here = [field for field in fields if field.document_id == document.pk]
    marks = [mark for field in here if (mark := mark_of(field)) is not None]
    prepared = file_content(document.prepared)
    return place_marks(prepared, marks) if marks else prepared


def mark_of(field: EnvelopeField) -> Mark | None:
    """What a filled field looks like in the document; None for one without a value."""
    if field.filled_at is None or not field.value.strip():
        return None
    box = Box(field.x, field.y, field.w, field.h)
    if field.kind in INK:
        adopted = AdoptedSignature.objects.get(recipient=field.recipient, kind=field.kind)
        return Mark(
            page=field.page,
            box=box,
            kind="signature",
            text=adopted.text,
            font=adopted.font,
            strokes=adopted.ink,
            picture=bytes(adopted.picture or b""),
            caption=_caption(field) if field.kind == FieldKind.SIGNATURE else "",
        )
    match field.kind:
        case FieldKind.CHECKBOX:
            return Mark(page=field.page, box=box, kind="check")
        case FieldKind.RADIO:
            chosen = field.value == field.option
            return Mark(page=field.page, box=box, kind="radio") if chosen else None
        case FieldKind.STAMP if field.file is not None:
            picture = read_file(field.file)
            return Mark(page=field.page, box=box, kind="image", picture=picture)
        case FieldKind.ATTACHMENT if field.file is not None:
            text = f"Attached: {field.file.name} · SHA-256 {field.file.sha256[:16]}…"
        case _:
            text = shown_value(field, field.value, field.recipient.envelope.language)
    return Mark(page=field.page, box=box, kind="text", text=text)


def _caption(field: EnvelopeField) -> str:
    recipient = field.recipient
    step = recipient.identity_steps.filter(method=IdentityMethod.IDP).first()
    assurance = step.assurance if step else ""
    method = ", ".join(labels_of(recipient.identity_methods, assurance))
    method = method if assurance else method.lower()
    meaning = f"{isolated(recipient.meaning)} · " if recipient.meaning else ""
    signed = recipient.signed_at or field.filled_at
    return (
        f"Signed by {isolated(recipient.name)} · {utc(signed)} · {meaning}{method} · "
        f"envelope {str(recipient.envelope_id)[-12:]}"
    )


def _signed_name(name: str) -> str:
    return f"{pdf_name(name)[:-4]} (signed).pdf"


def _tell(
    envelope: Envelope,
    files: Sequence[StoredFile],
    hashes: Sequence[str],
    *,
    serial: str,
    certificates: Sequence[str],
) -> None:
    record_evidence(
        envelope,
        "envelope.sealed",
        actor=SEAL,
        facts={
            "documents": list(hashes),
            "profile": envelope.seal_profile,
            "organisation": organization().name,
            "certificate_serial": serial,
            **({"signer_certificates": list(certificates)} if certificates else {}),
        },
    )
    record_event(
        SEAL,
        EnvelopeSealed(
            envelope_id=envelope.pk,
            subject_object=envelope.subject_object,
            subject_id=envelope.subject_id,
            sha256=hashes[0],
            documents=list(hashes),
        ),
        object="envelope",
        record_id=envelope.pk,
    )
    record_event(
        SEAL,
        EnvelopeCompleted(
            envelope_id=envelope.pk,
            subject_object=envelope.subject_object,
            subject_id=envelope.subject_id,
        ),
        object="envelope",
        record_id=envelope.pk,
    )
    for recipient in envelope.recipients.filter(reassigned_at=None, skipped_at=None):
        token = new_link(recipient)
        recipient.save(update_fields=["token_hash"])
        mail.tell_completed(SEAL, envelope, recipient, token, files)
    mail.tell_owner(envelope, f"{envelope.title} is completed", "Everyone signed; it is sealed.")


def _note_failure(envelope_id: Any, error: Exception) -> None:
    """Write down why, and when it is tried again; the first failure is told to the sender."""
    reason = _reason(error)
    with change(SEAL):
        envelope = (
            Envelope.objects.select_for_update(of=("self",))
            .filter(pk=envelope_id, completed_at__isnull=True)
            .first()
        )
        if envelope is None:
            return
        first = envelope.seal_failed_at is None
        wait: timedelta = min(FIRST_WAIT * 2 ** min(envelope.seal_attempts, 10), LONGEST_WAIT)
        now: datetime = timezone.now()
        save_changes(
            SEAL,
            envelope,
            {
                "seal_failed_at": now,
                "seal_error": reason[:1000],
                "seal_attempts": envelope.seal_attempts + 1,
                "seal_at": now + wait,
            },
        )
        if not first:
            return
        record_evidence(envelope, "envelope.seal_failed", actor=SEAL, facts={"reason": reason})
        record_event(
            SEAL,
            EnvelopeSealFailed(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                reason=reason,
            ),
            object="envelope",
            record_id=envelope.pk,
        )
        mail.tell_owner(envelope, f"{envelope.title} could not be sealed yet", reason)


def _reason(error: Exception) -> str:
    """Why sealing did not work, for the sender."""
    if isinstance(error, DealwrightError):
        return error.message
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "There is no space left to store the sealed documents. Make room; it is tried again."
    return type(error).__name__
