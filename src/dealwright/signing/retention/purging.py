"""Destroying an envelope for good, and leaving what proves that it was there.

Files lose their keys, details about people their text and their salts. What stays: ids, times,
hashes, and the chain, whose entries commit to the details by salted hashes only; so it still
verifies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, DealwrightError, Invalid, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.events.outbox import record_event
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import destroy_file
from dealwright.base.messaging.models import InboundMessage, Notice, OutboundMessage
from dealwright.base.records.audit_erasure import erase_audit_values
from dealwright.base.records.services import save_changes
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.models import EvidenceDetail
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.identity.models import (
    IdentityStep,
    OneTimeCode,
    PasskeyChallenge,
    SignerPasskey,
    SignerTotp,
)
from dealwright.signing.identity.services import texted_to
from dealwright.signing.retention.events import EnvelopePurged, RecipientErased
from dealwright.signing.retention.models import RetentionRun
from dealwright.signing.retention.queries import due_envelopes
from dealwright.signing.retention.services import locked, require_keeper

PURGED_TITLE = "Purged envelope"
ERASED_NAME = "Erased person"
Eraser = Callable[[Envelope], None]
_erasers: dict[str, Eraser] = {}


def erase_with(name: str, eraser: Eraser) -> None:
    """A room that keeps something about people beside an envelope says how it is erased; called
    inside the purge's transaction. Names are unique."""
    if _erasers.setdefault(name, eraser) is not eraser:
        raise RuntimeError(f"The eraser {name!r} is defined twice.")


def purge_due(actor: Actor) -> RetentionRun:
    """Destroy every envelope whose time is over and that nothing holds; returns the report.

    One transaction each: what fails is reported, and tried again by the next run.
    """
    require_keeper(actor)
    run = RetentionRun(started_by=actor.user)
    for due in list(due_envelopes()):
        if due.held:
            run.left[str(due.id)] = "held"
            continue
        try:
            purge_envelope(
                system("Retention") if actor.is_system else actor,
                due.id,
                reason=f"Policy: {due.policy}",
            )
        except DealwrightError as error:
            run.left[str(due.id)] = error.code
        else:
            run.purged.append(str(due.id))
    with change(actor):
        run.save(force_insert=True)
    return run


def purge_envelope(actor: Actor, envelope_id: Any, *, reason: str) -> Envelope:
    """Destroy the files of an envelope that has ended and all it knows of people.

    For administrators and legal. Cannot be undone. Raises NotAllowed, NotFound, Invalid without
    a reason, and Conflict where it has not ended, is held, or is purged already.
    """
    require_keeper(actor)
    reason = _reason(reason)
    with change(actor):
        envelope = _ended(actor, envelope_id)
        with connection.cursor() as cursor:
            cursor.execute("select set_config('dealwright.purging', 'on', true)")
        documents = list(envelope.documents.all())
        people = list(envelope.recipients.all())
        files = StoredFile.everything.filter(object="envelope", record_id=envelope.pk)
        destroyed = [stored for stored in files.select_for_update() if not stored.is_destroyed]
        for stored in destroyed:
            destroy_file(stored)
        for document in documents:
            document.name, document.texts = f"Document {document.position}", []
            document.save(update_fields=["name", "texts"])
        fields = EnvelopeField.objects.filter(recipient__envelope=envelope)
        adopted = AdoptedSignature.objects.filter(recipient__envelope=envelope)
        rows = [each.pk for each in (*documents, *people, *fields, *adopted)]
        fields.update(value="", label="")
        adopted.delete()
        _forget_proofs(people)
        for recipient in people:
            _forget(recipient)
        for eraser in _erasers.values():
            eraser(envelope)
        details = EvidenceDetail.objects.filter(envelope=envelope)
        entries = details.exclude(details={}).update(details={}, salt="")
        _erase_messages(Q(object="envelope", record_id=envelope.pk))
        _erase_told(envelope)
        save_changes(
            actor,
            envelope,
            {
                "purged_at": timezone.now(),
                "title": PURGED_TITLE,
                "message": "",
                "ended_reason": "",
                "seal_error": "",
                "custom": {},
                "certificate": None,
            },
        )
        erase_audit_values([envelope.pk, *rows])
        record_evidence(
            envelope,
            "envelope.purged",
            actor=actor,
            facts={
                "reason": reason,
                "files": sorted(stored.sha256 for stored in destroyed),
                "details_erased": entries,
            },
        )
        record_event(
            actor,
            EnvelopePurged(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                files=len(destroyed),
            ),
            object="envelope",
            record_id=envelope.pk,
        )
        with connection.cursor() as cursor:
            cursor.execute("select set_config('dealwright.purging', '', true)")
    return envelope


