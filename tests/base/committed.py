"""For tests that need real commits: threads, LISTEN, other processes.

The tests' database refuses to be emptied (the audit is append-only), so such a test gets a
copy of it, which goes afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connection, connections


@contextmanager
def commits(django_db_blocker: Any) -> Iterator[None]:
    """Within it the database is a copy in which what is written is really committed."""
    with django_db_blocker.unblock():
        original = connection.settings_dict["NAME"]
        copy = f"{original}_copy"
        connection.close()
        _execute(f'drop database if exists "{copy}" with (force)')
        _execute(f'create database "{copy}" template "{original}"')
        _use(copy)
        try:
            yield
        finally:
            connections.close_all()
            _use(original)
            _execute(f'drop database if exists "{copy}" with (force)')


def database_url() -> str:
    """The tests' own database as another process reaches it."""
    each = connection.settings_dict
    login = f"{quote(each['USER'])}:{quote(each['PASSWORD'])}"
    return (
        f"postgresql://{login}@/{each['NAME']}?host={quote(each['HOST'], safe='')}"
        f"&port={each['PORT']}"
    )


def _use(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _execute(statement: str) -> None:
    each = connection.settings_dict
    with psycopg.connect(
        host=each["HOST"],
        port=each["PORT"],
        user=each["USER"],
        password=each["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as administration:
        administration.execute(statement)  # type: ignore[arg-type]
