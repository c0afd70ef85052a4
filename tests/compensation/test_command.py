"""``comp`` from the command line: what comes in, what is told of mistakes, the exit status."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from dealwright.site.commands.line import main

PLAN = """plan: p
currency: EUR
components:
  - flat:
      id: commission
      rate: 10%
"""
EVENTS = "event_id,date,payee,amount\nE1,2027-01-10,ann,1000\n"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8-sig")
    return path


def given(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_events_come_from_standard_input(
    plan: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, EVENTS)
    assert main(["comp", "calculate", str(plan), "--events", "-", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["payee"], row["period"], row["amount"]) == ("ann", "2027-01", "100.00")


def test_only_one_file_comes_from_standard_input(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["comp", "calculate", str(plan), "--events", "-", "--quotas", "-"]) == 1
    assert "Only one file can come from standard input" in capsys.readouterr().err


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().err)["error"]


def test_problems_of_the_input_are_json_with_file_and_row(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "january.csv"
    events.write_text(EVENTS + "E2,2027-02-30,ann,ten\n")
    assert main(["comp", "calculate", str(plan), "--events", str(events), "--json"]) == 1
    error = told(capsys)
    assert error["code"] == "input_invalid"
    assert error["problems"] == [
        {"file": "events", "row": 3, "message": "amount “ten” is not an amount such as 1234.56."},
        {"file": "events", "row": 3, "message": "date “2027-02-30” is not a date like 2027-01-31."},
    ]


def test_problems_of_a_plan_are_json_with_their_line(
    plan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text(PLAN.replace("rate: 10%", "rate: ten"))
    assert main(["comp", "check", str(plan), "--json"]) == 1
    (problem,) = told(capsys)["problems"]
    assert problem["file"] == str(plan)
    assert problem["line"] == 6
    assert "is not a number such as 0.05, 5% or 1000" in problem["message"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  - flat: {id: b, amount: credt * 5%}", "Did you mean “credit”?"),
        ("  - flat: {id: b, rate: 5%, credit: overlai}", "Did you mean “overlay”?"),
        ("  - cap: {id: b, on: comission, amount: 5}", "Did you mean “commission”?"),
        ("  - flt: {id: b, rate: 5%}", "Did you mean “flat”?"),
        ("  - flat: {id: b, rate: 5% of amount}", "line 7"),
        ("\t- flat: {id: b, rate: 5%}", "A tab stands here; YAML is indented with spaces only."),
        ("  - cap: {id: b, amount: 200% of targt of}", "is no name"),
        ("  - flat: {id: b, rate: 5%, paid: month}", "is none of: period, quarter, year."),
        ("  - gate: {id: b, on: commission}", "give either “at_least” or “at_most”."),
        (
            "  - gate: {id: b, on: commission, at_least: 1, quota: q, per: bookings}",
            "a measure is compared with a quota or with another, not both.",
        ),
        ("  - multiplier: {id: b, on: commission, points: [[0, 1]]}", "at least two points"),
        (
            "  - contest: {id: b, quota: q, from: 2027-01-01, to: 2027-02-01, prizes: [1]}",
            "only single payees are ranked by attainment",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line_and_what_was_meant(
    plan: Path, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    plan.write_text(f"{PLAN}{line}\n")
    assert main(["comp", "check", str(plan)]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "line 7: " in error


def test_a_path_that_leads_to_no_file(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["comp", "check", str(tmp_path / "none.yaml")]) == 1
    assert capsys.readouterr().err.strip().endswith("none.yaml cannot be read: it is not there.")
    assert main(["comp", "check", str(tmp_path)]) == 1
    assert "cannot be read: it is a folder." in capsys.readouterr().err
    assert main(["comp", "calculate", str(plan), "--events", str(tmp_path)]) == 1
    assert f"events: {tmp_path} is a folder." in capsys.readouterr().err


def test_a_payee_who_is_not_there(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.csv"
    events.write_text(EVENTS.replace("ann", "annabel"))
    found = ["comp", "explain", str(plan), "--events", str(events), "--payee", "anabel"]
    assert main(found) == 1
    assert "Did you mean “annabel”?" in capsys.readouterr().err


def test_no_events_pay_nothing_and_say_so(
    plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.csv"
    events.write_text("event_id,date,payee,amount\n")
    assert main(["comp", "calculate", str(plan), "--events", str(events), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert "there are no events and nobody is on the plan." in said.err
