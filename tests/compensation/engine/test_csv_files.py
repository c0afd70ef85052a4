"""Files as spreadsheets and other programs write them are read as they were meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from dealwright.compensation.engine.inputs import load_csv
from dealwright.compensation.plans.reading import read_plan

PLAN = """
plan: p
currency: EUR
fields: {new_logo: bool, list_price: money}
components:
  - flat: {id: commission, rate: 5%}
"""
PLAIN = PLAN.replace("fields: {new_logo: bool, list_price: money}\n", "")


def rows(
    path: Path, plan: str = PLAIN, columns: str = "event_id, date, payee, amount"
) -> list[str]:
    inputs = load_csv(read_plan(plan), {"events": path})
    found = inputs.rows(f"SELECT {columns} FROM input_events ORDER BY row")
    inputs.close()
    return [" ".join(str(value) for value in row).replace(".000000", "") for row in found]


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "events.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_german_spreadsheet(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "Event ID;Date;Payee;Amount\r\n1;10.01.2027;Änne;1.000,50\r\n2;1.2.2027;bob;1.234\r\n",
        "utf-8-sig",
    )
    assert rows(path) == ["1 2027-01-10 Änne 1000.500000", "2 2027-02-01 bob 1234"]


def test_an_american_spreadsheet(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        'Event_Id,DATE, Payee ,amount,Notes\n1,01/31/2027,ann,"1,000.50",x\n'
        '2,02/03/2027,ann,"1,234",\n3,02/04/2027,ann,"(7.25)",',
    )
    assert rows(path) == [
        "1 2027-01-31 ann 1000.500000",
        "2 2027-02-03 ann 1234",
        "3 2027-02-04 ann -7.250000",
    ]


def test_a_french_spreadsheet(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "event_id;date;payee;amount\n1;13/02/2027;ann;1 234 567,50\n2;01/02/2027;ann;12\u202f500\n",
    )
    assert rows(path) == ["1 2027-02-13 ann 1234567.500000", "2 2027-02-01 ann 12500"]


def test_tabs_times_and_a_last_line_without_an_end(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "event_id\tdate\tpayee\tamount\n1\t2027-01-31T00:00:00\tann\t5\n\n2\t2027/02/01\tann\t-3",
    )
    assert rows(path) == ["1 2027-01-31 ann 5", "2 2027-02-01 ann -3"]


def test_titles_are_found_whatever_their_case_spaces_and_dashes(tmp_path: Path) -> None:
    path = written(tmp_path, "EventID,Date,Payee,New-Logo,List price\n1,2027-01-10,ann,YES,12.5\n")
    assert rows(path, PLAN, "event_id, f_new_logo, f_list_price") == ["1 True 12.500000"]


def test_shares_with_a_comma(tmp_path: Path) -> None:
    events = written(tmp_path, "event_id,date,amount\n1,2027-01-10,100\n")
    splits = tmp_path / "splits.csv"
    splits.write_text("event_id;payee;share\n1;ann;33,3333%\n1;bob;66,6667%\n")
    inputs = load_csv(read_plan(PLAIN), {"events": events, "splits": splits})
    found = [f"{share}" for (share,) in inputs.rows("SELECT share FROM input_splits ORDER BY 1")]
    assert found == ["0.333333", "0.666667"]


@pytest.mark.parametrize(
    "cells",
    [("1,5", "1.5"), ("1,23,4", "2.5"), ("1.2.3", "1,5"), ("12,5.5", "1.5"), ("1 2", "1")],
)
def test_what_fits_no_way_of_writing_is_refused(tmp_path: Path, cells: tuple[str, str]) -> None:
    from dealwright.compensation.engine.inputs import InputInvalid

    lines = "".join(f'{n},2027-01-10,ann,"{cell}"\n' for n, cell in enumerate(cells))
    with pytest.raises(InputInvalid) as error:
        rows(written(tmp_path, "event_id,date,payee,amount\n" + lines))
    assert "events row 2: amount" in str(error.value.problems[0])
