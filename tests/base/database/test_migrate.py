"""The quick way through the migrations makes the very tables that Django's own way makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from dealwright.base.database.migrate import migrate_tables
from dealwright.base.database.programs import find_client

pytestmark = pytest.mark.slow


def schema(url: str) -> list[str]:
    with psycopg.connect(url) as server:
        program = find_client("pg_dump", server.info.server_version)
    done = subprocess.run(
        [program, url, "--schema-only", "--no-owner"], capture_output=True, text=True, check=True
    )
    # psql's own guard carries a word made for each dump.
    return [line for line in done.stdout.splitlines() if "restrict" not in line]


def test_both_ways_make_the_same_tables(transactional_db: None, tmp_path: Path) -> None:
    server_url = os.environ["DATABASE_URL"]
    own = connection.settings_dict["NAME"]
    made = {}
    try:
        for name, migrate in (("quick", migrate_tables), ("plain", plainly)):
            connection.close()
            with psycopg.connect(server_url, autocommit=True) as server:
                server.execute(f'create database "{own}_{name}"'.encode())
            connection.settings_dict["NAME"] = f"{own}_{name}"
            migrate()
            made[name] = schema(server_url.replace("/dealwright?", f"/{own}_{name}?"))
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
    assert len(made["quick"]) > 5_000
    assert made["quick"] == made["plain"]


def plainly() -> None:
    call_command("migrate", interactive=False, verbosity=0)
