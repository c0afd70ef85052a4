"""What a recipient can do with the link they were sent.

Every act locks the envelope's row first, then looks again whether it may be done: whose
turn it is, whether the envelope has ended, whether this browser confirmed the code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import get_language

from dealwright.base.access.actor import change
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events.outbox import record_event
from dealwright.base.records.services import save_changes
from dealwright.signing.ceremonies.acts import (
    acting,
    ceremony_step,
    not_now,
    note_view,
    require_step,
)
from dealwright.signing.ceremonies.filling import fill
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.drafts import check_text
from dealwright.signing.envelopes.events import EnvelopeDeclined, RecipientSigned
from dealwright.signing.envelopes.models import (
    Recipient,
    Role,
)
from dealwright.signing.envelopes.routing import advance, pending_recipients
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.models import EnvelopeField, FieldKind


def view_envelope(ceremony: Ceremony) -> None:
    """Note that a person looks at it. Only a POST of the page does this: mail scanners fetch
    links, too. Safe to repeat."""
    if ceremony.recipient.opened_at is not None:
        return
    with acting(ceremony) as (envelope, recipient):
        note_view(ceremony, envelope, recipient)


def give_consent(ceremony: Ceremony, consent_id: Any) -> None:
    """Agree to sign electronically, to the very text that was shown in the reader's language.

    Raises Conflict where the text is no longer the one in force.
    """
    text = current_consent(get_language() or ceremony.envelope.language)
    if str(consent_id) != str(text.pk):
        raise Conflict("The text has changed. Please read the new one.", code="consent_changed")
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.CONSENT)
        note_view(ceremony, envelope, recipient)
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


def sign(ceremony: Ceremony, values: Mapping[str, str] | None = None) -> None:
    """Do one's part: sign, approve, or confirm having read, as the role says.

    ``values`` are field values by id that were not kept before. Raises Invalid that names
    every required field without a value.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        now = timezone.now()
        fields = list(recipient.fields.select_related("document"))
        for field in fields:
            if values and str(field.pk) in values:
                fill(field, recipient, values[str(field.pk)])
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
    with acting(ceremony) as (envelope, recipient):
        if ceremony_step(ceremony, envelope, recipient) not in (
            Step.CONSENT,
            Step.CODE,
            Step.DOCUMENT,
        ):
            raise not_now()
        note_view(ceremony, envelope, recipient)
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


def _hash_of_fields(fields: list[EnvelopeField]) -> str:
    shown = [[str(field.pk), field.kind, field.value] for field in fields]
    return hashlib.sha256(orjson.dumps(shown)).hexdigest()


def _consent_facts(text: ConsentText) -> dict[str, Any]:
    return {"consent_version": text.version, "language": text.language, "sha256": text.sha256}
