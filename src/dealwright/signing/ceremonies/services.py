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
from dealwright.signing.ceremonies.filling import settle
from dealwright.signing.ceremonies.identifying import NOTHING_SHOWN, Shown, check_act
from dealwright.signing.ceremonies.meaning import check_meaning, intent_sentence
from dealwright.signing.ceremonies.naming import check_named
from dealwright.signing.ceremonies.seen import check_seen
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.consent.demonstration import check_demonstration
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.consent.services import current_consent
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.drafts import check_text
from dealwright.signing.envelopes.events import EnvelopeDeclined, FieldCompleted, RecipientSigned
from dealwright.signing.envelopes.models import (
    Envelope,
    Recipient,
    Role,
)
from dealwright.signing.envelopes.routing import advance, take_part
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.fields.models import EnvelopeField
from dealwright.signing.identity.policy import signing_settings
from dealwright.signing.identity.trials import Proof, Refusal


def view_envelope(ceremony: Ceremony) -> None:
    """Note that a person looks at it. Only a POST of the page does this: mail scanners fetch
    links, too. Safe to repeat."""
    if ceremony.recipient.opened_at is not None:
        return
    with acting(ceremony) as (envelope, recipient):
        note_view(ceremony, envelope, recipient)


def give_consent(ceremony: Ceremony, consent_id: Any, *, demonstration: str = "") -> None:
    """Agree to sign electronically, to the very text that was shown in the reader's language.

    ``demonstration`` is the number read from the test document, where the company asks for it.
    Raises Conflict where the text is no longer the one in force, Invalid for a wrong number.
    """
    asks = signing_settings().consent_code
    if asks:
        check_demonstration(ceremony.recipient, ceremony.visit.session_key, demonstration)
    text = current_consent(get_language() or ceremony.envelope.language)
    if str(consent_id) != str(text.pk):
        raise Conflict("The text has changed. Please read the new one.", code="consent_changed")
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.CONSENT)
        note_view(ceremony, envelope, recipient)
        take_part(ceremony.actor, envelope, recipient)
        recipient.consented_at = timezone.now()
        recipient.consent = text
        recipient.save(update_fields=["consented_at", "consent"])
        record_evidence(
            envelope,
            "recipient.consented",
            actor=ceremony.actor,
            recipient=recipient,
            facts={**_consent_facts(text), **({"demonstrated": True} if asks else {})},
            details=ceremony.visit.details,
        )


def sign(
    ceremony: Ceremony,
    values: Mapping[str, str] | None = None,
    *,
    shown: Shown = NOTHING_SHOWN,
    meaning: str = "",
    seen: str = "",
) -> None:
    """Do one's part: sign, approve, or confirm having read, as the role says.

    ``values`` are field values by id that were not kept before. ``shown`` is what the act asks
    for once more (a passkey, and under 21 CFR Part 11 two components), ``meaning`` what the
    signature means, ``seen`` is of the page they looked at (``seen.digest_of``). Raises Invalid
    that names every required field without a value, Conflict where something was corrected since,
    and Invalid or Conflict where what was shown is wrong: that is counted and committed first.
    """
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DOCUMENT)
        check_seen(envelope, recipient, seen)
        meaning = check_meaning(meaning, part11=envelope.part11)
        refusal = _sign(ceremony, envelope, recipient, values, shown=shown, meaning=meaning)
    if refusal is not None:
        raise refusal


