"""Reading CSV files as people's programs write them; what can be read in two ways is refused.

Values are separated by commas, semicolons or tabs. Numbers may have a decimal comma, days may
stand as 31.01.2027 or 01/31/2027: a column is read in the one way in which all of its cells
make sense.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dealwright.compensation.engine.tables import (
    EXAMPLES,
    MAX_ROWS_NAMED,
    PATTERNS,
    SQL_TYPES,
    Column,
)

Rows = Callable[..., list[tuple[Any, ...]]]
_NUMBERS = ("money", "quantity", "number", "share", "rate")
_SEPARATORS = ",;\t"
_GROUP = "([0-9])[ ''’\u00a0\u202f]([0-9]{3})"  # a separator of thousands, as SQL text

# A cell's digits without signs, spaces and percent: only so, or only the other way.
_WITH_POINT = r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]*|[0-9]+\.[0-9]*|[0-9]{1,3}(,[0-9]{3}){2,}"
_WITH_COMMA = r"[0-9]{1,3}(\.[0-9]{3})+,[0-9]*|[0-9]+,[0-9]*|[0-9]{1,3}(\.[0-9]{3}){2,}"
_EITHER = r"[0-9]{1,3}[.,][0-9]{3}"


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong; ``row`` is the line in the file, 0 for the file as a whole."""

    row: int
    message: str


@dataclass(frozen=True, slots=True)
class Header:
    """The first row: its names, and what separates values."""

    names: tuple[str, ...]
    separator: str

    def find(self, title: str) -> str | None:
        """The column of a title, whatever its case, spaces and dashes."""
        by_name = {name.lower(): name for name in self.names}
        by_letters = {_letters(name): name for name in self.names}
        return by_name.get(title) or by_letters.get(_letters(title))


def read_header(path: Path) -> Header | str:
    """The header of a file, or a sentence that says why there is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = next((line for line in file if line.strip()), "")
            file.seek(0)
            separator = max(_SEPARATORS, key=_outside_quotes(line).count)
            rows = csv.reader(file, delimiter=separator)
            names = tuple(name.strip() for name in next((row for row in rows if row), []))
    except (UnicodeDecodeError, csv.Error) as error:
        return f"this file is not CSV text in UTF-8; save it as “CSV UTF-8” ({error})."
    if not names:
        return "the file is empty; its first row must name the columns."
    given = [_letters(name) for name in names]
    if "" in given:
        return f"column {given.index('') + 1} of the first row has no name."
    twice = [name for place, name in enumerate(names) if given[place] in given[:place]]
    if twice:
        return f"the first row must name each column once; “{twice[0][:40]}” is there twice."
    return Header(names, separator)


def read_rows(connection: duckdb.DuckDBPyConnection, path: Path, header: Header) -> Told | None:
    """Makes the table ``raw`` of texts with ``row_number_``; returns what went wrong."""
    try:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE raw AS SELECT *, row_number() OVER () + 1 AS row_number_ "
            "FROM read_csv(?, auto_detect = false, columns = ?, header = true, delim = ?, "
            "quote = '\"', escape = '\"', nullstr = '', strict_mode = true, "
            "max_line_size = 1000000)",
            [str(path), dict.fromkeys(header.names, "VARCHAR"), header.separator],
        )
    except duckdb.Error as error:
        return _uneven(path, header) or Told(0, readable(error))
    return None


def missing_column(column: Column, header: Header) -> str:
    """What to say of a column that must be there."""
    there = ", ".join(name[:40] for name in header.names[:20])
    return f"the column “{column.title}” is missing; there are {there}."


def cell_of(name: str) -> str:
    """SQL of a cell's text without space around it."""
    return f'trim("{name.replace(chr(34), chr(34) * 2)}")'


def read_column(rows: Rows, column: Column, cell: str, separator: str) -> tuple[str, list[Told]]:
    """SQL of a column's value from the texts in ``raw``, and what is wrong with its cells."""
    is_plain = separator != ";" or column.type not in _NUMBERS  # else 1.234 may be 1234
    if is_plain and not _bad_cells(rows, column, cell, cell):
        return f"coalesce({_cast(column, cell)}, {column.default})", []
    plain, unsure = cell, ""
    if column.type in _NUMBERS:
        plain, unsure = _plain_number(rows, cell, separator)
    elif column.type == "date":
        plain, unsure = _plain_day(rows, cell)
    bad = _bad_cells(rows, column, cell, plain, unsure)
    return f"coalesce({_cast(column, plain)}, {column.default})", bad


