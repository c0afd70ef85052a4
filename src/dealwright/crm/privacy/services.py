"""The rights of a person whose data we keep: to get all of it, and to be forgotten."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import get_changeable, get_visible
from dealwright.base.errors import Conflict, NotAllowed
from dealwright.base.events import record_event
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import delete_file
from dealwright.base.messaging import suppress_address
from dealwright.base.messaging.models import Suppression
from dealwright.base.people.models import Profile
from dealwright.base.records.audit_erasure import erase_audit_values
from dealwright.base.records.services import save_changes
from dealwright.crm.contacts.models import Contact
from dealwright.crm.privacy.events import ContactErased
from dealwright.crm.privacy.models import ErasureRequest
from dealwright.crm.privacy.person import (
    activity_ids,
    addresses_of,
    data_of,
    duplicate_ids,
    lead_ids,
)

ERASED = "Erased person"
_README = """Everything we keep about one person (GDPR, articles 15 and 20).

person.json holds all of it; each CSV file is one table of it.
"""


def export_person(actor: Actor, contact_id: Any) -> tuple[str, bytes]:
    """File name and ZIP of everything the house knows about a person, as JSON and CSV.

    For administrators and whoever may change the person; the export covers rows the actor
    may not otherwise see, since they are the person's. Raises NotFound, NotAllowed.
    """
    with change(actor):
        contact: Contact = get_changeable(actor, "contact", contact_id)
        found = data_of(contact.pk)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README)
        document = {each.table: each.rows for each in found}
        archive.writestr("person.json", json.dumps(document, indent=2, ensure_ascii=False))
        for each in found:
            archive.writestr(f"{each.table}.csv", _csv(each.rows))
    return f"person-{contact.pk}.zip", buffer.getvalue()


def _csv(rows: Any) -> str:
    text = io.StringIO()
    columns = list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: json.dumps(value, ensure_ascii=False)
                if isinstance(value, dict | list)
                else value
                for key, value in row.items()
            }
        )
    return "\ufeff" + text.getvalue()


def erase_person(actor: Actor, contact_id: Any, *, reason: str = "") -> ErasureRequest:
    """Forget a person: names, addresses, texts and their traces in the audit trail go; deals,
    amounts and dates stay, without a name.

    The person's addresses are kept as hashes on the list of those not to be written to.
    Other systems erase what they keep on the event ``contact.erased``. Cannot be undone.
    For administrators; raises NotAllowed, NotFound, Conflict where it was done already.
    """
    if not actor.is_system and actor.require_user().profile != Profile.ADMINISTRATOR:
        raise NotAllowed("Only an administrator can erase a person.")
    with change(actor):
        contact: Contact = get_visible(actor, "contact", contact_id)
        contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
        if contact.erased_at is not None:
            raise Conflict("This person was erased already.")
        leads, addresses = lead_ids(contact.pk), addresses_of(contact.pk)
        duplicates, activities = duplicate_ids(contact.pk), activity_ids(contact.pk, leads)
        for address in addresses:
            suppress_address(
                actor, address, reason=Suppression.Reason.BY_HAND, source="The person was erased"
            )
        counts = _erase_texts(contact.pk, leads, activities, addresses, duplicates)
        counts["files"] = _bin_files(actor, contact.pk)
        save_changes(actor, contact, _blank_person())
        people = [contact.pk, *duplicates]
        counts["audit lines"] = erase_audit_values(
            [*people, *leads, *activities], naming=("contact_id", people)
        )
        request = ErasureRequest.objects.create(
            contact_id=contact.pk,
            reason=reason.strip()[:250],
            done_at=timezone.now(),
            done_by=actor.user,
            counts=counts,
        )
        record_event(
            actor, ContactErased(contact_id=contact.pk), object="contact", record_id=contact.pk
        )
        return request


def _blank_person() -> dict[str, Any]:
    texts = (
        "salutation", "middle_name", "suffix", "email", "phone", "mobile", "job_title",
        "department", "seniority", "timezone", "linkedin", "street", "city", "region",
        "postal_code", "source", "description", "language",
    )  # fmt: skip
    return {
        **dict.fromkeys(texts, ""),
        "first_name": "",
        "last_name": ERASED,
        "birthdate": None,
        "reports_to_id": None,
        "do_not_call": True,
        "do_not_email": True,
        "is_identified": False,
        "erased_at": timezone.now(),
    }


def _bin_files(actor: Actor, contact_id: UUID) -> int:
    """Files on the person's record; their content is destroyed when the bin is emptied."""
    files = StoredFile.objects.filter(object="contact", record_id=contact_id)
    keys = list(files.values_list("pk", flat=True))
    for key in keys:
        delete_file(actor, key)
    return len(keys)


def _erase_texts(
    contact_id: UUID,
    leads: list[UUID],
    activities: list[UUID],
    addresses: list[str],
    duplicates: list[UUID],
) -> dict[str, int]:
    """Free text about the person; returns how many rows of what."""
    statements: dict[str, tuple[str, list[Any]]] = {
        "custom fields": ("update crm_contact set custom = '{}' where id = %s", [contact_id]),
        "addresses": ("delete from crm_contactpoint where contact_id = %s", [contact_id]),
        "activities": (
            "update crm_activity set subject = initcap(kind), body = '', location = ''"
            " where id = any(%s)",
            [activities],
        ),
        "participations": (
            "update crm_activityparticipant set address = '' where contact_id = %s",
            [contact_id],
        ),
        "leads": (
            "update crm_lead set message = '', referrer = '', landing_page = '',"
            " disqualified_detail = '', custom = '{}' where id = any(%s)",
            [leads],
        ),
        "form submissions": (
            "update crm_formsubmission set values = '{}', sender_hash = '' where lead_id = any(%s)",
            [leads],
        ),
        "sent mail": (
            "update base_outboundmessage set subject = '', text = '', html = '', \"to\" = '',"
            " to_name = '', headers = '{}' where lower(\"to\") = any(%s)",
            [addresses],
        ),
        "received mail": (
            "update base_inboundmessage set subject = '', text = '', html = '', from_address = '',"
            " from_name = '' where lower(from_address) = any(%s)",
            [addresses],
        ),
        "duplicates": (
            "update crm_contact set first_name = '', middle_name = '', last_name = %s, email = '',"
            " phone = '', mobile = '', street = '', birthdate = null, linkedin = '',"
            " description = '', custom = '{}' where id = any(%s)",
            [ERASED, duplicates],
        ),
        "merged records": (
            "update crm_mergeevent set survivor_before = '{}', merged_before = '{}',"
            " survivor_after = '{}', dropped = '[]', undone_at = coalesce(undone_at, now())"
            " where object = 'contact' and (survivor_id = %s or merged_id = %s)",
            [contact_id, contact_id],
        ),
        "event payloads": (
            'update base_outboxevent set payload = payload || \'{"email": ""}\''
            " where name = 'lead.captured' and record_id = any(%s)",
            [leads],
        ),
    }
    counts = {}
    with connection.cursor() as cursor:
        for what, (statement, values) in statements.items():
            cursor.execute(statement, values)
            counts[what] = cursor.rowcount
    return counts