def _sign(
    ceremony: Ceremony,
    envelope: Envelope,
    recipient: Recipient,
    values: Mapping[str, str] | None,
    *,
    shown: Shown,
    meaning: str,
) -> Refusal | None:
    """The act itself, in the transaction of ``sign``; returns what was shown wrongly."""
    now = timezone.now()
    fields = settle(envelope, recipient, values, now)
    check_named(recipient)
    intent = intent_sentence(recipient)
    act = check_act(ceremony, envelope, recipient, shown, intent)
    if act is not None and not isinstance(act, Proof):
        return act
    recipient.signed_at, recipient.meaning = now, meaning
    recipient.save(update_fields=["signed_at", "meaning"])
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
            "intent": intent,
            **({"meaning": meaning} if meaning else {}),
            **({"act": {"method": act.method, **act.facts}} if act else {}),
            **_ties_of(recipient),
        },
        details={
            **ceremony.visit.details,
            **_names_of(recipient),
            **(act.details if act else {}),
        },
    )
    _tell_completed_fields(ceremony, envelope, recipient, fields)
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
    if envelope.signed_at is None:
        did = {Role.APPROVER: "approved", Role.VIEWER: "read", Role.EDITOR: "prepared"}.get(
            Role(recipient.role), "signed"
        )
        mail.tell_owner(envelope, f"{recipient.name} {did} {envelope.title}")
    return None


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
        take_part(ceremony.actor, envelope, recipient)
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
            {"declined_at": now, "ended_reason": reason, "remind_at": None, "warn_at": None},
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


def withdraw_consent(ceremony: Ceremony) -> None:
    """Want paper from now on, after having signed: what was signed stays signed, and the sender
    is told. Safe to repeat."""
    with acting(ceremony) as (envelope, recipient):
        require_step(ceremony, envelope, recipient, Step.DONE)
        if recipient.consented_at is None:
            raise not_now()
        if recipient.consent_withdrawn_at is not None:
            return
        recipient.consent_withdrawn_at = timezone.now()
        recipient.save(update_fields=["consent_withdrawn_at"])
        record_evidence(
            envelope,
            "recipient.consent_withdrawn",
            actor=ceremony.actor,
            recipient=recipient,
            facts={"after_signing": True},
            details=ceremony.visit.details,
        )
        mail.tell_owner(
            envelope,
            f"{recipient.name} wants paper from now on",
            "They agreed to sign electronically and have withdrawn that after signing. What they "
            "signed stays signed. Send them a paper copy, and paper in future.",
        )


def note_download(ceremony: Ceremony, sha256: str) -> None:
    """Write down that a recipient took a document along, or what somebody before has attached."""
    with change(ceremony.actor):
        record_evidence(
            ceremony.envelope,
            "document.downloaded",
            actor=ceremony.actor,
            recipient=ceremony.recipient,
            facts={"document": sha256},
            details=ceremony.visit.details,
        )


def _ties_of(recipient: Recipient) -> dict[str, str]:
    """Whom an act is tied to, by id: the person seen signing, the host of the device."""
    ties = {"witness_of": recipient.witness_of_id, "host": recipient.host_id}
    return {key: str(value) for key, value in ties.items() if value is not None}


def _names_of(recipient: Recipient) -> dict[str, str]:
    seen, host = recipient.witness_of, recipient.host
    return {
        **({"witnessed": f"{seen.name}, {seen.email}"} if seen is not None else {}),
        **({"host": f"{host.name}, {host.email}"} if host is not None else {}),
    }


def _tell_completed_fields(
    ceremony: Ceremony, envelope: Envelope, recipient: Recipient, fields: list[EnvelopeField]
) -> None:
    for field in fields:
        if field.value:
            record_event(
                ceremony.actor,
                FieldCompleted(
                    envelope_id=envelope.pk,
                    subject_object=envelope.subject_object,
                    subject_id=envelope.subject_id,
                    recipient_id=recipient.pk,
                    document_id=field.document_id,
                    field_id=field.pk,
                    kind=field.kind,
                ),
                object="envelope",
                record_id=envelope.pk,
            )


def _hash_of_fields(fields: list[EnvelopeField]) -> str:
    shown = [[str(field.pk), field.kind, field.value] for field in fields]
    return hashlib.sha256(orjson.dumps(shown)).hexdigest()


def _consent_facts(text: ConsentText) -> dict[str, Any]:
    return {"consent_version": text.version, "language": text.language, "sha256": text.sha256}
