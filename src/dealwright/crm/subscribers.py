"""What the CRM does about events of the ground floor."""

from __future__ import annotations

from django.utils import timezone

from dealwright.base.access.actor import change, system
from dealwright.base.events import Delivery, subscribe
from dealwright.base.messaging.events import EmailBounced, EmailReceived
from dealwright.base.messaging.models import InboundMessage
from dealwright.base.objects.registry import object_types
from dealwright.crm.activities.models import Activity, ActivityLink
from dealwright.crm.activities.services import SUBJECTS, about, create_activity
from dealwright.crm.contacts.models import ContactPoint
from dealwright.crm.contacts.services import find_contact


@subscribe(EmailReceived, name="crm.keep_received_mail")
def keep_received_mail(delivery: Delivery, event: EmailReceived) -> None:
    """Mail of a known person, or in answer to mail about a record, stands on the timeline."""
    if event.kind not in ("reply", "new"):
        return
    mail = InboundMessage.objects.get(pk=event.message)
    person = find_contact(event.from_address)
    known = event.object in {each.key for each in object_types()} and event.record_id is not None
    if person is None and not known:
        return
    actor = system("Incoming mail", via="mail")
    with change(actor):
        subjects = about(actor, event.object, event.record_id)[0] if known else {}
        if person is not None:
            subjects.setdefault("contact_id", person.pk)
            if person.account_id:
                subjects.setdefault("account_id", person.account_id)
        owner_id = person.owner_id if person else None
        activity = create_activity(
            actor,
            {
                **subjects,
                "kind": Activity.Kind.EMAIL,
                "subject": (mail.subject or "No subject")[:250],
                "body": mail.text[:100_000],
                "direction": Activity.Direction.INBOUND,
                "happened_at": mail.dated_at or mail.received_at,
                "message_id": mail.pk,
                "owner_id": owner_id,
            },
        )
        if known and event.object not in SUBJECTS and event.record_id is not None:
            ActivityLink.objects.create(
                activity=activity, object=event.object, record_id=event.record_id
            )


@subscribe(EmailBounced, name="crm.mark_bounced_address")
def mark_bounced_address(delivery: Delivery, event: EmailBounced) -> None:
    """An address that does not take mail is marked on whoever has it."""
    with change(system("Bounced mail", via="mail")):
        ContactPoint.objects.filter(
            kind=ContactPoint.Kind.EMAIL, value=event.to.lower(), bounced_at__isnull=True
        ).update(bounced_at=timezone.now())
