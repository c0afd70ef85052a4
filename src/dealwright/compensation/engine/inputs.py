"""The input of a calculation: typed tables in a DuckDB of their own, checked as one.

Both engines read the same tables; the oracle as rows, the others as SQL. Nothing here
computes pay.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from dealwright.base.errors import Invalid
from dealwright.compensation.engine.csv_files import (
    cell_of,
    missing_column,
    read_column,
    read_header,
    read_rows,
    readable,
)
from dealwright.compensation.engine.narrow import as_text
from dealwright.compensation.engine.periods import Closing, PayPeriod
from dealwright.compensation.engine.tables import (
    FILES,
    SQL_TYPES,
    Column,
    columns_of,
)
from dealwright.compensation.plans.definition import Plan

LEAST_MEMORY = 380_000_000  # bytes
FREE_ROWS = 2_000_000
BYTES_PER_ROW = 75
_BLOCK = 1 << 20  # bytes of a file that are hashed at once


@dataclass(frozen=True, slots=True, order=True)
class InputProblem:
    """One thing wrong with the input; ``row`` is the line in the file, header included (0: the
    file as a whole)."""

    file: str
    row: int
    message: str

    def __str__(self) -> str:
        return (
            f"{self.file} row {self.row}: {self.message}"
            if self.row
            else (f"{self.file}: {self.message}")
        )


class InputInvalid(Invalid):
    """The input cannot be calculated; nothing was. ``problems`` holds every reason."""

    default_code = "input_invalid"

    def __init__(self, problems: Sequence[InputProblem]) -> None:
        self.problems = sorted(set(problems))
        count = len(self.problems)
        super().__init__(
            f"The input has {count} error{'s' if count != 1 else ''}; nothing was calculated.",
            fields={"input": [str(each) for each in self.problems]},
        )


@dataclass(slots=True)
class Inputs:
    """Typed input tables ``input_<file>`` and what ``prepare`` derives from them."""

    plan: Plan
    connection: duckdb.DuckDBPyConnection
    given: frozenset[str]
    periods: tuple[PayPeriod, ...] = ()  # those that are calculated
    all_periods: tuple[PayPeriod, ...] = ()  # with those that complete their fiscal years
    closings: tuple[Closing, ...] = ()
    notices: list[str] = field(default_factory=list)
    hash: str = ""
    check_names: bool = True
    attached: str = ""  # its own database in the DuckDB that is kept for small inputs
    memory: int = 0  # bytes that the calculation may hold before it writes to the disk; 0: free
    spilled: tempfile.TemporaryDirectory[str] | None = None  # what did not fit into it

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, values).fetchall()

    def bound_memory(self) -> None:
        """Let the calculation hold a few hundred bytes for each row of the input and put the
        rest into files of its own that only its user can read and that go with it.

        From here on DuckDB may reorder rows: nothing after the loading asks for their order.
        """
        if self.attached:
            return
        rows = sum(self.rows(f"SELECT count(*) FROM input_{file}")[0][0] for file in FILES)
        self.memory = LEAST_MEMORY + max(0, rows - FREE_ROWS) * BYTES_PER_ROW
        self.spilled = tempfile.TemporaryDirectory(prefix="dealwright-calculation-")
        self.connection.execute(
            f"SET temp_directory = '{self.spilled.name}'; SET preserve_insertion_order = false"
        )
        self._limit()

    def allow_more_memory(self) -> bool:
        """Double the limit; False where it is none, or the machine has no more."""
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 8 // 10
        if not 0 < self.memory < most:
            return False
        self.memory = min(self.memory * 2, most)
        self._limit()
        return True

    def make(self, sql: str) -> None:
        """Run a statement that makes something large; where it needs more memory than the
        limit, with more."""
        while True:
            try:
                self.connection.execute(sql)
            except duckdb.OutOfMemoryException:
                if not self.allow_more_memory():
                    raise
            else:
                return

    def digest(self, sql: str, *, between: bytes = b"\n") -> str:
        """SHA-256 over the texts that a query of one column yields, in its order.

        DuckDB writes them into a file without a name: as rows of Python a million take twice
        as long. Without anything ``between`` them they must have no line breaks.
        """
        digest = hashlib.sha256()
        with tempfile.TemporaryFile() as file:
            self.make(
                f"COPY ({sql}) TO '/dev/fd/{file.fileno()}' "
                "(FORMAT csv, HEADER false, QUOTE '', USE_TMP_FILE false)"
            )
            size = file.seek(0, os.SEEK_END) - 1  # without the last line break
            file.seek(0)
            while size > 0 and (block := file.read(min(size, _BLOCK))):
                size -= len(block)
                digest.update(block if between == b"\n" else block.replace(b"\n", between))
        return digest.hexdigest()

    def _limit(self) -> None:
        self.connection.execute(f"SET memory_limit = '{self.memory // 1_000_000}MB'")

    def close(self) -> None:
        if self.attached:
            self.connection.execute(f"USE memory; DETACH {self.attached}")
        self.connection.close()
        if self.spilled is not None:
            self.spilled.cleanup()


def open_inputs(plan: Plan, given: Iterable[str] = (), *, small: bool = False) -> Inputs:
    """Empty input tables for a plan.

    ``small`` inputs share one DuckDB that stays open in the process, each in a database of its
    own: starting one takes longer than a question about one payee.
    """
    connection = _kept() if small else duckdb.connect(":memory:")
    inputs = Inputs(plan=plan, connection=connection, given=frozenset(given))
    if small:
        inputs.attached = f"small_{next(_numbers)}"
        connection.execute(f"ATTACH ':memory:' AS {inputs.attached}; USE {inputs.attached}")
    else:
        connection.execute("SET preserve_insertion_order = true")
    for file in FILES:
        columns = columns_of(file, plan.fields, plan.payee_fields)
        described = ", ".join(f'"{each.name}" {SQL_TYPES[each.type]}' for each in columns)
        connection.execute(f"CREATE TABLE input_{file} ({described}, row BIGINT)")
    return inputs


_lock, _numbers = threading.Lock(), count(1)
_root: dict[int, duckdb.DuckDBPyConnection] = {}  # by process, since a fork cannot share it


def _kept() -> duckdb.DuckDBPyConnection:
    """A connection of its own to the DuckDB of this process."""
    with _lock:
        root = _root.get(os.getpid())
        if root is None:
            root = _root[os.getpid()] = duckdb.connect(":memory:", config={"threads": 1})
        return root.cursor()


def load_csv(plan: Plan, paths: Mapping[str, Path]) -> Inputs:
    """Inputs from CSV files by kind (events, splits, people, quotas, hierarchy, rates).

    Raises InputInvalid that names every bad cell by file and row.
    """
    inputs = open_inputs(plan, paths)
    problems: list[InputProblem] = []
    for file, path in paths.items():
        try:
            problems += _load_file(inputs, file, path)
        except duckdb.Error as error:
            problems.append(InputProblem(file, 0, readable(error)))
    if problems:
        inputs.close()
        raise InputInvalid(problems)
    inputs.hash = _hash(paths)
    return inputs


def load_rows(
    plan: Plan,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    check_names: bool = True,
    small: bool = False,
) -> Inputs:
    """Inputs from rows that are typed already (from the database).

    A row's keys are the column names of ``tables``; fields that the plan declares stand
    under ``f_<name>``. Missing keys take the column's default. ``check_names`` refuses payees
    who are not among the people; without it they are credited and not paid. ``small`` is for
    questions about a few payees whose answer is not kept: such an input has no hash.
    """
    inputs = open_inputs(plan, tables, small=small)
    inputs.check_names = check_names
    for file, rows in tables.items():
        insert_rows(inputs, file, rows)
    if not small:
        inputs.hash = tables_hash(inputs, tables)
    return inputs


def insert_rows(inputs: Inputs, file: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that are typed already into an input table, see ``load_rows``."""
    insert_columns(
        inputs.connection,
        f"input_{file}",
        {
            each.name: (
                SQL_TYPES[each.type],
                [_typed(each, row.get(each.name)) for row in rows],
                each.default,
            )
            for each in columns_of(file, inputs.plan.fields, inputs.plan.payee_fields)
        }
        | {"row": ("BIGINT", list(range(2, len(rows) + 2)), "NULL")},
    )


