"""The tests' databases: migrated once, kept as a dump, and copied for each process and need.

Migrating takes many seconds, copying a database a tenth of one. So the migrated database is
kept in ``.cache`` under a hash of all that migrations are made of, and a test that commits
gets a fresh copy afterwards. (Django would truncate the tables instead: that loses what
migrations put there, and append-only tables rightly refuse it.)
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
from pathlib import Path

import psycopg
from django.db import connections

from dealwright.base.database.migrate import migrate_tables
from dealwright.base.database.programs import running

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "test-database"
TEMPLATE = "template_of_tests"
DUMPS_KEPT = 8
SERVER_URL = os.environ["DATABASE_URL"]  # as it is before a test sets another


def use_database(name: str, run_folder: Path) -> None:
    """Points Django's connection at a fresh, migrated database of this name."""
    with (run_folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _server() as server:
            there = server.execute(
                "select 1 from pg_database where datname = %s", [TEMPLATE]
            ).fetchone()
        if not there:
            _make_template()
    renew_database(name)


def renew_database(name: str) -> None:
    """Puts a fresh copy in the place of the database, whoever is still connected to it."""
    connections["default"].close()
    with _server() as server:
        server.execute(f'drop database if exists "{name}" with (force)'.encode())
        server.execute(f'create database "{name}" template {TEMPLATE} strategy file_copy'.encode())
    connections["default"].settings_dict["NAME"] = name


def _make_template() -> None:
    draft = f"{TEMPLATE}_draft"
    kept = CACHE / f"{_hash()}.dump"
    url = SERVER_URL.replace("/dealwright?", f"/{draft}?")
    with _server() as server:
        server.execute(f"create database {draft}".encode())
        if kept.exists():
            with (
                kept.open("rb") as dump,
                running("pg_restore", server, url, "--no-owner", stdin=dump) as restore,
            ):
                restore.wait()
            os.utime(kept)
        else:
            connections["default"].settings_dict["NAME"] = draft
            migrate_tables()
            connections["default"].close()
            _keep(kept, server, url)
        server.execute(f"alter database {draft} rename to {TEMPLATE}".encode())


def _keep(target: Path, server: psycopg.Connection[tuple[object, ...]], url: str) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    with running("pg_dump", server, url, "--format=custom", "--no-owner") as dump:
        assert dump.stdout is not None
        draft.write_bytes(dump.stdout.read())
    draft.replace(target)
    oldest_first = sorted(CACHE.glob("*.dump"), key=lambda path: path.stat().st_mtime)
    for old in oldest_first[:-DUMPS_KEPT]:
        old.unlink(missing_ok=True)


def _server() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(SERVER_URL, autocommit=True)


def _hash() -> str:
    """Over every migration, the modules of ours it takes from, the locked packages, the server."""
    with _server() as server:
        digest = hashlib.sha256(str(server.info.server_version // 10_000).encode())
    sources = {ROOT / "requirements.lock"}
    for migration in (ROOT / "src").glob("**/migrations/*.py"):
        sources.add(migration)
        for node in ast.walk(ast.parse(migration.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name and name.startswith("dealwright."):
                    module = ROOT / "src" / Path(*name.split("."))
                    sources |= {module.with_suffix(".py"), module / "__init__.py"}
    for source in sorted(sources):
        if source.exists():
            digest.update(str(source.relative_to(ROOT)).encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:32]
