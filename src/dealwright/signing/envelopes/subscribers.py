"""What becomes of the mails of an envelope: taken by the mail server, or come back."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.events import Delivery, subscribe
from dealwright.base.messaging.events import EmailBounced, EmailFailed, EmailSent
from dealwright.base.messaging.models import OutboundMessage
from dealwright.signing.envelopes import mail
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.evidence.services import record_evidence

_INVITATIONS = ("signing.invitation", "signing.reminder", "signing.expiring")


@subscribe(EmailSent, name="signing.note_delivery")
def note_delivery(delivery: Delivery, event: EmailSent) -> None:
    """The mail server took an invitation."""
    with change(system("Outgoing mail", via="mail")):
        for recipient in _addressed(event.message, event.purpose):
            if recipient.delivered_at is None and recipient.bounced_at is None:
                recipient.delivered_at = timezone.now()
                recipient.save(update_fields=["delivered_at"])


@subscribe(EmailBounced, EmailFailed, name="signing.note_bounce")
def note_bounce(delivery: Delivery, event: EmailBounced | EmailFailed) -> None:
    """An invitation came back or never went out: the sender is told and can correct it."""
    actor = system("Bounced mail", via="mail")
    with change(actor):
        for recipient in _addressed(event.message, event.purpose):
            if recipient.bounced_at is not None:
                continue
            recipient.bounced_at, recipient.delivered_at = timezone.now(), None
            recipient.save(update_fields=["bounced_at", "delivered_at"])
            envelope = recipient.envelope
            record_evidence(
                envelope,
                "recipient.bounced",
                actor=actor,
                recipient=recipient,
                facts={"status": getattr(event, "status", "failed")},
                details={"email": event.to},
            )
            mail.tell_owner(
                envelope,
                f"The mail to {recipient.name} came back",
                f"{event.to} does not take mail. Correct the address of the envelope "
                f"“{envelope.title}”, or send it again.",
                url=f"{envelope.url}/correct",
            )


def _addressed(message_id: UUID, purpose: str) -> list[Recipient]:
    """The recipients of open envelopes whose newest invitation this was; rows locked."""
    if purpose not in _INVITATIONS:
        return []
    message = OutboundMessage.objects.filter(pk=message_id, object="envelope").first()
    if message is None:
        return []
    envelope = (
        Envelope.objects.select_for_update(of=("self",))
        .select_related("owner")
        .filter(pk=message.record_id)
        .first()
    )
    if envelope is None or not envelope.is_open:
        return []
    found = []
    for recipient in envelope.recipients.select_related("host"):
        address = recipient.host.email if recipient.host else recipient.email
        since = max(filter(None, (recipient.sent_at, recipient.reminded_at)), default=None)
        if (
            not recipient.is_done
            and since is not None
            and address.lower() == message.to.lower()
            # What an earlier mail became says nothing of the newest.
            and message.queued_at >= since
        ):
            recipient.envelope = envelope
            found.append(recipient)
    return found
