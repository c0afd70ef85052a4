"""Sending later, at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.events.outbox import record_event
from dealwright.base.records.services import save_changes
from dealwright.signing.envelopes.events import EnvelopeScheduled
from dealwright.signing.envelopes.models import Envelope
from dealwright.signing.envelopes.services import check_sendable
from dealwright.signing.seals.services import ensure_organisation_seal

FURTHEST = timedelta(days=366)


def schedule_envelope(actor: Actor, envelope_id: Any, *, send_at: datetime) -> Envelope:
    """Have a draft sent at a time; a scheduled one at another. It can be changed until then.

    Raises Invalid for a time that is past, too far or after it expires; Conflict where it was
    sent.
    """
    ensure_organisation_seal()
    if send_at.tzinfo is None:
        send_at = send_at.replace(tzinfo=UTC)
    now = timezone.now()
    if not now < send_at <= now + FURTHEST:
        raise _invalid("Send it at a time in the future, within a year.")
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        check_sendable(envelope)
        if envelope.expires_at is not None and envelope.expires_at <= send_at:
            raise _invalid("It would have expired by then. Choose an earlier time.")
        save_changes(actor, envelope, {"send_at": send_at, "scheduled_at": now})
        record_event(
            actor,
            EnvelopeScheduled(
                envelope_id=envelope.pk,
                subject_object=envelope.subject_object,
                subject_id=envelope.subject_id,
                send_at=send_at,
            ),
            object="envelope",
            record_id=envelope.pk,
        )
    return envelope


def unschedule_envelope(actor: Actor, envelope_id: Any) -> Envelope:
    """Make a scheduled envelope a draft again; raises Conflict where it is not scheduled."""
    with change(actor):
        envelope: Envelope = get_changeable(actor, "envelope", envelope_id)
        if envelope.sent_at is not None or envelope.send_at is None:
            raise Conflict("This envelope is not scheduled.", code="not_scheduled")
        save_changes(actor, envelope, {"send_at": None, "scheduled_at": None})
    return envelope


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"send_at": [sentence]})
