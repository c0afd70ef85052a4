"""The doctor: finds what is not well, says how to mend it, survives a check that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from dealwright.base.database import doctor
from dealwright.base.database.doctor import Finding, examine, register_check
from dealwright.base.errors import Unavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def extra_check() -> Iterator[None]:
    yield
    doctor._checks.pop("extra", None)


def test_a_sound_installation_is_found_well() -> None:
    found = examine()
    for name in ("database", "extensions", "tables", "disk", "clock", "data folder"):
        assert found[name].ok, found[name]
    assert found["database"].message.startswith("PostgreSQL ")


def test_a_missing_extension_is_named_with_the_statement_that_mends_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("drop extension btree_gist cascade")
    found = examine()["extensions"]
    assert not found.ok
    assert found.mend == "As its owner run: create extension btree_gist;"


def test_missing_migrations_are_counted() -> None:
    with connection.cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'sessions'")
    found = examine()["tables"]
    assert not found.ok
    assert found.message == "1 upgrades of the tables are missing, sessions.0001_initial first."


def test_secrets_that_others_may_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "django").touch(mode=0o644)
    found = examine()["data folder"]
    assert not found.ok
    assert found.message == "Others may read django of the secrets."
    assert found.mend == f"Run: chmod -R go= {tmp_path / 'secrets'}"


def test_a_refusal_is_a_finding(extra_check: None) -> None:
    def refuse() -> Finding:
        raise Unavailable("The master key is missing.")

    register_check("extra", refuse)
    assert examine()["extra"].message == "The master key is missing."


def test_a_check_that_breaks_the_transaction_does_not_spoil_the_others(extra_check: None) -> None:
    def break_down() -> Finding:
        with connection.cursor() as cursor:
            cursor.execute("select * from no_such_table")
        return Finding(True, "")

    register_check("extra", break_down)
    found = examine()
    assert not found["extra"].ok
    assert 'relation "no_such_table" does not exist' in found["extra"].message
    assert found["database"].ok


def test_a_name_is_given_once(extra_check: None) -> None:
    register_check("extra", lambda: Finding(True, ""))
    with pytest.raises(RuntimeError, match="defined twice"):
        register_check("extra", lambda: Finding(True, ""))
