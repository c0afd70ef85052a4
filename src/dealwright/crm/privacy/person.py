"""Where a person's data lie, found from the models of the whole house."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from dealwright.crm.activities.models import Activity
from dealwright.crm.contacts.models import Contact
from dealwright.crm.leads.models import Lead
from dealwright.crm.merging.models import MergeEvent
from dealwright.crm.merging.tables import references_to

# Columns that only the house's own machinery reads.
_INTERNAL = {"access_keys", "wrapped_key", "nonce", "key_id", "sender_hash", "public_token"}


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one table that are about a person."""

    table: str
    rows: Sequence[dict[str, Any]]


def data_of(contact_id: UUID) -> list[Found]:
    """Everything that is about a person: the record itself, every row that points at it by a
    foreign key or by object and id, mail with the person's addresses, and the audit trail."""
    found = [
        Found(
            "crm_contact",
            _rows('select to_jsonb(t) from "crm_contact" t where id = %s', contact_id),
        )
    ]
    by_table: dict[str, dict[str, dict[str, Any]]] = {}
    for reference in references_to(Contact):
        condition, values = f'"{reference.column}" = %s', [contact_id]
        if reference.object_column:
            condition += f" and \"{reference.object_column}\" = 'contact'"
        rows = _rows(f'select to_jsonb(t) from "{reference.table}" t where {condition}', *values)
        known = by_table.setdefault(reference.table, {})
        known |= {str(row[reference.key]): row for row in rows}
    submissions = _rows(
        "select to_jsonb(t) from crm_formsubmission t where lead_id in "
        "(select id from crm_lead where contact_id = %s)",
        contact_id,
    )
    by_table.setdefault("crm_formsubmission", {}).update({row["id"]: row for row in submissions})
    addresses = addresses_of(contact_id)
    for table, condition in (
        ("base_outboundmessage", 'lower("to") = any(%s)'),
        ("base_inboundmessage", "lower(from_address) = any(%s)"),
    ):
        rows = _rows(f'select to_jsonb(t) from "{table}" t where {condition}', addresses)
        by_table.setdefault(table, {}).update({row["id"]: row for row in rows})
    found += [Found(table, list(rows.values())) for table, rows in sorted(by_table.items()) if rows]
    audited = _rows(
        "select to_jsonb(t) from base_auditevent t where record_id = any(%s)",
        [contact_id, *lead_ids(contact_id)],
    )
    if audited:
        found.append(Found("base_auditevent", audited))
    return found


def addresses_of(contact_id: UUID) -> list[str]:
    """Every e-mail address of a person in small letters, former ones included."""
    rows = _rows(
        "select to_jsonb(lower(value)) from crm_contactpoint"
        " where contact_id = %s and kind = 'email'"
        " union select to_jsonb(lower(email)) from crm_contact where id = %s and email <> ''",
        contact_id,
        contact_id,
    )
    return [str(row) for row in rows]


def lead_ids(contact_id: UUID) -> list[UUID]:
    return list(Lead.everything.filter(contact=contact_id).values_list("pk", flat=True))


def activity_ids(contact_id: UUID, leads: Sequence[UUID]) -> list[UUID]:
    """Activities about a person or the person's leads, those in the bin included."""
    about = Q(contact=contact_id) | Q(lead__in=leads)
    return list(Activity.everything.filter(about).values_list("pk", flat=True))


def duplicate_ids(contact_id: UUID) -> list[UUID]:
    """Contacts that were merged into a person, through any number of merges."""
    found: list[UUID] = []
    level = [contact_id]
    while level:
        level = [
            key
            for key in MergeEvent.objects.filter(
                object="contact", survivor_id__in=level, undone_at__isnull=True
            ).values_list("merged_id", flat=True)
            if key not in found
        ]
        found += level
    return found


def _rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        rows = [row for (row,) in cursor.fetchall()]
    parsed = [json.loads(row) if isinstance(row, str) and row[:1] in '{["' else row for row in rows]
    return [
        {key: value for key, value in row.items() if key not in _INTERNAL}
        if isinstance(row, dict)
        else row
        for row in parsed
    ]
