"""Backup and restore between real servers: what comes back equals what was there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dealwright.base.database.backup import create_backup, restore_backup, verify_backup
from dealwright.base.database.sealed import Lock
from dealwright.base.database.server import EmbeddedServer
from dealwright.base.errors import Conflict, Invalid

pytestmark = pytest.mark.slow
KEY = Lock("key", "a long random key")


@pytest.fixture(autouse=True)
def no_other_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A data folder with 10,000 deals, two files and the secrets."""
    with EmbeddedServer(tmp_path / "first", fast_and_unsafe=True) as server:
        with psycopg.connect(server.url) as connection:
            connection.execute("create extension pg_trgm")
            connection.execute(
                "create table deal (id bigint generated always as identity primary key, "
                "name text not null, amount numeric(18, 2) not null, at timestamptz not null)"
            )
            connection.execute("create index deal_name on deal using gin (name gin_trgm_ops)")
            connection.execute(
                "insert into deal (name, amount, at) select 'Déal ' || n, n * 1.01, "
                "'2026-01-01'::timestamptz + n * interval '1 hour' from generate_series(1, 10000) n"
            )
            connection.execute("create table empty (id int)")
        files = server.data_dir / "files" / "ab"
        files.mkdir(parents=True)
        (files / "one").write_bytes(os.urandom(3_000_000))
        (files / "two").write_bytes(b"")
        (server.data_dir / "secrets" / "files").write_text("the master key")
        yield server


def sums(url: str) -> object:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select count(*), sum(amount), max(at), md5(string_agg(name, ',' order by id)) "
            "from deal"
        ).fetchone()


def test_a_restore_equals_what_was_backed_up(server: EmbeddedServer, tmp_path: Path) -> None:
    before = sums(server.url)
    made = create_backup(server.data_dir, tmp_path / "backup", KEY)
    assert made.rows == {"deal": 10_000, "empty": 0}
    assert made.files == 4  # two files, the master key, the database's password

    restored = restore_backup(tmp_path / "backup", tmp_path / "second", KEY)

    assert restored == made
    with EmbeddedServer(tmp_path / "second", fast_and_unsafe=True) as second:
        assert sums(second.url) == before
        with psycopg.connect(second.url) as connection:
            indexes = connection.execute(
                "select count(*) from pg_indexes where tablename = 'deal'"
            ).fetchone()
            assert indexes == (2,)
            connection.execute("insert into deal (name, amount, at) values ('next', 1, now())")
    for name in ("files/ab/one", "files/ab/two", "secrets/files"):
        found, original = tmp_path / "second" / name, server.data_dir / name
        assert found.read_bytes() == original.read_bytes()
        assert found.stat().st_mode & 0o777 == 0o600


def test_a_backup_is_closed_to_others_and_tells_nothing(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    create_backup(server.data_dir, tmp_path / "backup", KEY)
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    content = (tmp_path / "backup").read_bytes()
    for word in ("Déal 77".encode(), b"the master key", b"create table", b"manifest"):
        assert word not in content


def test_work_during_a_backup_is_left_out_whole(server: EmbeddedServer, tmp_path: Path) -> None:
    """Rows that are written after the snapshot are not in the backup, whatever the order."""
    with psycopg.connect(server.url) as busy:
        busy.execute("insert into deal (name, amount, at) values ('uncommitted', 1, now())")
        made = create_backup(server.data_dir, tmp_path / "backup", KEY)
    assert made.rows["deal"] == 10_000
    assert sums(server.url)[0] == 10_001  # type: ignore[index]


def test_a_file_that_is_there_is_not_overwritten(server: EmbeddedServer, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("precious")
    with pytest.raises(Conflict, match="exists already"):
        create_backup(server.data_dir, tmp_path / "backup", KEY)
    assert (tmp_path / "backup").read_text() == "precious"


def test_a_backup_that_fails_leaves_nothing(server: EmbeddedServer, tmp_path: Path) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("create table closed as select 1")
        connection.execute("revoke select on closed from dealwright")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        create_backup(server.data_dir, tmp_path / "backups" / "backup", KEY)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_folder_in_use_and_a_folder_that_is_not_empty_are_refused(
    server: EmbeddedServer, tmp_path: Path
) -> None:
    create_backup(server.data_dir, tmp_path / "backup", KEY)
    with pytest.raises(Conflict, match="stop it, then restore"):
        restore_backup(tmp_path / "backup", server.data_dir, KEY)
    server.stop()
    with pytest.raises(Conflict, match="is not empty"):
        restore_backup(tmp_path / "backup", server.data_dir, KEY)


def test_what_was_there_is_set_aside_by_force(server: EmbeddedServer, tmp_path: Path) -> None:
    create_backup(server.data_dir, tmp_path / "backup", KEY)
    with psycopg.connect(server.url) as connection:
        connection.execute("delete from deal")
    (server.data_dir / "files" / "ab" / "later").write_text("later")
    server.stop()

    restore_backup(tmp_path / "backup", server.data_dir, KEY, replace=True)

    with server:
        assert sums(server.url)[0] == 10_000  # type: ignore[index]
    assert not (server.data_dir / "files" / "ab" / "later").exists()
    (aside,) = server.data_dir.glob("replaced-*")
    assert (aside / "files" / "ab" / "later").read_text() == "later"
    assert (aside / "postgres" / "cluster").is_dir()


def test_a_damaged_backup_touches_nothing(server: EmbeddedServer, tmp_path: Path) -> None:
    create_backup(server.data_dir, tmp_path / "backup", KEY)
    content = bytearray((tmp_path / "backup").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "backup").write_bytes(content)
    with pytest.raises(Invalid, match="cannot be opened"):
        restore_backup(tmp_path / "backup", tmp_path / "second", KEY)
    assert not (tmp_path / "second").exists()


def test_another_key_is_refused(server: EmbeddedServer, tmp_path: Path) -> None:
    create_backup(server.data_dir, tmp_path / "backup", KEY)
    with pytest.raises(Invalid, match="cannot be opened"):
        verify_backup(tmp_path / "backup", Lock("key", "another key"))


def test_a_database_of_its_own_address_is_emptied_only_by_force(
    server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sums(server.url)
    create_backup(server.data_dir, tmp_path / "backup", KEY)
    with EmbeddedServer(tmp_path / "elsewhere", fast_and_unsafe=True) as other:
        with psycopg.connect(other.url) as connection:
            connection.execute("create table deal (unlike int)")
        monkeypatch.setenv("DATABASE_URL", other.url)
        with pytest.raises(Conflict, match="has tables"):
            restore_backup(tmp_path / "backup", tmp_path / "second", KEY)
        restore_backup(tmp_path / "backup", tmp_path / "third", KEY, replace=True)
        assert sums(other.url) == before
    assert not (tmp_path / "third" / "postgres").exists()