def _plain_number(rows: Rows, cell: str, separator: str) -> tuple[str, str]:
    """(SQL of numbers with a point and nothing else, condition of cells that are unclear)."""
    bare = cell
    for _ in range(2):
        bare = f"regexp_replace({bare}, '{_GROUP}', '\\1\\2', 'g')"
    negative = f"regexp_full_match({bare}, '\\([0-9.,]+\\)')"
    bare = f"CASE WHEN {negative} THEN concat('-', trim({bare}, '()')) ELSE {bare} END"
    digits = f"trim({bare}, '+-%')"
    either = f"regexp_full_match({digits}, '{_EITHER}')"
    with_point = f"regexp_full_match({digits}, '{_WITH_POINT}')"
    with_comma = f"regexp_full_match({digits}, '{_WITH_COMMA}')"
    ((points, commas),) = rows(
        f"SELECT count(*) FILTER ({with_point} AND NOT {either}), "
        f"count(*) FILTER ({with_comma} AND NOT {either}) FROM raw"
    )
    if bool(points) != bool(commas):
        known, plain = with_point, f"replace({bare}, ',', '')"
        if commas:
            known, plain = with_comma, f"replace(replace({bare}, '.', ''), ',', '.')"
        return f"CASE WHEN {known} OR {either} THEN {plain} ELSE {bare} END", ""
    unclear = either if separator == ";" else f"{either} AND contains({digits}, ',')"
    return bare, unclear


def _plain_day(rows: Rows, cell: str) -> tuple[str, str]:
    """(SQL of days as 2027-01-31, condition of cells that are unclear)."""
    slashed = r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})"
    ((days_first, months_first, found),) = rows(
        f"SELECT count(*) FILTER (TRY_CAST(regexp_extract(c, '{slashed}', 1) AS INT) > 12), "
        f"count(*) FILTER (TRY_CAST(regexp_extract(c, '{slashed}', 2) AS INT) > 12), "
        f"count(*) FILTER (regexp_full_match(c, '{slashed}')) FROM (SELECT {cell} AS c FROM raw)"
    )
    midnight = r"([0-9]{4})[-/]([0-9]{2})[-/]([0-9]{2})([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.0+)?)?)?"
    dotted = r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})"

    def day(pattern: str, year: int, month: int, of: int) -> str:
        year_, month_, day_ = (
            f"regexp_extract({cell}, '{pattern}', {place})" for place in (year, month, of)
        )
        return f"concat({year_}, '-', lpad({month_}, 2, '0'), '-', lpad({day_}, 2, '0'))"

    cases = [
        f"WHEN regexp_full_match({cell}, '{midnight}') THEN {day(midnight, 1, 2, 3)}",
        f"WHEN regexp_full_match({cell}, '{dotted}') THEN {day(dotted, 3, 2, 1)}",
    ]
    unsure = ""
    if found and bool(days_first) == bool(months_first):
        unsure = f"regexp_full_match({cell}, '{slashed}')"
    elif found:
        order = (3, 2, 1) if days_first else (3, 1, 2)
        cases.append(f"WHEN regexp_full_match({cell}, '{slashed}') THEN {day(slashed, *order)}")
    return f"CASE {' '.join(cases)} ELSE {cell} END", unsure


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


def _bad_cells(rows: Rows, column: Column, cell: str, plain: str, unsure: str = "") -> list[Told]:
    bad = []
    if column.required:
        bad.append(f"coalesce({cell}, '') = ''")
    if column.type != "text":
        pattern = PATTERNS[column.type]
        bad.append(
            f"({cell} <> '' AND (NOT regexp_full_match({plain}, '{pattern}') "
            f"OR ({_cast(column, plain)}) IS NULL))"
        )
    if not bad:
        return []
    both = f"coalesce({unsure}, FALSE)" if unsure else "FALSE"
    found = rows(
        f"SELECT row_number_, coalesce({cell}, ''), {both} FROM raw "
        f"WHERE {' OR '.join([*bad, both])} ORDER BY 1 LIMIT {MAX_ROWS_NAMED}"
    )
    return [Told(row, _said(column, value, unclear)) for row, value, unclear in found]


def _said(column: Column, value: str, unclear: bool) -> str:
    if not value:
        return f"{column.title} is empty."
    if not unclear:
        return f"{column.title} “{value[:40]}” is not {EXAMPLES[column.type]}."
    if column.type == "date":
        return (
            f"{column.title} “{value[:40]}” can be read in two ways; write it like 2027-01-31, "
            "with the year first."
        )
    return (
        f"{column.title} “{value[:40]}” can be read in two ways; write it without separators of "
        "thousands and with a decimal point."
    )


def _letters(name: str) -> str:
    return "".join(each for each in name.lower() if each.isalnum())


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _uneven(path: Path, header: Header) -> Told | None:
    """Names the first row that has another number of values than the header."""
    wanted = len(header.names)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=header.separator, strict=True)
            for row in rows:
                if row and len(row) != wanted:
                    said = f"{len(row)} values stand here, but the first row names {wanted}"
                    return Told(rows.line_num, f"{said} columns.")
    except (UnicodeDecodeError, csv.Error):
        return None
    return None


def readable(error: duckdb.Error) -> str:
    """DuckDB's complaint in one sentence, without its advice on options."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if "Error" in line), lines[0] if lines else "unreadable")
    detail = next((line for line in lines[1:] if line.startswith("Line:")), "")
    return f"this file cannot be read as CSV: {text[:200]} {detail}".strip()