def tables_hash(inputs: Inputs, files: Iterable[str], known: Mapping[str, str] = {}) -> str:
    """The hash of an input: over all rows of these tables, whatever their order. ``known`` are
    digests of tables that were taken already."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update((known.get(file) or table_digest(inputs, file)).encode())
    return digest.hexdigest()


def insert_columns(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, tuple[str, Sequence[Any], str]],
) -> None:
    """Insert whole columns: name -> (SQL type, values, SQL literal in place of None).

    As lists in one statement, since inserts row by row are slow and Arrow loads pandas.
    """
    chosen = ", ".join(
        f"coalesce(c{place}, {default})" for place, (_, _, default) in enumerate(columns.values())
    )
    unnested = ", ".join(
        f"unnest(${place + 1}::{type_}[]) AS c{place}"
        for place, (type_, _, _) in enumerate(columns.values())
    )
    values = [list(given) for _, given, _ in columns.values()]
    if values and values[0]:
        connection.execute(f"INSERT INTO {table} SELECT {chosen} FROM (SELECT {unnested})", values)


def create_table(
    inputs: Inputs, name: str, columns: Mapping[str, str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """A table in place of one of that name, with these columns (name -> SQL type) and rows."""
    described = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
    inputs.connection.execute(f"CREATE OR REPLACE TABLE {name} ({described})")
    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    insert_columns(
        inputs.connection,
        name,
        {
            column: (type_, list(given), "NULL")
            for (column, type_), given in zip(columns.items(), values, strict=True)
        },
    )


def table_digest(inputs: Inputs, file: str) -> str:
    """SHA-256 over a table's rows, whatever their order of loading."""
    columns = columns_of(file, inputs.plan.fields, inputs.plan.payee_fields)
    texts = (as_text(f'"{each.name}"', SQL_TYPES[each.type]) for each in columns)
    values = ", ".join(f"coalesce({each}, '')" for each in texts)
    digest = inputs.digest(
        f"SELECT concat_ws(chr(31), {values}) AS line FROM input_{file} ORDER BY line"
    )
    return f"{file}:{digest};"