def erase_recipient(actor: Actor, envelope_id: Any, recipient_id: Any, *, reason: str) -> Recipient:
    """Erase what is kept of one recipient beside the signed documents: name, address, where they
    acted from, mails, and their traces in the audit trail (GDPR, article 17).

    The documents themselves stay with their signatures, as evidence of the agreement (article
    17(3)(e)); a purge destroys them. Raises as ``purge_envelope``.
    """
    require_keeper(actor)
    reason = _reason(reason)
    with change(actor):
        envelope = _ended(actor, envelope_id)
        recipient: Recipient | None = envelope.recipients.filter(pk=as_uuid(recipient_id)).first()
        if recipient is None:
            raise NotFound("This envelope has no such recipient.")
        if recipient.name == ERASED_NAME:
            raise Conflict("This recipient was erased already.")
        to = Q(to__iexact=recipient.email) | Q(to__in=texted_to(recipient))
        about = [
            row
            for row in EvidenceDetail.objects.filter(envelope=envelope).exclude(details={})
            if row.recipient_id == recipient.pk or str(recipient.pk) in str(row.details)
        ]
        for row in about:
            row.details, row.salt = {}, ""
            row.save(update_fields=["details", "salt"])
        _forget_proofs([recipient])
        _forget(recipient)
        _erase_messages(Q(object="envelope", record_id=envelope.pk) & to)
        erase_audit_values([recipient.pk])
        record_evidence(
            envelope,
            "recipient.erased",
            actor=actor,
            facts={
                "recipient": str(recipient.pk),
                "reason": reason,
                "erased": [row.seq for row in about],
            },
        )
        record_event(
            actor,
            RecipientErased(envelope_id=envelope.pk, recipient_id=recipient.pk),
            object="envelope",
            record_id=envelope.pk,
        )
    return recipient


def _ended(actor: Actor, envelope_id: Any) -> Envelope:
    """The envelope, locked, where it may be destroyed."""
    envelope = locked(actor, envelope_id)
    if envelope.purged_at is not None:
        raise Conflict("This envelope was purged already.", code="purged")
    if not envelope.has_ended:
        raise Conflict("Only an envelope that has ended can be purged.", code="not_ended")
    if envelope.holds.filter(released_at__isnull=True).exists():
        raise Conflict("A legal hold keeps this envelope. Release it first.", code="held")
    return envelope


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason or len(reason) > 200:
        sentence = "Say why, in at most 200 characters, and name nobody: it stays in the evidence."
        raise Invalid(sentence, fields={"reason": [sentence]})
    return reason


def _forget_proofs(people: Sequence[Recipient]) -> None:
    """What they showed who they are with, and what their addresses are enrolled with where no
    other envelope knows the address."""
    for model in (OneTimeCode, IdentityStep, PasskeyChallenge):
        model.objects.filter(recipient__in=people).delete()
    others = Recipient.objects.exclude(pk__in=[each.pk for each in people])
    for address in {each.email for each in people if each.email}:
        if not others.filter(email=address).exists():
            SignerTotp.objects.filter(email=address).delete()
            SignerPasskey.objects.filter(email=address).delete()


def _forget(recipient: Recipient) -> None:
    """The link's hash stays, so that whoever opens it is told that the envelope is gone."""
    recipient.name, recipient.email, recipient.decline_reason = ERASED_NAME, "", ""
    recipient.session_hash = recipient.meaning = ""
    recipient.save(update_fields=["name", "email", "decline_reason", "session_hash", "meaning"])


def _erase_messages(which: Q) -> None:
    messages = OutboundMessage.objects.filter(which)
    InboundMessage.objects.filter(outbound__in=messages).update(
        subject="", text="", html="", from_address="", from_name=""
    )
    messages.update(
        subject="", text="", html="", to="", to_name="", headers={}, next_attempt_at=None
    )


def _erase_told(envelope: Envelope) -> None:
    """Titles and reasons in notices and in the events that were told."""
    Notice.objects.filter(object="envelope", record_id=envelope.pk).update(
        title=PURGED_TITLE, body=""
    )
    told: Iterable[tuple[int, dict[str, Any]]] = OutboxEvent.objects.filter(
        object="envelope", record_id=envelope.pk
    ).values_list("seq", "payload")
    for seq, payload in list(told):
        kept = {
            key: "" if isinstance(value, str) and not _is_fact(value) else value
            for key, value in payload.items()
        }
        if kept != payload:
            OutboxEvent.objects.filter(seq=seq).update(payload=kept)


def _is_fact(value: str) -> bool:
    """An id or a hash, which tell nothing of people."""
    try:
        UUID(value)
    except ValueError:
        return len(value) == 64 and all(each in "0123456789abcdef" for each in value)
    return True
