"""Every example of the documentation, run through the command line."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from dealwright.site.commands.line import main

DOCS = Path(__file__).resolve().parents[2] / "docs" / "compensation"
EXAMPLES = sorted(each.parent for each in (DOCS / "examples").glob("*/plan.yaml"))
FILES = ("events", "splits", "people", "quotas", "hierarchy", "rates", "territories")


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    assert main(["comp", *arguments]) == status
    out = capsys.readouterr()
    return out.out, out.err


def files_of(folder: Path) -> Sequence[str]:
    return [
        part
        for name in FILES
        if (path := folder / f"{name}.csv").exists()
        for part in (f"--{name}", str(path))
    ]


@pytest.mark.parametrize("engine", ["duckdb", "oracle"])
@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_an_example_pays_what_it_says(
    folder: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(folder / "plan.yaml"), *files_of(folder), "--engine", engine, "--json"]
    rows = json.loads(run(capsys, "calculate", *arguments)[0])
    with (folder / "expected.csv").open() as file:
        expected = {
            (row["payee"], row["period"], row["component"]): Decimal(row["amount"])
            for row in csv.DictReader(file)
        }
    found = {
        (row["payee"], row["period"], row["component"]): Decimal(row["amount"]) for row in rows
    }
    assert {key: value for key, value in found.items() if value} == {
        key: value for key, value in expected.items() if value
    }
    for row in rows:
        assert sum(Decimal(line["payout"]) for line in row["lines"]) == Decimal(row["amount"])
        assert ("why" in row) == (Decimal(row["amount"]) == 0)


def test_every_kind_has_an_example() -> None:
    from dealwright.compensation.plans.component_reading import ComponentReader
    from dealwright.compensation.plans.expressions import Names

    kinds = set(ComponentReader({}, {}, Names({}, {}))._kinds())
    text = (DOCS / "formats.md").read_text()
    for kind in kinds:
        assert f"| `{kind}` |" in text
        assert any((DOCS / "examples").glob(f"{kind}*/plan.yaml")), kind


def test_every_plan_of_the_docs_can_be_checked(capsys: pytest.CaptureFixture[str]) -> None:
    for path in (DOCS / "examples").rglob("*.yaml"):
        assert "Period and currency" in run(capsys, "check", str(path))[0]


def test_explain_prints_the_chain(capsys: pytest.CaptureFixture[str]) -> None:
    folder = DOCS / "examples" / "clawback"
    plan = str(folder / "plan.yaml")
    out, _ = run(
        capsys, "explain", plan, *files_of(folder), "--payee", "ann", "--period", "2027-05"
    )
    assert "50% of 1,000 EUR is taken back: -500 EUR. [E1, T1]" in out
    assert "Clause 5: When a termination ends a deal" in out
    chain = json.loads(
        run(capsys, "explain", plan, *files_of(folder), "--payee", "ann", "--json")[0]
    )
    assert [each["component"] for each in chain if each["period"] == "2027-01"] == ["commission"]
    _, said = run(capsys, "explain", plan, *files_of(folder), "--payee", "zoe", status=1)
    assert "Nothing was calculated for “zoe” there." in said


def test_mistakes_are_told_one_to_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("plan: x\ncurrency: EUR\ncomponents:\n  - flat: {id: a, rat: 5%}\n")
    _, said = run(capsys, "check", str(plan), status=1)
    assert f"{plan}: line 4: flat “a”: “rat” is not known here." in said
    _, said = run(capsys, "check", str(tmp_path / "none.yaml"), status=1)
    assert "cannot be read" in said
    folder = DOCS / "examples" / "splits_and_overlay"
    splits = tmp_path / "splits.csv"
    splits.write_text("event_id,payee,share\nE1,ann,99.99%\n")
    _, said = run(
        capsys,
        "calculate",
        str(folder / "plan.yaml"),
        "--events",
        str(folder / "events.csv"),
        "--splits",
        str(splits),
        status=1,
    )
    assert "splits row 2: the direct shares of event “E1” sum to 99.99 %, not 100 %." in said
