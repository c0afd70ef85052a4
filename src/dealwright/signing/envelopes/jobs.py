"""What the worker does for envelopes: seal, remind, let expire."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.errors import Conflict
from dealwright.base.events.outbox import record_event
from dealwright.base.jobs.due import claim_due, due
from dealwright.base.jobs.queue import every, job
from dealwright.base.records.services import save_changes
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.events import EnvelopeExpired
from dealwright.signing.envelopes.models import Envelope, Role
from dealwright.signing.envelopes.routing import SEAL_WATCH, ask_for_seal
from dealwright.signing.envelopes.services import remind_recipients
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.seals.services import ensure_organisation_seal

LONGEST_REMINDING = timedelta(days=30)


@job(name="signing.seal", queue="default")
def seal(envelope_id: str) -> None:
    """Seal a fully signed envelope; does nothing where it is sealed already."""
    from dealwright.signing.envelopes.sealing import seal_envelope

    seal_envelope(envelope_id)


@due(every=20, name="signing.resume_sealing")
def resume_sealing() -> int:
    """Ask again for seals that are due: the job was lost with a worker, or failed before."""
    with change(system("Sealing")):
        waiting = claim_due(Envelope.objects.filter(seal_at__lte=timezone.now()), limit=20)
        for envelope in waiting:
            Envelope.objects.filter(pk=envelope.pk).update(seal_at=timezone.now() + SEAL_WATCH)
            ask_for_seal(envelope)
    return len(waiting)


@due(every=60, name="signing.remind")
def remind_due() -> int:
    """Write again to recipients who have not acted; ends 30 days after sending."""
    actor = system("Reminders")
    with change(actor):
        waiting = claim_due(Envelope.objects.filter(remind_at__lte=timezone.now()), limit=20)
        for envelope in waiting:
            too_old = envelope.sent_at and timezone.now() - envelope.sent_at > LONGEST_REMINDING
            if too_old or not envelope.is_open:
                Envelope.objects.filter(pk=envelope.pk).update(remind_at=None)
                continue
            try:
                remind_recipients(actor, envelope.pk)
            except Conflict:
                Envelope.objects.filter(pk=envelope.pk).update(remind_at=None)
    return len(waiting)


@due(every=60, name="signing.expire")
def expire_due() -> int:
    """End envelopes whose time ran out, and tell sender and recipients."""
    actor = system("Expiry")
    with change(actor):
        over = claim_due(
            Envelope.objects.filter(
                expires_at__lte=timezone.now(),
                sent_at__isnull=False,
                signed_at__isnull=True,
                declined_at__isnull=True,
                voided_at__isnull=True,
                expired_at__isnull=True,
            ),
            limit=20,
        )
        for envelope in over:
            now = timezone.now()
            save_changes(actor, envelope, {"expired_at": now, "remind_at": None})
            envelope.recipients.exclude(role=Role.CC).filter(
                signed_at=None, reassigned_at=None, skipped_at=None
            ).update(expired_at=now)
            record_evidence(envelope, "envelope.expired", actor=actor)
            record_event(
                actor,
                EnvelopeExpired(
                    envelope_id=envelope.pk,
                    subject_object=envelope.subject_object,
                    subject_id=envelope.subject_id,
                ),
                object="envelope",
                record_id=envelope.pk,
            )
            for recipient in envelope.recipients.exclude(sent_at=None):
                mail.tell_ended(actor, envelope, recipient, "expired", "")
            mail.tell_owner(envelope, f"{envelope.title} expired", "Not everyone signed in time.")
    return len(over)


@every(days=1, name="signing.keep_seal_key")
def keep_seal_key() -> None:
    """Make the seal key if there is none, and renew it before it expires."""
    ensure_organisation_seal()
