"""The bare program: the same SQL by psycopg, its rows by orjson, under the same server.

    python -m bench.house.bare STATEMENTS PORT PROCESSES THREADS

``/<case>/<variant>`` runs the statements that the house was seen to run for the same request.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import psycopg

from bench.house.requests import AMOUNT, fresh_name
from dealwright.base.database.address import embedded_url
from dealwright.base.identifiers import uuid7

_kept = threading.local()
STATEMENTS: dict[str, list[list[Any]]] = {}


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], Any]
) -> Iterable[bytes]:
    """The WSGI program."""
    case, variant = environ["PATH_INFO"].strip("/").split("/")
    if environ["REQUEST_METHOD"] == "POST":
        environ["wsgi.input"].read()
    fresh, statements = STATEMENTS[case][int(variant)]
    if fresh:  # a write needs ids and an amount of its own, as the house makes them
        values = {fresh_name(number): str(uuid7()) for number in range(fresh)}
        values[AMOUNT] = f"{random.randrange(100_000, 90_000_000) / 100:.2f}"
        statements = [_filled(statement, values) for statement in statements]
    rows: list[Any] = []
    connection = _connection()
    for statement in statements:
        cursor = connection.execute(statement)
        if cursor.description is not None:
            rows.append(cursor.fetchall())
    body = orjson.dumps(rows, default=str)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


def _filled(statement: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        statement = statement.replace(name, value)
    return statement


def _connection() -> psycopg.Connection[Any]:
    found: psycopg.Connection[Any] | None = getattr(_kept, "connection", None)
    if found is None or found.closed:
        url = embedded_url(Path(os.environ["DEALWRIGHT_DATA_DIR"]))
        found = _kept.connection = psycopg.connect(url, autocommit=True)
    return found


def main(statements: str, port: str, processes: str, threads: str) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    os.environ["BENCH_STATEMENTS"] = statements
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")
    Server(
        "bench.house.bare:application",
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(processes),
        blocking_threads=int(threads),
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


if "BENCH_STATEMENTS" in os.environ:
    STATEMENTS.update(orjson.loads(Path(os.environ["BENCH_STATEMENTS"]).read_bytes()))

if __name__ == "__main__":
    main(*sys.argv[1:])
