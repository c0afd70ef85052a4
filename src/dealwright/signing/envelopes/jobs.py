"""What the worker does for envelopes: seal, remind, let expire."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.errors import Conflict, DealwrightError, Unavailable
from dealwright.base.events.outbox import record_event
from dealwright.base.jobs.due import claim_due, due
from dealwright.base.jobs.queue import every, job
from dealwright.base.records.services import save_changes
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.events import EnvelopeExpired, EnvelopeExpiring
from dealwright.signing.envelopes.models import Envelope, Role
from dealwright.signing.envelopes.routing import SEAL_WATCH, ask_for_seal, new_link
from dealwright.signing.envelopes.services import remind_recipients, send_envelope, waited_for
from dealwright.signing.evidence.services import record_evidence
from dealwright.signing.seals.services import ensure_organisation_seal

LONGEST_REMINDING = timedelta(days=30)
SEND_AGAIN = timedelta(minutes=5)  # where the seal key was not ready


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


@due(every=20, name="signing.send_scheduled")
def send_due() -> int:
    """Send what is scheduled for now, in the sender's name; what cannot be sent is told to them
    and is a draft again."""
    with change(system("Scheduled sending")):
        waiting = claim_due(
            Envelope.objects.filter(send_at__lte=timezone.now()).select_related("owner"), limit=10
        )
        for envelope in waiting:
            _send_scheduled(envelope)
    return len(waiting)


def _send_scheduled(envelope: Envelope) -> None:
    actor = system("Scheduled sending")
    sender = Actor(user=envelope.owner, via="job") if envelope.owner else actor
    if envelope.deleted_at is not None or envelope.sent_at is not None:
        Envelope.objects.filter(pk=envelope.pk).update(send_at=None, scheduled_at=None)
        return
    try:
        send_envelope(sender, envelope.pk)
    except Unavailable:
        Envelope.objects.filter(pk=envelope.pk).update(send_at=timezone.now() + SEND_AGAIN)
    except DealwrightError as error:
        save_changes(actor, envelope, {"send_at": None, "scheduled_at": None})
        mail.tell_owner(envelope, f"{envelope.title} was not sent as planned", error.message)


@due(every=60, name="signing.remind")
def remind_due() -> int:
    """Write again to recipients who have not acted: as often as asked, else for 30 days."""
    actor = system("Reminders")
    with change(actor):
        waiting = claim_due(Envelope.objects.filter(remind_at__lte=timezone.now()), limit=20)
        for envelope in waiting:
            if not envelope.is_open or _reminded_enough(envelope):
                Envelope.objects.filter(pk=envelope.pk).update(remind_at=None)
                continue
            try:
                remind_recipients(actor, envelope.pk)
            except Conflict:
                Envelope.objects.filter(pk=envelope.pk).update(remind_at=None)
                continue
            sent = envelope.reminders_sent + 1
            row = Envelope.objects.filter(pk=envelope.pk)
            row.update(reminders_sent=sent)
            envelope.reminders_sent = sent
            if _reminded_enough(envelope) or not envelope.remind_every_days:
                row.update(remind_at=None)
    return len(waiting)


def _reminded_enough(envelope: Envelope) -> bool:
    if envelope.remind_most is not None:
        return envelope.reminders_sent >= envelope.remind_most
    return bool(envelope.sent_at and timezone.now() - envelope.sent_at > LONGEST_REMINDING)


@due(every=60, name="signing.warn")
def warn_due() -> int:
    """Tell everyone waited for, and the sender, that an envelope expires soon."""
    actor = system("Expiry")
    with change(actor):
        soon = claim_due(Envelope.objects.filter(warn_at__lte=timezone.now()), limit=20)
        for envelope in soon:
            Envelope.objects.filter(pk=envelope.pk).update(warn_at=None)
            if not envelope.is_open or envelope.expires_at is None:
                continue
            record_evidence(envelope, "envelope.expiring", actor=actor)
            record_event(
                actor,
                EnvelopeExpiring(
                    envelope_id=envelope.pk,
                    subject_object=envelope.subject_object,
                    subject_id=envelope.subject_id,
                    expires_at=envelope.expires_at,
                ),
                object="envelope",
                record_id=envelope.pk,
            )
            for recipient in waited_for(envelope):
                if recipient.role == Role.IN_PERSON_SIGNER:
                    mail.tell_host(actor, envelope, recipient, reminder=True)
                    continue
                token = new_link(recipient)
                recipient.save(update_fields=["token_hash"])
                mail.tell_expiring(actor, envelope, recipient, token)
            mail.tell_owner(
                envelope,
                f"{envelope.title} expires soon",
                f"On {envelope.expires_at:%Y-%m-%d %H:%M} UTC. You can give more time.",
            )
    return len(soon)


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
            save_changes(actor, envelope, {"expired_at": now, "remind_at": None, "warn_at": None})
            for recipient in envelope.recipients.all():
                if recipient.acts and not recipient.is_done:
                    recipient.expired_at = now
                    recipient.save(update_fields=["expired_at"])
                    record_evidence(envelope, "recipient.expired", actor=actor, recipient=recipient)
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
