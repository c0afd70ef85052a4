"""What a recipient can do with the link they were sent.

Every act locks the envelope's row first, then looks again whether it may be done: whose
turn it is, whether the envelope has ended, whether this browser confirmed the code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import get_language

from dealwright.base.access.actor import change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.records.services import save_changes
from dealwright.signing.ceremonies.models import AdoptedSignature
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.consent.services import current_consent
from dealwright.signing.documents import fonts
from dealwright.signing.documents.strokes import read_strokes
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.drafts import check_text
from dealwright.signing.envelopes.events import EnvelopeDeclined, EnvelopeViewed, RecipientSigned
from dealwright.signing.envelopes.models import (
    Envelope,
    EnvelopeField,
    FieldKind,
    IdentityMethod,
    Recipient,
    Role,
)
from dealwright.signing.envelopes.routing import advance, pending_recipients
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.identity.services import (
    check_code,
    confirm_session,
    send_code,
)

FONTS = {"handwritten": fonts.HANDWRITTEN, "formal": fonts.FORMAL}
MAX_VALUE = 1_000


def view_envelope(ceremony: Ceremony) -> None:
    """Note that a person looks at it. Only a POST of the page does this: mail scanners fetch
    links, too. Safe to repeat."""
    if ceremony.recipient.opened_at is not None:
        return
    with _locked(ceremony) as (envelope, recipient):
        _note_view(ceremony, envelope, recipient)


def give_consent(ceremony: Ceremony, consent_id: Any) -> None:
    """Agree to sign electronically, to the very text that was shown in the reader's language.

    Raises Conflict where the text is no longer the one in force.
    """
    text = current_consent(get_language() or ceremony.envelope.language)
    if str(consent_id) != str(text.pk):
        raise Conflict("The text has changed. Please read the new one.", code="consent_changed")
    with _locked(ceremony) as (envelope, recipient):
        _require(ceremony, envelope, recipient, Step.CONSENT)
        _note_view(ceremony, envelope, recipient)
        recipient.consented_at = timezone.now()
        recipient.consent = text
        recipient.save(update_fields=["consented_at", "consent"])
        record_evidence(
            envelope,
            "recipient.consented",
            actor=ceremony.actor,
            recipient=recipient,
            facts=_consent_facts(text),
            details=ceremony.visit.details,
        )


def request_code(ceremony: Ceremony) -> None:
    """Send a one-time code; raises Conflict where too many were asked for."""
    with _locked(ceremony) as (envelope, recipient):
        _require(ceremony, envelope, recipient, Step.CODE)
        send_code(ceremony.actor, envelope, recipient, session_key=ceremony.visit.session_key)


def confirm_code(ceremony: Ceremony, code: str) -> None:
    """Confirm the code that was sent; raises Invalid or Conflict with what to do next."""
    with _locked(ceremony) as (envelope, recipient):
        _require(ceremony, envelope, recipient, Step.CODE)
        found = check_code(
            ceremony.actor,
            envelope,
            recipient,
            code,
            session_key=ceremony.visit.session_key,
            details=ceremony.visit.details,
        )
        if not isinstance(found, Exception):
            confirm_session(ceremony.actor, recipient, session_key=ceremony.visit.session_key)
            record_evidence(
                envelope,
                "recipient.authenticated",
                actor=ceremony.actor,
                recipient=recipient,
                facts={"method": IdentityMethod.EMAIL_OTP.value, "transaction": str(found.pk)},
                details=ceremony.visit.details,
            )
    if isinstance(found, Exception):
        raise found


def adopt_signature(
    ceremony: Ceremony,
    *,
    kind: str = AdoptedSignature.Kind.SIGNATURE,
    strokes: Any = None,
    text: str = "",
    font: str = "handwritten",
) -> AdoptedSignature:
    """Choose what stands for oneself: ``strokes`` as ``documents.strokes`` reads them, or a
    typed ``text``. A later choice replaces it everywhere. Raises Invalid."""
    if kind not in AdoptedSignature.Kind.values:
        raise Invalid("There is no such kind of signature.")
    if strokes is not None:
        values: dict[str, Any] = {
            "strokes": read_strokes(strokes).as_json(),
            "text": "",
            "font": "",
        }
    else:
        typed = " ".join(text.split())
        if not typed or len(typed) > 160 or "\x00" in typed:
            sentence = "Type your name, or draw your signature."
            raise Invalid(sentence, fields={"text": [sentence]})
        values = {"strokes": None, "text": typed, "font": FONTS.get(font, fonts.HANDWRITTEN)}
    with _locked(ceremony) as (envelope, recipient):
        _require(ceremony, envelope, recipient, Step.DOCUMENT)
        adopted, _ = AdoptedSignature.objects.update_or_create(
            recipient=recipient, kind=kind, defaults={**values, "adopted_at": timezone.now()}
        )
        shown = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        record_evidence(
            envelope,
            "recipient.adopted",
            actor=ceremony.actor,
            recipient=recipient,
            facts={"kind": kind, "sha256": hashlib.sha256(shown).hexdigest()},
            details={"form": "typed" if strokes is None else "drawn", **ceremony.visit.details},
        )
    return adopted


def fill_field(ceremony: Ceremony, field_id: Any, value: str) -> EnvelopeField:
    """Keep one value, so that a person can finish later. An empty one empties the field.

    A signature or initials field takes "on" and needs an adopted one first. Raises Invalid
    naming the field.
    """
    with _locked(ceremony) as (envelope, recipient):
        _require(ceremony, envelope, recipient, Step.DOCUMENT)
        field: EnvelopeField | None = recipient.fields.filter(pk=as_uuid(field_id)).first()
        if field is None:
            raise NotFound("This envelope has no such field.")
        _fill(field, recipient, value)
    return field


def sign(ceremony: Ceremony, values: Mapping[str, str] | None = None) -> None:
    """Do one's part: sign, approve, or confirm having read, as the role says.

    ``values`` are field values by id that were not kept before. Raises Invalid that names
    every required field without a value.
    """
    with _locked(ceremony) as (envelope, recipient):
        _require(ceremony, envelope, recipient, Step.DOCUMENT)
        now = timezone.now()
        fields = list(recipient.fields.select_related("document"))
        for field in fields:
            if values and str(field.pk) in values:
                _fill(field, recipient, values[str(field.pk)])
            if field.kind == FieldKind.DATE_SIGNED:
                field.value, field.filled_at = f"{now:%Y-%m-%d}", now
                field.save(update_fields=["value", "filled_at"])
        missing = {
            str(field.pk): [f"{field.title} on page {field.page + 1} is missing."]
            for field in fields
            if field.required and field.filled_at is None
        }
        if missing:
            raise Invalid(
                " ".join(sentence for each in missing.values() for sentence in each),
                code="fields_missing",
                fields=missing,
            )
        recipient.signed_at = now
        recipient.save(update_fields=["signed_at"])
        documents = envelope.documents.all()
        kind = {Role.APPROVER: "recipient.approved", Role.VIEWER: "recipient.acknowledged"}.get(
            Role(recipient.role), "recipient.signed"
        )
        record_evidence(
            envelope,
            kind,
            actor=ceremony.actor,
            recipient=recipient,
            facts={
                "documents": [each.prepared_sha256 for each in documents],
                "fields_sha256": _hash_of_fields(fields),
                "intent": intent_sentence(recipient),
            },
            details=ceremony.visit.details,
        )
        record_event(
            ceremony.actor,
            RecipientSigned(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                recipient_id=recipient.pk,
                role=recipient.role,
            ),
            object="envelope",
            record_id=envelope.pk,
        )
        advance(ceremony.actor, envelope)
        if any(each.role != Role.CC for each in pending_recipients(envelope)):
            mail.tell_owner(envelope, f"{recipient.name} signed {envelope.title}")


def decline(ceremony: Ceremony, *, reason: str, wants_paper: bool = False) -> None:
    """Say no; the envelope ends for everyone. ``wants_paper`` withdraws the consent as well."""
    reason = check_text("reason", reason, longest=2_000, name="The reason")
    if not reason and wants_paper:
        reason = "I want to sign on paper instead."
    if not reason:
        sentence = "Say why, so that the sender can put it right."
        raise Invalid(sentence, fields={"reason": [sentence]})
    with _locked(ceremony) as (envelope, recipient):
        if ceremony_step(ceremony, envelope, recipient) not in (
            Step.CONSENT,
            Step.CODE,
            Step.DOCUMENT,
        ):
            raise _not_now()
        _note_view(ceremony, envelope, recipient)
        now = timezone.now()
        recipient.declined_at, recipient.decline_reason = now, reason
        if wants_paper:
            recipient.consent_withdrawn_at = now
            record_evidence(
                envelope,
                "recipient.consent_withdrawn",
                actor=ceremony.actor,
                recipient=recipient,
                details=ceremony.visit.details,
            )
        recipient.save(update_fields=["declined_at", "decline_reason", "consent_withdrawn_at"])
        record_evidence(
            envelope,
            "recipient.declined",
            actor=ceremony.actor,
            recipient=recipient,
            details={"reason": reason, **ceremony.visit.details},
        )
        save_changes(
            ceremony.actor,
            envelope,
            {"declined_at": now, "ended_reason": reason, "remind_at": None},
        )
        record_evidence(envelope, "envelope.declined", actor=ceremony.actor)
        record_event(
            ceremony.actor,
            EnvelopeDeclined(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                recipient_id=recipient.pk,
                reason=reason,
            ),
            object="envelope",
            record_id=envelope.pk,
        )
        for other in envelope.recipients.exclude(sent_at=None).exclude(pk=recipient.pk):
            mail.tell_ended(ceremony.actor, envelope, other, "declined", "")
        mail.tell_owner(envelope, f"{recipient.name} declined {envelope.title}", reason)


def note_download(ceremony: Ceremony, sha256: str) -> None:
    """Write down that a recipient took a document along."""
    with change(ceremony.actor):
        record_evidence(
            ceremony.envelope,
            "document.downloaded",
            actor=ceremony.actor,
            recipient=ceremony.recipient,
            facts={"document": sha256},
            details=ceremony.visit.details,
        )


def intent_sentence(recipient: Recipient) -> str:
    """What the button means, in the words that stand above it."""
    match recipient.role:
        case Role.APPROVER:
            return "I have read the documents and approve them."
        case Role.VIEWER:
            return "I confirm that I have received and read the documents."
        case _:
            return "I have read the documents and sign them with the signature shown here."


def ceremony_step(ceremony: Ceremony, envelope: Envelope, recipient: Recipient) -> Step:
    """The step by rows read anew."""
    return Ceremony(envelope, recipient, ceremony.visit).step


@contextmanager
def _locked(ceremony: Ceremony) -> Iterator[tuple[Envelope, Recipient]]:
    """The transaction of an act: the envelope's row locked, both rows read anew."""
    with change(ceremony.actor):
        envelope = (
            Envelope.objects.select_for_update(of=("self",))
            .select_related("owner")
            .get(pk=ceremony.envelope.pk)
        )
        recipient = envelope.recipients.get(pk=ceremony.recipient.pk)
        recipient.envelope = envelope
        yield envelope, recipient


