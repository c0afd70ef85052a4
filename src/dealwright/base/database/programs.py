"""Runs PostgreSQL's own client programs against the product's database."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dealwright.base.database.cluster import find_programs
from dealwright.base.errors import Unavailable


def find_client(name: str, server_version: int) -> Path:
    """A client program that fits the server: of its own major release where there is one.

    Raises Unavailable when none is at least as new as the server.
    """
    major = server_version // 10_000
    folders = [Path(f"/usr/lib/postgresql/{major}/bin")]
    if not os.environ.get("PG_BIN"):
        folders.append(find_programs())
    else:
        folders.insert(0, find_programs())
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in folders:
        program = folder / name
        if program.exists() and _major_of(program) >= major:
            return program
    raise Unavailable(
        f"{name} of PostgreSQL {major} or newer is needed: set PG_BIN to the folder that holds it."
    )


def _major_of(program: Path) -> int:
    shown = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    digits = "".join(c if c.isdigit() else " " for c in shown).split()
    return int(digits[0]) if digits else 0


@contextmanager
def running(
    name: str,
    connection: psycopg.Connection[tuple[object, ...]],
    url: str,
    *arguments: str,
    stdin: int | IO[bytes] | None = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """A client program at work on ``url``; raises Unavailable with its words when it fails.

    The password travels in the environment: what stands on a command line anyone may read.
    """
    parts = conninfo_to_dict(url)
    password = str(parts.pop("password", "") or "")
    program = find_client(name, connection.info.server_version)
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [program, f"--dbname={make_conninfo('', **parts)}", *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={**os.environ, "PGPASSWORD": password, "LC_ALL": "C"},
        )
        broken = None
        try:
            yield process
        except BrokenPipeError as error:  # it ended before it had read all; its words say why
            broken = error
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()
        if process.wait() or broken:
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").strip().splitlines()
            raise Unavailable(f"{name} failed: {lines[0] if lines else 'no reason given'}")
