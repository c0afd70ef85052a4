"""For tests whose other processes use the same database (with ``django_db(transaction=True)``)."""

from __future__ import annotations

from urllib.parse import quote

from django.db import connection


def database_url() -> str:
    """The tests' own database as another process reaches it."""
    each = connection.settings_dict
    login = f"{quote(each['USER'])}:{quote(each['PASSWORD'])}"
    return (
        f"postgresql://{login}@/{each['NAME']}?host={quote(each['HOST'], safe='')}"
        f"&port={each['PORT']}"
    )
