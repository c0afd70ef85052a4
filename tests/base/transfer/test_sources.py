"""Files of strangers: read right, or refused with a sentence, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from dealwright.base.errors import Invalid
from dealwright.base.spreadsheets import harmless
from dealwright.base.transfer.sources import open_table


def write(folder: Path, content: bytes | str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path) -> list[tuple[dict[str, str], str]]:
    return [(row.values, row.problem) for row in open_table(path).rows()]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("name,city\nAcme,Köln\n".encode(), "utf-8-sig"),
        ("\ufeffname,city\nAcme,Köln\n".encode(), "utf-8-sig"),
        ("name,city\nAcme,Köln\n".encode("utf-16"), "utf-16"),
    ],
)
def test_encodings(tmp_path, content, encoding):
    table = open_table(write(tmp_path, content))
    assert table.encoding == encoding
    assert next(table.rows()).values == {"name": "Acme", "city": "Köln"}


def test_an_old_encoding_is_read_and_told(tmp_path):
    table = open_table(write(tmp_path, ("name;city\n" + "Müller;Köln\n" * 50).encode("cp1252")))
    assert next(table.rows()).values == {"name": "Müller", "city": "Köln"}
    assert "not UTF-8" in table.notes[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    path = write(tmp_path, f"a{delimiter}b\n1{delimiter}2\n")
    assert rows(path) == [({"a": "1", "b": "2"}, "")]


def test_ragged_rows_are_named_and_the_others_read(tmp_path):
    found = rows(write(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n"))
    assert [problem for _, problem in found] == [
        "",
        "The row has only 1 of 2 cells.",
        "The row has 3 cells; the header has 2.",
        "",
    ]


def test_line_breaks_and_quotes_in_cells(tmp_path):
    path = write(tmp_path, 'a,b\n"line\none","say ""hi"""\n')
    assert rows(path) == [({"a": "line\none", "b": 'say "hi"'}, "")]


def test_empty_lines_do_not_count(tmp_path):
    assert len(rows(write(tmp_path, "a,b\n" + ",\n\n" * 1000 + "1,2\n"))) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"a,a\n1,2\n", "names a column twice: a"),
        (b",,\n1,2\n", "has no header"),
        (b"a\x00b,c\n1,2\n", "is not a text file"),
        (",".join(f"c{n}" for n in range(501)).encode(), "has 501 columns"),
        (b"\xd0\xcf\x11\xe0rest", "old or protected Excel"),
        (b"PK\x03\x04nonsense", "damaged"),
        (b"x" * 5_000_000, "first line of more than"),
        (b"a,b\n" + b"x" * 5_000_000, "line of more than"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, sentence):
    with pytest.raises(Invalid, match=sentence):
        rows(write(tmp_path, content))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Invalid, match="cannot be read"):
        open_table(tmp_path / "nowhere.csv")


def test_a_huge_cell_is_a_problem_of_its_row(tmp_path):
    found = rows(write(tmp_path, "a,b\n1," + "x" * 200_000 + "\n3,4\n"))
    assert "cannot be read" in found[0][1]
    assert found[-1] == ({"a": "3", "b": "4"}, "")


def test_an_unclosed_quote_takes_no_memory_and_is_told(tmp_path):
    path = write(tmp_path, 'a,b\n1,"open\n' + "2,3\n" * 60_000)
    assert any(problem for _, problem in rows(path))