def _load_file(inputs: Inputs, file: str, path: Path) -> list[InputProblem]:
    if not path.is_file():
        said = f"{path} is a folder." if path.is_dir() else f"there is no file {path}."
        return [InputProblem(file, 0, said)]
    header = read_header(path)
    if isinstance(header, str):
        return [InputProblem(file, 1, header)]
    wrong = read_rows(inputs.connection, path, header)
    if wrong:
        return [InputProblem(file, wrong.row, wrong.message)]
    problems: list[InputProblem] = []
    chosen: list[str] = []
    for column in columns_of(file, inputs.plan.fields, inputs.plan.payee_fields):
        name = header.find(column.title)
        if name is not None:
            value, told = read_column(inputs.rows, column, cell_of(name), header.separator)
            problems += [InputProblem(file, each.row, each.message) for each in told]
            chosen.append(value)
            continue
        if column.required:
            problems.append(InputProblem(file, 1, missing_column(column, header)))
        elif column.name.startswith("f_") and file == "events":
            said = f"the plan uses the field “{column.title}”, but there is no such column."
            problems.append(InputProblem(file, 1, said))
        chosen.append(f"CAST({column.default} AS {SQL_TYPES[column.type]})")
    if not problems:
        inputs.connection.execute(
            f"INSERT INTO input_{file} SELECT {', '.join(chosen)}, row_number_ FROM raw"
        )
    inputs.connection.execute("DROP TABLE raw")
    return problems


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type in ("money", "number", "quantity", "share", "rate"):
        return Decimal(value)
    if column.type == "text":
        return str(value)
    if column.type == "date" and not isinstance(value, date):
        return date.fromisoformat(str(value))
    return value


def _hash(paths: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(paths):
        with paths[file].open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        digest.update(f"{file}:{content};".encode())
    return digest.hexdigest()
