"""What every act of a recipient begins with: the envelope locked, and looked at anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from dealwright.base.access.actor import change
from dealwright.base.errors import Conflict
from dealwright.base.events.outbox import record_event
from dealwright.base.records.services import save_changes
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.envelopes.events import EnvelopeViewed
from dealwright.signing.envelopes.models import (
    Envelope,
    Recipient,
)
from dealwright.signing.evidence.services import record_evidence


def ceremony_step(ceremony: Ceremony, envelope: Envelope, recipient: Recipient) -> Step:
    """The step by rows read anew."""
    return Ceremony(envelope, recipient, ceremony.visit).step


@contextmanager
def acting(ceremony: Ceremony) -> Iterator[tuple[Envelope, Recipient]]:
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


def require_step(ceremony: Ceremony, envelope: Envelope, recipient: Recipient, step: Step) -> None:
    """Raises Conflict where this is not what comes next."""
    if ceremony_step(ceremony, envelope, recipient) != step:
        raise not_now()


def not_now() -> Conflict:
    """What is answered to an act that is not due."""
    return Conflict(
        "This cannot be done now. Reload the page to see where things stand.", code="wrong_step"
    )


def note_view(ceremony: Ceremony, envelope: Envelope, recipient: Recipient) -> None:
    """Note the first look of a person, within an act."""
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
