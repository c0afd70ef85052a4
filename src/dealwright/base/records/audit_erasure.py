"""Taking values out of the audit trail, where the law or a retention rule asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection


def erase_audit_values(
    records: Sequence[UUID], *, naming: tuple[str, Sequence[UUID]] | None = None
) -> int:
    """Who changed which row and when stays, what stood in it goes; returns how many lines.

    ``naming`` is a column and the ids in it by which further rows are found. The trail refuses
    changes by a trigger. For this one lawful purpose it rests inside the transaction, under a
    lock that keeps everybody else's writes waiting.
    """
    column, ids = naming or ("", ())
    with connection.cursor() as cursor:
        cursor.execute("alter table base_auditevent disable trigger dealwright_append_only")
        cursor.execute(
            """
            update base_auditevent
               set before = case when before is null then null else '{}'::jsonb end,
                   after = case when after is null then null else '{}'::jsonb end
             where record_id = any(%(records)s)
                or before ->> %(column)s = any(%(ids)s)
                or after ->> %(column)s = any(%(ids)s)
            """,
            {
                "records": list(records),
                "column": column,
                "ids": [str(each) for each in ids],
            },
        )
        erased: int = cursor.rowcount
        cursor.execute("alter table base_auditevent enable trigger dealwright_append_only")
    return erased
