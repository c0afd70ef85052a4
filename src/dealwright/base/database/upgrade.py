"""Brings the tables up to this release, with a backup before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from dealwright.base.database.backup import create_backup
from dealwright.base.database.known_state import remember_current
from dealwright.base.database.migrate import migrate_tables
from dealwright.base.database.sealed import Lock
from dealwright.base.errors import Conflict
from dealwright.base.secrets import read_secret

BACKUP_SECRET = "backup"  # noqa: S105 - the name of the secret's file
BACKUPS_KEPT = 5
# Any fixed number: who migrates holds the database's advisory lock of this number.
MIGRATING = 6_244_017


@dataclass(frozen=True)
class State:
    """How the tables stand to this release's migrations, each as ``app.name``."""

    fresh: bool
    missing: list[str]
    unknown: list[str]

    @property
    def is_current(self) -> bool:
        return not (self.missing or self.unknown)


def read_state() -> State:
    """Compares names only, without loading a migration: this runs before every command."""
    applied = set(MigrationRecorder(connection).applied_migrations())
    known = set(_migrations_of_release())
    ours = {app for app, _ in known}
    missing = known - applied
    unknown = {each for each in applied - known if each[0] in ours}
    if applied and (missing or unknown):
        # A squashed migration stands for those it replaces; only loading them tells.
        loader = MigrationLoader(connection)
        missing = set(loader.graph.nodes) - set(loader.applied_migrations)
        replaced = {old for each in loader.disk_migrations.values() for old in each.replaces}
        unknown -= replaced
    return State(
        fresh=not applied,
        missing=sorted(".".join(each) for each in missing),
        unknown=sorted(".".join(each) for each in unknown),
    )


def bring_up_to_date(data_dir: Path, tell: Callable[[str], None] = lambda _: None) -> State:
    """Migrates when something is missing; an existing database is backed up first.

    Returns the state before. Raises Conflict for a database that a newer release has
    written, and leaves it as it is.
    """
    state = read_state()
    if state.is_current:
        remember_current(data_dir)
        return state
    with _one_at_a_time():
        state = read_state()  # another process may have done it meanwhile
        if state.unknown:
            raise Conflict(
                "The database was written by a newer release of Dealwright (it has "
                f"{state.unknown[0]}). Start that release, or restore a backup that this one made.",
                code="newer_database",
            )
        if state.is_current:
            return state
        made = ""
        if state.fresh:
            tell("Making the tables ...")
        else:
            tell("Backing up before the upgrade ...")
            made = str(_back_up(data_dir))
            tell(f"Upgrading the tables; the state before is in {made} ...")
        try:
            migrate_tables()
        except Exception as error:
            advice = f" Restore {made} with the release before." if made else ""
            raise Conflict(
                f"The tables could not be upgraded: {error}.{advice}", code="upgrade_failed"
            ) from error
        remember_current(data_dir)
    return state


def backup_lock(data_dir: Path) -> Lock:
    """The key of backups for which nobody gave a passphrase: ``secrets/backup``."""
    return Lock("key", read_secret(data_dir, BACKUP_SECRET))


def _back_up(data_dir: Path) -> Path:
    folder = data_dir / "backups"
    target = folder / f"before-upgrade-{datetime.now(UTC):%Y%m%dT%H%M%S}.dealwright"
    create_backup(data_dir, target, backup_lock(data_dir))
    for old in sorted(folder.glob("before-upgrade-*.dealwright"))[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def _migrations_of_release() -> Iterator[tuple[str, str]]:
    for app in apps.get_app_configs():
        name, _ = MigrationLoader.migrations_module(app.label)
        folder = Path(app.path) / "migrations"
        if name is None or not (folder / "__init__.py").exists():
            continue
        for file in folder.glob("*.py"):
            if file.name[0] not in "_~":
                yield app.label, file.stem


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [MIGRATING])
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [MIGRATING])
