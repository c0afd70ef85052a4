"""Asks every part how it is. A room registers its own checks; each finding says how to mend it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from dealwright.base.database.cluster import OLDEST_POSTGRES
from dealwright.base.database.upgrade import read_state
from dealwright.base.errors import DealwrightError

EXTENSIONS = ("pg_trgm", "unaccent", "btree_gin", "btree_gist")
LEAST_FREE = 2 * 10**9
LONGEST_CLOCK_GAP = timedelta(seconds=5)


@dataclass(frozen=True)
class Finding:
    """How a part is: ``message`` is one sentence, ``mend`` what to do where it is not well."""

    ok: bool
    message: str
    mend: str = ""


Check = Callable[[], Finding]
_checks: dict[str, Check] = {}


def register_check(name: str, check: Check) -> None:
    """Adds a check; called when a room is loaded. The name is shown and must be unique."""
    if _checks.setdefault(name, check) is not check:
        raise RuntimeError(f"The check {name!r} is defined twice.")


def examine() -> dict[str, Finding]:
    """Every finding by the check's name. A check that fails itself is a finding too."""
    found = {}
    for name, check in _checks.items():
        try:
            with transaction.atomic():
                found[name] = check()
        except DealwrightError as error:
            found[name] = Finding(False, error.message, "Follow what the message says.")
        except Exception as error:
            found[name] = Finding(
                False, f"The check failed: {error}".strip(), "See the log; report it if it stays."
            )
    return found


def _check_database() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("show server_version_num")
        major, minor = divmod(int(cursor.fetchone()[0]), 10_000)
        cursor.execute("select pg_size_pretty(pg_database_size(current_database()))")
        size = cursor.fetchone()[0]
    if major < OLDEST_POSTGRES:
        return Finding(
            False,
            f"PostgreSQL {major} is too old.",
            f"Move to PostgreSQL {OLDEST_POSTGRES} or newer.",
        )
    where = "of DATABASE_URL" if os.environ.get("DATABASE_URL") else "embedded"
    return Finding(True, f"PostgreSQL {major}.{minor} ({where}) answers; it holds {size}.")


def _check_extensions() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("select extname from pg_extension")
        installed = {name for (name,) in cursor.fetchall()}
    missing = [name for name in EXTENSIONS if name not in installed]
    if missing:
        return Finding(
            False,
            f"The database lacks {', '.join(missing)}.",
            f"As its owner run: create extension {missing[0]};",
        )
    return Finding(True, f"{', '.join(EXTENSIONS)} are installed.")


def _check_migrations() -> Finding:
    state = read_state()
    if state.unknown:
        return Finding(
            False,
            f"A newer release has written the database ({state.unknown[0]}).",
            "Start that release, or restore a backup that this one made.",
        )
    if state.missing:
        return Finding(
            False,
            f"{len(state.missing)} upgrades of the tables are missing, {state.missing[0]} first.",
            "Run bin/dealwright migrate; it backs up first.",
        )
    return Finding(True, "The tables are those of this release.")


def _check_disk() -> Finding:
    free = shutil.disk_usage(settings.DATA_DIR).free
    shown = f"{free / 10**9:,.1f} GB are free for the data folder."
    if free < LEAST_FREE:
        return Finding(False, shown, f"Make room on the disk of {settings.DATA_DIR}.")
    return Finding(True, shown)


def _check_clock() -> Finding:
    started = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        theirs = cursor.fetchone()[0]
    gap = abs(datetime.now(UTC) - theirs) - timedelta(seconds=time.monotonic() - started)
    if gap > LONGEST_CLOCK_GAP:
        return Finding(
            False,
            f"This machine's clock and the database's differ by {gap.total_seconds():.0f} s.",
            "Set both by NTP (timedatectl set-ntp true).",
        )
    if datetime.now(UTC).year < 2026:
        return Finding(False, "The clock is years behind.", "Set it: timedatectl set-ntp true.")
    return Finding(True, "The clock agrees with the database's.")


def _check_data_folder() -> Finding:
    secrets = settings.DATA_DIR / "secrets"
    open_to_others = []
    for path in [secrets, *secrets.glob("*")]:
        with suppress(FileNotFoundError):  # the draft of one that is being made
            if path.stat().st_mode & 0o077:
                open_to_others.append(path.name)
    if open_to_others:
        return Finding(
            False,
            f"Others may read {open_to_others[0]} of the secrets.",
            f"Run: chmod -R go= {secrets}",
        )
    return Finding(True, f"The secrets in {settings.DATA_DIR} are closed to others.")


register_check("database", _check_database)
register_check("extensions", _check_extensions)
register_check("tables", _check_migrations)
register_check("disk", _check_disk)
register_check("clock", _check_clock)
register_check("data folder", _check_data_folder)
