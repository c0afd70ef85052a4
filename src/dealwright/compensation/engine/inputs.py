"""The input of a calculation: typed tables in a DuckDB of their own, checked as one.

Both engines read the same tables; the oracle as rows, the others as SQL. Nothing here
computes pay.
"""

from __future__ import annotations

import csv
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
from dealwright.compensation.engine.periods import Closing, PayPeriod
from dealwright.compensation.engine.tables import (
    EXAMPLES,
    FILES,
    MAX_ROWS_NAMED,
    PATTERNS,
    SQL_TYPES,
    Column,
    columns_of,
)
from dealwright.compensation.plans.definition import Plan

LEAST_MEMORY = 380_000_000  # bytes
FREE_ROWS = 2_000_000
BYTES_PER_ROW = 75


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
            problems.append(InputProblem(file, 0, _readable(error)))
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


def tables_hash(inputs: Inputs, files: Iterable[str]) -> str:
    """The hash of an input: over all rows of these tables, whatever their order."""
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(table_digest(inputs, file).encode())
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


def table_digest(inputs: Inputs, file: str) -> str:
    """SHA-256 over a table's rows, whatever their order of loading."""
    columns = columns_of(file, inputs.plan.fields, inputs.plan.payee_fields)
    joined = " || chr(31) || ".join(f"coalesce(\"{each.name}\"::VARCHAR, '')" for each in columns)
    lines = inputs.connection.execute(f"SELECT {joined} AS line FROM input_{file} ORDER BY line")
    digest, between = hashlib.sha256(), ""
    while some := lines.fetchmany(100_000):
        digest.update((between + "\n".join(line for (line,) in some)).encode())
        between = "\n"
    return f"{file}:{digest.hexdigest()};"


def _load_file(inputs: Inputs, file: str, path: Path) -> list[InputProblem]:
    if not path.is_file():
        return [InputProblem(file, 0, f"there is no file {path}.")]
    connection = inputs.connection
    names = _header(path)
    if not names or len({name.lower() for name in names}) < len(names) or "" in names:
        return [InputProblem(file, 1, "the first row must name each column once.")]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE raw AS SELECT *, row_number() OVER () + 1 AS row_number_ "
        "FROM read_csv(?, auto_detect = false, columns = ?, header = true, delim = ',', "
        "quote = '\"', escape = '\"', nullstr = '', strict_mode = true, "
        "max_line_size = 1000000)",
        [str(path), dict.fromkeys(names, "VARCHAR")],
    )
    headers = {name.lower(): name for name in names}
    columns = columns_of(file, inputs.plan.fields, inputs.plan.payee_fields)
    problems: list[InputProblem] = []
    chosen: list[str] = []
    for column in columns:
        header = headers.get(column.title)
        if header is None:
            if column.required:
                problems.append(InputProblem(file, 1, f"the column “{column.title}” is missing."))
            elif column.name.startswith("f_") and file == "events":
                problems.append(
                    InputProblem(
                        file,
                        1,
                        f"the plan uses the field “{column.title}”, but there is no such column.",
                    )
                )
            chosen.append(f"CAST({column.default} AS {SQL_TYPES[column.type]})")
            continue
        cell = f'trim("{header.replace(chr(34), chr(34) * 2)}")'
        problems += _bad_cells(inputs, file, column, cell)
        chosen.append(f"coalesce({_cast(column, cell)}, {column.default})")
    if not problems:
        connection.execute(
            f"INSERT INTO input_{file} SELECT {', '.join(chosen)}, row_number_ FROM raw"
        )
    connection.execute("DROP TABLE raw")
    return problems


def _header(path: Path) -> list[str]:
    """The names in the first row; raises InputInvalid where it is no text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputInvalid(
            [InputProblem(path.stem, 1, f"this file is not CSV text in UTF-8: {error}.")]
        ) from None


def _cast(column: Column, cell: str) -> str:
    kind = SQL_TYPES[column.type]
    if column.type == "text":
        return f"nullif({cell}, '')"
    if column.type == "bool":
        return f"CASE WHEN {cell} = '' THEN NULL ELSE lower({cell}) IN ('true', 'yes', '1') END"
    if column.type == "share":
        return (
            f"CASE WHEN {cell} LIKE '%\\%' ESCAPE '\\' "
            f"THEN CAST(try_cast(rtrim({cell}, '%') AS DECIMAL(9, 4)) * 0.01 AS {kind}) "
            f"ELSE try_cast({cell} AS {kind}) END"
        )
    return f"try_cast({cell} AS {kind})"


def _bad_cells(inputs: Inputs, file: str, column: Column, cell: str) -> list[InputProblem]:
    bad = []
    if column.required:
        bad.append(f"coalesce({cell}, '') = ''")
    if column.type != "text":
        pattern = PATTERNS[column.type]
        bad.append(
            f"({cell} <> '' AND (NOT regexp_full_match({cell}, '{pattern}') "
            f"OR ({_cast(column, cell)}) IS NULL))"
        )
    if not bad:
        return []
    found = inputs.rows(
        f"SELECT row_number_, coalesce({cell}, '') FROM raw WHERE {' OR '.join(bad)} "
        f"ORDER BY 1 LIMIT {MAX_ROWS_NAMED}"
    )
    return [
        InputProblem(
            file,
            row,
            f"{column.title} “{value[:40]}” is not {EXAMPLES[column.type]}."
            if value
            else f"{column.title} is empty.",
        )
        for row, value in found
    ]


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


def _readable(error: duckdb.Error) -> str:
    """DuckDB's complaint in one sentence, without its advice on options."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if "Error" in line), lines[0] if lines else "unreadable")
    detail = next((line for line in lines[1:] if line.startswith("Line:")), "")
    return f"this file cannot be read as CSV: {text[:200]} {detail}".strip()


def _hash(paths: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(paths):
        with paths[file].open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        digest.update(f"{file}:{content};".encode())
    return digest.hexdigest()
