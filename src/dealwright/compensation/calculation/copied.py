"""What a query of PostgreSQL yields, as a table expression of DuckDB: as text, by COPY, without
an object of Python for each value."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from psycopg.abc import PQGen
from psycopg.generators import copy_from
from psycopg.pq.abc import PGconn

_BLOCK = 1 << 16  # bytes written at once


@contextmanager
def copied(rows: QuerySet[Any], columns: Mapping[str, str]) -> Iterator[str]:
    """What a query yields, as a table expression with these columns and types that may be read
    more than once.

    It lies in a file without a name meanwhile, which is gone with the process.
    """
    with tempfile.TemporaryFile(buffering=_BLOCK) as file:
        _copy(rows, file.write)
        file.flush()
        yield _table(file.fileno(), columns)


def stream(
    rows: QuerySet[Any],
    columns: Mapping[str, str],
    read: Callable[[str], object],
    within: Executor,
) -> None:
    """Let another thread (``within``) ``read`` what a query yields while it comes, as a table
    expression that can be read once.

    Raises what the query or ``read`` raises; then what was read may be a part.
    """
    source, sink = os.pipe()

    def reading() -> None:
        try:
            read(_table(source, columns))
        finally:
            os.close(source)  # nobody is to wait for a reader that is gone

    done = within.submit(reading)
    # What broke the pipe is what ``reading`` raised.
    with suppress(BrokenPipeError), os.fdopen(sink, "wb", buffering=_BLOCK) as pipe:
        _copy(rows, pipe.write)
    done.result()


def _copy(rows: QuerySet[Any], write: Callable[[memoryview], object]) -> None:
    sql, values = rows.query.sql_with_params()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", values) as copy,
    ):
        copy.connection.wait(_rows_to(write, copy.connection.pgconn))


def _rows_to(write: Callable[[memoryview], object], server: PGconn) -> PQGen[None]:
    """Write every row that is copied out. ``Copy.read`` begins to wait anew for each row, which
    takes as long again as all else."""
    while isinstance(row := (yield from copy_from(server)), memoryview):
        write(row)


def _table(file: int, columns: Mapping[str, str]) -> str:
    described = ", ".join(f"'{name}': '{type_}'" for name, type_ in columns.items())
    return (
        f"read_csv('/dev/fd/{file}', auto_detect = false, header = false, "
        f"columns = {{{described}}}, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        "allow_quoted_nulls = false, parallel = false, new_line = '\\n', strict_mode = true, "
        "max_line_size = 10000000)"
    )
