"""Taking data out: what a person may see, as CSV, XLSX or NDJSON, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records import queries
from dealwright.base.spreadsheets import harmless

FORMATS = ("csv", "xlsx", "ndjson")
XLSX_ROWS = 1_000_000
_TEXT_KINDS = (
    Kind.TEXT,
    Kind.LONG_TEXT,
    Kind.CHOICE,
    Kind.CHOICES,
    Kind.URL,
    Kind.EMAIL,
    Kind.PHONE,
    Kind.RELATION,
    Kind.USER,
)


def export_rows(
    actor: Actor,
    of: ObjectType,
    *,
    filter: Mapping[str, Any] | None = None,
    search: str = "",
    sort: str = "",
    columns: Sequence[str] | None = None,
) -> Iterator[Mapping[str, Any]]:
    """All rows that the actor may see, a page at a time."""
    cursor = ""
    while True:
        page = queries.list_records(
            actor,
            of,
            filter=filter,
            search=search,
            sort=sort,
            columns=columns,
            cursor=cursor,
            limit=100,
        )
        yield from page.rows
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def export_records(
    actor: Actor, of: ObjectType, target: IO[bytes], *, format: str = "csv", **query: Any
) -> int:
    """Write the rows to a binary file; returns how many.

    Text that a spreadsheet would run as a formula gets an apostrophe before it. Money is a
    number with its currency in a column of its own. Raises Invalid for an unknown format.
    """
    if format not in FORMATS:
        raise Invalid(f"Export as one of: {', '.join(FORMATS)}.")
    fields = _fields(actor, of, query.get("columns"))
    rows = export_rows(actor, of, **query)
    if format == "ndjson":
        return _write_ndjson(rows, target)
    if format == "xlsx":
        return _write_xlsx(fields, rows, target)
    return _write_csv(fields, rows, target)


def _fields(actor: Actor, of: ObjectType, columns: Sequence[str] | None) -> list[Field]:
    seen = [
        field
        for field in of.all_fields()
        if field.in_api and not (field.visible and not field.visible(actor.user))
    ]
    if columns:
        wanted = {field.key: field for field in seen}
        return [wanted[key] for key in columns if key in wanted]
    return seen


def _cells(fields: Sequence[Field], row: Mapping[str, Any]) -> list[Any]:
    cells: list[Any] = [str(row["id"])]
    for field in fields:
        value = row.get(field.key)
        if field.kind in (Kind.RELATION, Kind.USER):
            value = row.get(f"{field.key}_title") or row.get(f"{field.key}__title") or value
        if isinstance(value, list):
            value = ", ".join(str(each) for each in value)
        if value is None:
            cells.append("")
        elif field.kind in _TEXT_KINDS:
            cells.append(harmless(str(value)))
        else:
            cells.append(value)
    return cells


def _header(fields: Sequence[Field]) -> list[str]:
    return ["id", *(field.key for field in fields)]


def _write_csv(fields: Sequence[Field], rows: Iterator[Any], target: IO[bytes]) -> int:
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(_header(fields))
    count = 0
    for row in rows:
        writer.writerow(_cells(fields, row))
        count += 1
    text.flush()
    text.detach()
    return count


def _write_ndjson(rows: Iterator[Any], target: IO[bytes]) -> int:
    count = 0
    for row in rows:
        target.write(orjson.dumps(row, default=str) + b"\n")
        count += 1
    return count


def _write_xlsx(fields: Sequence[Field], rows: Iterator[Any], target: IO[bytes]) -> int:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    book = Workbook(
        target,
        {
            "constant_memory": True,
            "remove_timezone": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
        },
    )
    sheet = book.add_worksheet("Export")
    head = book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    formats = {Kind.DATE: day, Kind.DATETIME: moment}
    sheet.write_row(0, 0, _header(fields), head)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(rows, start=1):
        if count > XLSX_ROWS:
            raise Invalid(f"A sheet holds at most {XLSX_ROWS:,} rows. Export as CSV.")
        for column, value in enumerate(_cells(fields, row)):
            kind = fields[column - 1].kind if column else Kind.TEXT
            sheet.write(count, column, value, formats.get(kind))
    book.close()
    return count


def export_to_file(actor: Actor, of: ObjectType, path: Path, **options: Any) -> int:
    """Write an export to a path whole: a broken run leaves no half file."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            count = export_records(actor, of, file, **options)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count
