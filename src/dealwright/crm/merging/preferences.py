"""Which of several addresses and accounts is the preferred one, through a merge.

A database trigger follows a person's own fields; while two records are taken together or
apart it rests, and these functions keep the marks, with each row as it was before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.crm.contacts.services import PREFERRED

_ROWS = (("crm_contactpoint", "contact_id"), ("crm_accountcontact", "contact_id"))
Before = list[dict[str, Any]]


@contextmanager
def resting_trigger() -> Iterator[None]:
    """Let the trigger rest inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select set_config('dealwright.merging', 'on', true)")
        yield
        cursor.execute("select set_config('dealwright.merging', '', true)")


def rows_to_clear(object_key: str, merged_id: UUID) -> Before:
    """A merged person's rows lose the mark; the survivor's stay the preferred ones."""
    before: Before = []
    if object_key == "contact":
        for table, column in _ROWS:
            before += _mark(table, f'"{column}" = %s and is_primary', False, merged_id)
    return before


def prefer_again(object_key: str, survivor: Any) -> Before:
    """Set the marks by the survivor's own fields after everything has moved."""
    if object_key == "account":
        return _mark(
            "crm_accountcontact",
            "t.account_id = %s and not is_primary and exists (select from crm_contact contact "
            "where contact.id = t.contact_id and contact.account_id = t.account_id)",
            True,
            survivor.pk,
        )
    before: Before = []
    for kind, field in PREFERRED.items():
        value = getattr(survivor, field)
        before += _mark(
            "crm_contactpoint",
            "contact_id = %s and kind = %s and is_primary and value <> %s",
            False,
            *(survivor.pk, str(kind), value),
        )
        before += _mark(
            "crm_contactpoint",
            "contact_id = %s and kind = %s and not is_primary and value = %s",
            True,
            *(survivor.pk, str(kind), value),
        )
    account = survivor.account_id
    before += _mark(
        "crm_accountcontact",
        "contact_id = %s and is_primary and account_id is distinct from %s",
        False,
        *(survivor.pk, account),
    )
    before += _mark(
        "crm_accountcontact",
        "contact_id = %s and not is_primary and account_id = %s",
        True,
        *(survivor.pk, account),
    )
    return before


def rows_as_json(table: str, condition: str, *values: Any) -> list[Any]:
    """Rows of a table as JSON documents; the table is called ``t`` in the condition."""
    with connection.cursor() as cursor:
        cursor.execute(
            f'select to_jsonb(t) from "{table}" t where {condition} for update', list(values)
        )
        rows = [row for (row,) in cursor.fetchall()]
    return [json.loads(row) if isinstance(row, str) else row for row in rows]


def _mark(table: str, condition: str, preferred: bool, *values: Any) -> Before:
    before = [{"table": table, "row": row} for row in rows_as_json(table, condition, *values)]
    if before:
        with connection.cursor() as cursor:
            cursor.execute(
                f'update "{table}" set is_primary = %s where id = any(%s::uuid[])',
                [preferred, [each["row"]["id"] for each in before]],
            )
    return before
