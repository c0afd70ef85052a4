"""Mail written from a record: sent by messaging, kept as an activity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.files.models import StoredFile
from dealwright.base.messaging import send_email
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import clean_value
from dealwright.crm.activities.models import Activity, ActivityLink
from dealwright.crm.activities.services import SUBJECTS, about, create_activity
from dealwright.crm.contacts.services import find_contact


def send_email_from_record(
    actor: Actor,
    object_key: str,
    record_id: Any,
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    attachments: Sequence[StoredFile] = (),
    purpose: str = "personal",
) -> Activity:
    """Send a mail about a record; it stands on the record's and the person's timeline.

    Raises Invalid for a missing subject, text or wrong address, Conflict where the person
    wants no mail.
    """
    wrong: dict[str, list[str]] = {}
    address = _address(to, wrong)
    if not subject.strip():
        wrong["subject"] = ["Subject is required."]
    if not (text.strip() or html.strip()):
        wrong["text"] = ["Write something first."]
    if wrong:
        raise Invalid(" ".join(each for some in wrong.values() for each in some), fields=wrong)
    with change(actor):
        subjects, record = about(actor, object_key, record_id)
        person = find_contact(address)
        if person is not None:
            if person.do_not_email:
                raise Conflict(f"{person.name} does not want e-mail.", code="do_not_email")
            subjects.setdefault("contact_id", person.pk)
        user = actor.user
        message = send_email(
            actor,
            to=address,
            subject=subject.strip(),
            text=text,
            html=html,
            from_name=user.name if user else "",
            reply_to=user.email if user else "",
            object=object_key,
            record_id=record.pk,
            purpose=purpose,
            attachments=attachments,
        )
        activity = create_activity(
            actor,
            {
                **subjects,
                "kind": Activity.Kind.EMAIL,
                "subject": subject.strip()[:250],
                "body": text,
                "direction": Activity.Direction.OUTBOUND,
                "happened_at": timezone.now(),
                "message_id": message.pk,
            },
        )
        if object_key not in SUBJECTS:
            ActivityLink.objects.create(activity=activity, object=object_key, record_id=record.pk)
        return activity


def _address(to: str, wrong: dict[str, list[str]]) -> str:
    of = object_type("contact")
    try:
        address = clean_value(of, of.field("email"), to)
    except ValueError as error:
        wrong["to"] = [str(error)]
        return ""
    if not address:
        wrong["to"] = ["Enter an e-mail address."]
    return str(address or "")