def _require(ceremony: Ceremony, envelope: Envelope, recipient: Recipient, step: Step) -> None:
    if ceremony_step(ceremony, envelope, recipient) != step:
        raise _not_now()


def _not_now() -> Conflict:
    return Conflict(
        "This cannot be done now. Reload the page to see where things stand.", code="wrong_step"
    )


def _note_view(ceremony: Ceremony, envelope: Envelope, recipient: Recipient) -> None:
    if recipient.opened_at is not None:
        return
    recipient.opened_at = timezone.now()
    recipient.save(update_fields=["opened_at"])
    if envelope.started_at is None and envelope.is_open:
        save_changes(ceremony.actor, envelope, {"started_at": recipient.opened_at})
    record_evidence(
        envelope,
        "recipient.viewed",
        actor=ceremony.actor,
        recipient=recipient,
        details=ceremony.visit.details,
    )
    record_event(
        ceremony.actor,
        EnvelopeViewed(
            envelope_id=envelope.pk,
            subject_object=envelope.subject_object,
            subject_id=envelope.subject_id,
            recipient_id=recipient.pk,
        ),
        object="envelope",
        record_id=envelope.pk,
    )


def _fill(field: EnvelopeField, recipient: Recipient, value: str) -> None:
    if field.kind == FieldKind.DATE_SIGNED:
        return
    value = value.strip()
    if len(value) > MAX_VALUE or "\x00" in value:
        sentence = f"{field.title} may have at most {MAX_VALUE} characters."
        raise Invalid(sentence, fields={str(field.pk): [sentence]})
    if field.kind in (FieldKind.SIGNATURE, FieldKind.INITIALS):
        if value and not recipient.adopted.filter(kind=field.kind).exists():
            sentence = f"Choose your {field.kind} first."
            raise Invalid(sentence, code="adopt_first", fields={str(field.pk): [sentence]})
        value = "on" if value else ""
    if field.kind == FieldKind.CHECKBOX:
        value = "on" if value in ("on", "true", "1", "yes") else ""
    field.value = value
    field.filled_at = timezone.now() if value else None
    field.save(update_fields=["value", "filled_at"])


def _hash_of_fields(fields: list[EnvelopeField]) -> str:
    shown = [[str(field.pk), field.kind, field.value] for field in fields]
    return hashlib.sha256(orjson.dumps(shown)).hexdigest()


def _consent_facts(text: ConsentText) -> dict[str, Any]:
    return {"consent_version": text.version, "language": text.language, "sha256": text.sha256}