def test_ten_gigabytes_are_refused_in_little_memory(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(b"a,b\n1,2\n")
        file.truncate(10_000_000_000)
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from dealwright.base.errors import Invalid\n"
        "from dealwright.base.transfer.sources import open_table\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    open_table(Path(sys.argv[1]))\n"
        "except Invalid as error:\n    print(error.message)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    sentence, grown = done.stdout.strip().splitlines()
    assert sentence.startswith("huge.csv has 10.0 GB; at most 4 GB are read at once.")
    assert int(grown) < 50_000  # kB


def test_a_spreadsheet_that_unpacks_to_an_absurd_size_is_refused(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 450_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(Invalid, match="would unpack to 450 MB"):
        open_table(path)


def test_an_archive_is_no_spreadsheet(tmp_path):
    path = tmp_path / "files.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(Invalid, match="no spreadsheet"):
        open_table(path)


def test_a_spreadsheet_is_read_with_its_types_and_formulas_stay_values(tmp_path):
    import datetime as dt

    book = Workbook()
    sheet = book.active
    sheet.append(["name", "amount", "day", "yes", "sum"])
    sheet.append(["Acme", 12.0, dt.date(2027, 1, 31), True, "=1+1"])
    sheet.append([None, 0.5, dt.datetime(2027, 1, 31, 8, 30), False, ""])
    book.create_sheet("Second")
    book.save(tmp_path / "table.xlsx")
    table = open_table(tmp_path / "table.xlsx")
    found = [row.values for row in table.rows()]
    assert found[0]["name"] == "Acme"
    assert (found[0]["amount"], found[0]["day"], found[0]["yes"]) == ("12", "2027-01-31", "yes")
    assert (found[1]["amount"], found[1]["day"]) == ("0.5", "2027-01-31 08:30:00")
    assert found[0]["sum"] in ("", "0")  # never computed, so nothing a formula could do
    assert "has 2 sheets" in table.notes[0]


def ods(path: Path, *rows: str) -> Path:
    """An OpenDocument spreadsheet of one sheet, as small as they come."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED
        )
        archive.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>",
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {names}><office:body>'
            f'<office:spreadsheet><table:table table:name="One">{"".join(rows)}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def ods_row(*cells: str, repeated: int = 1) -> str:
    start = f'<table:table-row table:number-rows-repeated="{repeated}">'
    return f"{start}{''.join(cells)}</table:table-row>"


def ods_cell(text: str, kind: str = "string", repeated: int = 1) -> str:
    name = {"float": "value", "date": "date-value", "boolean": "boolean-value"}.get(kind)
    value = f'office:{name}="{text}"' if name else ""
    return (
        f'<table:table-cell office:value-type="{kind}" {value} '
        f'table:number-columns-repeated="{repeated}"><text:p>{text}</text:p></table:table-cell>'
    )


def test_an_opendocument_spreadsheet_is_read(tmp_path):
    nothing = '<table:table-cell table:number-columns-repeated="16381"/>'
    path = ods(
        tmp_path / "table.ods",
        ods_row(*map(ods_cell, ("name", "amount", "day", "yes")), nothing),
        ods_row(
            ods_cell("Köln"), ods_cell("12", "float"), ods_cell("2027-01-31", "date"),
            ods_cell("true", "boolean"), nothing,
        ),
        ods_row(nothing, repeated=1_048_000),
    )  # fmt: skip
    assert rows(path) == [({"name": "Köln", "amount": "12", "day": "2027-01-31", "yes": "yes"}, "")]


def test_cells_that_repeat_without_end_are_refused(tmp_path):
    path = ods(
        tmp_path / "bomb.ods",
        ods_row(ods_cell("name")),
        ods_row(ods_cell("x", repeated=1000), repeated=1_000_000),
    )
    with pytest.raises(Invalid, match="spans 1,000,001,000 cells"):
        open_table(path)


def test_one_cell_in_the_last_corner_is_refused(tmp_path):
    book = Workbook()
    book.active["A1"], book.active["XFD1048576"] = "name", "far away"
    book.save(tmp_path / "corner.xlsx")
    with pytest.raises(Invalid, match="spans 17,179,869,184 cells"):
        open_table(tmp_path / "corner.xlsx")


@given(st.text(max_size=40))
def test_no_exported_cell_runs_as_a_formula(text: str):
    safe = harmless(text)
    assert safe.lstrip("'")[:0] == ""
    if safe[:1] in ("=", "@", "\t", "\r"):
        raise AssertionError(safe)
    if safe[:1] in ("+", "-"):
        float(safe.replace("_", "x"))


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters="\x00\r", codec="utf-8"), max_size=12),
                 min_size=3, max_size=3),
        min_size=1, max_size=20,
    )
)  # fmt: skip
def test_what_a_program_writes_is_read_back(tmp_path_factory, cells):
    import csv

    path = tmp_path_factory.mktemp("round") / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c"])
        writer.writerows(cells)
    expected = [
        dict(zip("abc", (cell.strip() for cell in row), strict=True))
        for row in cells
        if any(cell.strip() for cell in row)
    ]
    got = [row.values for row in open_table(path).rows() if not row.problem]
    problems = [row for row in open_table(path).rows() if row.problem]
    assert got == [row for row in expected if "\ufffd" not in "".join(row.values())]
    assert len(problems) == len(expected) - len(got)
