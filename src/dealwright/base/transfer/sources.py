"""Reading tables from files that strangers made: CSV, XLSX and ODS, row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from dealwright.base.errors import Invalid
from dealwright.base.transfer.guards import refuse_bomb

SAMPLE_BYTES = 256 * 1024
MAX_COLUMNS = 500
MAX_FIELD = 131_072
MAX_LINE = 4_000_000
MAX_FILE_BYTES = 4_000_000_000
MAX_ROWS = 5_000_000
# How files begin that are no tables, whatever they are called and however they decode.
NO_TABLES = (
    b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"MZ\x90", b"\x7fELF", b"\x1f\x8b",
    b"Rar!", b"7z\xbc\xaf", b"<!doctype", b"<html", b"<svg", b"<?xml",
)  # fmt: skip
_NO_TABLES_IN_SMALL = tuple(each.lower() for each in NO_TABLES)
WHAT_IS_READ = "Tables are read from .csv, .xlsx and .ods files."
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. ``number`` is the line a person sees in a spreadsheet (header = 1)."""

    number: int
    values: dict[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A readable table: its name, header, and how it was read."""

    name: str
    path: Path
    kind: str  # "csv" or "xlsx" (any spreadsheet)
    header: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)

    def rows(self) -> Iterator[Row]:
        """All data rows in order; a row that cannot be read comes with its ``problem``."""
        return _csv_rows(self) if self.kind == "csv" else _xlsx_rows(self)


def open_table(path: Path, *, name: str = "", sheet: str = "") -> Table:
    """Look at a file and say how it is read.

    Raises Invalid for what is no table: empty, binary, password-protected, an archive that
    unpacks to far more than it is, a header that is missing or names a column twice.
    """
    name = name or path.stem
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(SAMPLE_BYTES)
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror}.") from error
    if not head.strip():
        raise Invalid(f"{path.name} is empty.")
    if size > MAX_FILE_BYTES:
        raise Invalid(
            f"{path.name} has {size / 1e9:.1f} GB; at most {MAX_FILE_BYTES / 1e9:.0f} GB are read "
            "at once. Split it into several files."
        )
    if head.startswith(b"PK\x03\x04"):
        return _open_xlsx(path, name, sheet)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(f"{path.name} is an old or protected Excel file. Save it as .xlsx or .csv.")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:16].lower().startswith(_NO_TABLES_IN_SMALL):
        raise Invalid(f"{path.name} is no table: its content is of another kind. {WHAT_IS_READ}")
    return _open_csv(path, name, head)


def _open_csv(path: Path, name: str, head: bytes) -> Table:
    encoding, notes = _encoding(path, head)
    text = head.decode(encoding, errors="replace").lstrip("\ufeff")
    if "\x00" in text:
        raise Invalid(f"{path.name} is not a text file.")
    delimiter = _delimiter(text)
    with path.open("r", encoding=encoding, errors="replace", newline="") as file:
        first = file.readline(MAX_LINE)
        if len(first) == MAX_LINE:
            raise Invalid(f"{path.name} has a first line of more than {MAX_LINE:,} characters.")
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        try:
            header = next(reader)
        except StopIteration:
            raise Invalid(f"{path.name} is empty.") from None
        except csv.Error as error:
            raise Invalid(f"{path.name}: the first line cannot be read: {error}.") from error
    return Table(
        name=name,
        path=path,
        kind="csv",
        header=_check_header(path, header),
        encoding=encoding,
        delimiter=delimiter,
        notes=tuple(notes),
    )


def _encoding(path: Path, head: bytes) -> tuple[str, list[str]]:
    """UTF-8 where the whole file is valid, else the best guess, named in a note."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", []
    try:
        with path.open("r", encoding="utf-8-sig", newline="") as file:
            while file.read(1 << 20):
                pass
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        best = from_bytes(head[:65536], cp_isolation=["cp1252", "iso8859_15", "cp1250", "cp1251"])
        guess = best.best()
        encoding = guess.encoding if guess else "cp1252"
        note = f"{path.name} is not UTF-8; it was read as {encoding}. Check the accents."
        return encoding, [note]
    return "utf-8-sig", []


def _delimiter(text: str) -> str:
    """The separator that cuts the first lines into the most columns of equal number."""
    lines = [line for line in text.splitlines()[:30] if line.strip()]
    best, best_score = ",", (-1, -1)
    for delimiter in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        score = (sum(width == widths[0] for width in widths), widths[0])
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _check_header(path: Path, header: list[str]) -> tuple[str, ...]:
    names = [name.strip().lstrip("\ufeff").strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise Invalid(f"{path.name} has no header in its first line.")
    if len(names) > MAX_COLUMNS:
        raise Invalid(f"{path.name} has {len(names)} columns; at most {MAX_COLUMNS} are read.")
    names = [name or f"Column {place}" for place, name in enumerate(names, start=1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid(f"{path.name} names a column twice: {', '.join(twice)}.")
    return tuple(names)


def _csv_rows(table: Table) -> Iterator[Row]:
    width = len(table.header)
    old_limit = csv.field_size_limit(MAX_FIELD)
    try:
        with table.path.open("r", encoding=table.encoding, errors="replace", newline="") as file:
            reader = csv.reader(_bounded_lines(table, file), delimiter=table.delimiter)
            next(reader, None)
            number = 1
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(reader.line_num, {}, f"The line cannot be read: {error}.")
                    continue
                number = reader.line_num if reader.line_num > number else number + 1
                if number > MAX_ROWS:
                    raise Invalid(f"{table.path.name} has more than {MAX_ROWS:,} rows.")
                if not any(cell.strip() for cell in cells):
                    continue
                yield _row(table, number, cells, width)
    finally:
        csv.field_size_limit(old_limit)


def _bounded_lines(table: Table, file: IO[str]) -> Iterator[str]:
    """The file's lines, none longer than a table can have: a file without line ends is refused
    before it fills the memory."""
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise Invalid(f"{table.path.name} has a line of more than {MAX_LINE:,} characters.")
        yield line.replace("\x00", "\ufffd")


def _row(table: Table, number: int, cells: list[str], width: int) -> Row:
    extra = [cell for cell in cells[width:] if cell.strip()]
    values = dict(zip(table.header, (cell.strip() for cell in cells), strict=False))
    if extra:
        return Row(number, values, f"The row has {len(cells)} cells; the header has {width}.")
    if len(cells) < width:
        return Row(number, values, f"The row has only {len(cells)} of {width} cells.")
    if any("\ufffd" in cell for cell in cells):
        return Row(number, values, f"The row holds bytes that are not {table.encoding}.")
    return Row(number, values)


def _open_xlsx(path: Path, name: str, sheet: str) -> Table:
    refuse_bomb(path)
    workbook = _load(path)
    names = workbook.sheet_names
    if not names:
        raise Invalid(f"{path.name} has no sheet.")
    chosen = sheet or names[0]
    if chosen not in names:
        raise Invalid(f"{path.name} has no sheet “{chosen}”; it has {', '.join(names)}.")
    try:
        first: list[object] = next(iter(workbook.get_sheet_by_name(chosen).iter_rows()), [])
    except Exception as error:
        raise Invalid(f"{path.name}: sheet “{chosen}” cannot be read.") from error
    notes = [f"{path.name} has {len(names)} sheets; “{chosen}” is read."] if len(names) > 1 else []
    return Table(
        name=name,
        path=path,
        kind="xlsx",
        header=_check_header(path, [_cell(each) for each in first]),
        sheet=chosen,
        notes=tuple(notes),
    )


def _load(path: Path) -> Any:
    from python_calamine import CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except Exception as error:
        raise Invalid(
            f"{path.name} cannot be opened as a spreadsheet; is it damaged or protected?"
        ) from error


def _xlsx_rows(table: Table) -> Iterator[Row]:
    width = len(table.header)
    sheet = _load(table.path).get_sheet_by_name(table.sheet)
    start = sheet.start[0] if sheet.start else 0
    for offset, cells in enumerate(sheet.iter_rows()):
        if offset == 0:
            continue
        texts = [_cell(each) for each in cells]
        if any(texts):
            texts += [""] * (width - len(texts))
            yield _row(table, start + offset + 1, texts, width)


def _cell(value: object) -> str:
    """A spreadsheet cell as text: dates in ISO form, whole floats without a point."""
    import datetime as dt

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value).strip()
