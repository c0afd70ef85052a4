"""For tests that need real commits: threads, LISTEN, other processes.

The tests' database refuses to be emptied (the audit is append-only), so a test that commits
takes its own rows back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

TABLES = (
    "base_webhookendpoint",
    "base_eventdelivery",
    "base_outboxevent",
    "base_jobrun",
    "procrastinate_periodic_defers",
    "procrastinate_jobs",
    "procrastinate_workers",
)


@contextmanager
def commits(django_db_blocker: Any) -> Iterator[None]:
    """Within it what is written is committed; afterwards the rows of ``TABLES`` go."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                for table in TABLES:
                    cursor.execute(f'delete from "{table}"')
            connection.close()
