"""Remembers that the tables were found current, so that most commands need not load Django."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import psycopg

from dealwright import __version__
from dealwright.base.database.address import database_url

SOURCE = Path(__file__).resolve().parents[2]


def is_known_current(data_dir: Path) -> bool:
    """Whether neither this release nor the recorded migrations changed since they agreed."""
    try:
        known = json.loads(_note(data_dir).read_text())
        return bool(known) and known == _fingerprint(data_dir)
    except (OSError, ValueError, psycopg.Error):
        return False


def remember_current(data_dir: Path) -> None:
    """Notes the agreement that was just found."""
    note = _note(data_dir)
    note.parent.mkdir(mode=0o700, exist_ok=True)
    note.write_text(json.dumps(_fingerprint(data_dir)))


def _note(data_dir: Path) -> Path:
    return data_dir / "locks" / "tables.json"


def _fingerprint(data_dir: Path) -> dict[str, str]:
    """This release's migrations and packages, and what the database says it has."""
    release = hashlib.sha256(__version__.encode())
    for path in sorted(SOURCE.glob("*/migrations/*.py")):
        release.update(f"{path.parent.parent.name}.{path.stem}\n".encode())
    lock = SOURCE.parent.parent / "requirements.lock"  # whose packages bring migrations too
    release.update(lock.read_bytes() if lock.exists() else b"")
    with psycopg.connect(database_url(data_dir)) as connection:
        row = connection.execute(
            "select count(*), max(id), max(applied), "
            "(select oid from pg_database where datname = current_database()) "
            "from django_migrations"
        ).fetchone()
    return {"release": release.hexdigest(), "recorded": str(row)}
