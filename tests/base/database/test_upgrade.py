"""The upgrade guard: backs up before it changes tables, refuses a newer release's database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dealwright.base.database.backup import verify_backup
from dealwright.base.database.known_state import is_known_current
from dealwright.base.database.upgrade import backup_lock, bring_up_to_date, read_state
from dealwright.base.errors import Conflict


@pytest.fixture
def database(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own database is also the one that backups read."""
    name = connection.settings_dict["NAME"]
    monkeypatch.setenv(
        "DATABASE_URL", os.environ["DATABASE_URL"].replace("/dealwright?", f"/{name}?")
    )


def forget(app: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = %s and name = %s", [app, name])


def record(app: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into django_migrations (app, name, applied) values (%s, %s, now())",
            [app, name],
        )


def test_current_tables_are_left_alone(database: None, tmp_path: Path) -> None:
    assert bring_up_to_date(tmp_path).is_current
    assert not (tmp_path / "backups").exists()
    assert is_known_current(tmp_path)


def test_what_is_known_is_forgotten_when_a_migration_is(database: None, tmp_path: Path) -> None:
    bring_up_to_date(tmp_path)
    record("base", "9999_from_the_future")
    assert not is_known_current(tmp_path)


def test_an_older_database_is_backed_up_and_then_migrated(
    database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sessions' one table is taken back to before its migration."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("drop table django_session")
    forget("sessions", "0001_initial")
    assert read_state().missing == ["sessions.0001_initial"]
    told: list[str] = []

    bring_up_to_date(tmp_path, told.append)

    assert read_state().is_current
    (backup,) = (tmp_path / "backups").glob("before-upgrade-*.dealwright")
    manifest = verify_backup(backup, backup_lock(tmp_path))
    assert "django_session" not in manifest.rows
    assert manifest.rows["base_role"] == 0
    assert told[0] == "Backing up before the upgrade ..."
    assert "django_session" in connection.introspection.table_names()


def test_a_newer_releases_database_is_refused_and_left_as_it_is(
    database: None, tmp_path: Path
) -> None:
    record("crm", "9999_from_the_future")
    with pytest.raises(Conflict, match=r"newer release of Dealwright \(it has crm\.9999_from"):
        bring_up_to_date(tmp_path)
    assert read_state().unknown == ["crm.9999_from_the_future"]
    assert not (tmp_path / "backups").exists()


def test_what_another_program_recorded_is_no_sign_of_a_newer_release(
    database: None, tmp_path: Path
) -> None:
    record("someone_elses_app", "0001_initial")
    assert bring_up_to_date(tmp_path).is_current


def test_a_failed_upgrade_names_the_backup(database: None, tmp_path: Path) -> None:
    forget("sessions", "0001_initial")  # its table is there still: the migration must fail
    with pytest.raises(Conflict, match=r"could not be upgraded: .*Restore .*before-upgrade-"):
        bring_up_to_date(tmp_path)
    assert len(list((tmp_path / "backups").iterdir())) == 1
