"""Spreadsheets that would take far more memory than they are worth, refused before they are read.

A reader lays a sheet out whole: a few hundred bytes with one cell in the last corner, or with a
cell that repeats itself a million times, would otherwise stop the process.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.parsers import expat

from dealwright.base.errors import Invalid

MAX_SHEET_BYTES = 400 * 1024 * 1024
MAX_EXPANSION = 200
MAX_CELLS = 10_000_000
MAX_RELATIONS = 1_000_000
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


def refuse_bomb(path: Path) -> None:
    """Raise Invalid for an archive that is no spreadsheet, or one of an absurd size."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse(path, archive)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise Invalid(f"{path.name} is damaged: it is no readable spreadsheet.") from error


def _refuse(path: Path, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    is_ods = _is_ods(archive, parts)
    if "xl/workbook.bin" in names:
        raise Invalid(f"{path.name} is a binary Excel file. Save it as .xlsx or .csv.")
    if not is_ods and "xl/workbook.xml" not in names:
        raise Invalid(f"{path.name} is an archive but no spreadsheet. Unpack it first.")
    if b".vml" in _workbook_targets(archive, names):
        raise ValueError("A drawing is no sheet.")
    total = sum(part.file_size for part in parts)
    packed = max(path.stat().st_size, 1)
    if total > MAX_SHEET_BYTES or (total > 50_000_000 and total / packed > MAX_EXPANSION):
        raise Invalid(
            f"{path.name} would unpack to {total // 1_000_000:,} MB. Save it as CSV instead."
        )
    for part in parts:
        counted = _counter(archive, part, is_ods=is_ods)
        if counted is None:
            continue
        _parse(archive, part, counted)
        if counted.most > MAX_CELLS:
            raise Invalid(
                f"{path.name} spans {counted.most:,} cells; at most {MAX_CELLS:,} are read of a "
                "spreadsheet. Save it as CSV instead."
            )


def _workbook_targets(archive: zipfile.ZipFile, names: set[str]) -> bytes:
    """Where a workbook says that its sheets are."""
    name = "xl/_rels/workbook.xml.rels"
    if name not in names:
        return b""
    with archive.open(name) as file:
        return file.read(MAX_RELATIONS)


def _is_ods(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> bool:
    """Whether an archive says of itself that it is an OpenDocument spreadsheet."""
    told = next((part for part in parts if part.filename == "mimetype"), None)
    if told is None or told.file_size > 200:
        return False
    return archive.read(told).strip().startswith(_ODS)


def _counter(
    archive: zipfile.ZipFile, part: zipfile.ZipInfo, *, is_ods: bool
) -> _Places | _Repeats | None:
    """What counts the cells of a part, None for one that cannot be a sheet."""
    if is_ods:
        return _Repeats() if part.filename == "content.xml" else None
    if part.filename.endswith((".vml", ".rels")):  # drawings, often no good XML; what is where
        return None
    with archive.open(part) as file:
        begins = file.read(200).lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return _Places() if begins.startswith(b"<") else None


def _parse(archive: zipfile.ZipFile, part: zipfile.ZipInfo, counted: _Places | _Repeats) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = counted.start
    parser.EndElementHandler = counted.end
    parser.EntityDeclHandler = _no_entities
    try:
        with archive.open(part) as file:
            parser.ParseFile(file)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error


def _no_entities(*_declaration: object) -> None:
    raise ValueError("A spreadsheet declares no entities.")


class _Places:
    """Counts the rectangle of an Excel sheet from where its cells say they are."""

    def __init__(self) -> None:
        self._row = self._column = self._last_row = self._last_column = 0

    @property
    def most(self) -> int:
        return self._last_row * self._last_column

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._column = 0
        elif local == "c":
            place = attributes.get("r", "")
            letters = place.rstrip("0123456789")
            self._column = _number(letters) if letters else self._column + 1
            self._row = int(place[len(letters) :] or self._row)
        elif local in ("v", "is", "f"):
            self._last_row = max(self._last_row, self._row)
            self._last_column = max(self._last_column, self._column)

    def end(self, name: str) -> None:
        """Cells are complete when they begin to have content."""


def _number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


class _Repeats:
    """Counts the rectangle that each table of an OpenDocument file fills, repeats included."""

    def __init__(self) -> None:
        self.most = self._rows = self._width = self._filled_rows = 0
        self._in_row = self._filled = self._repeated = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "table":
            self._rows = self._width = self._filled_rows = 0
        elif local == "table-row":
            self._in_row = self._filled = 0
            self._repeated = _repeat(attributes, "rows")
        elif local in ("table-cell", "covered-table-cell"):
            self._in_row += _repeat(attributes, "columns")
            if any(key.endswith(":value-type") for key in attributes):
                self._filled = self._in_row

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] != "table-row":
            return
        self._rows += self._repeated
        if self._filled:
            self._filled_rows = self._rows
            self._width = max(self._width, self._filled)
        self.most = max(self.most, self._filled_rows * self._width)


def _repeat(attributes: dict[str, str], what: str) -> int:
    for key, value in attributes.items():
        if key.endswith(f":number-{what}-repeated"):
            return max(int(value), 1)
    return 1
