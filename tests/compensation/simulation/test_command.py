"""``comp backtest`` on files, without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dealwright.site.commands.line import main

EXAMPLE = Path(__file__).resolve().parents[3] / "docs/compensation/examples/tiered_marginal"


def run(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[str, str]:
    assert main(["comp", "backtest", *arguments]) == status
    out = capsys.readouterr()
    return out.out, out.err


def inputs(candidate: Path, *more: str) -> list[str]:
    return [
        str(candidate), "--against", str(EXAMPLE / "plan.yaml"),
        "--events", str(EXAMPLE / "events.csv"), "--quotas", str(EXAMPLE / "quotas.csv"), *more,
    ]  # fmt: skip


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    text = (EXAMPLE / "plan.yaml").read_text().replace("[100%, 7%]", "[100%, 9%]")
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("engine", ["duckdb", "oracle"])
def test_it_says_what_was_and_what_would_be(
    candidate: Path, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, _ = run(capsys, *inputs(candidate, "--json", "--engine", engine))
    found: dict[str, Any] = json.loads(out)
    assert found["total"] == {"before": "9500.00", "after": "10500.00", "difference": "1000.00"}
    assert found["payees"] == [{"payee": "ann", **found["total"]}]
    assert found["components"] == [{"component": "commission", **found["total"]}]
    assert found["rows"] == [
        {"payee": "ann", "period": "2027-Q1", "component": "commission", **found["total"]}
    ]
    assert [each["percentile"] for each in found["distribution"]] == [10, 25, 50, 75, 90]


def test_a_plan_against_itself_is_zero(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, *inputs(EXAMPLE / "plan.yaml", "--json"))
    found = json.loads(out)
    assert found["total"]["difference"] == "0.00"
    assert {row["difference"] for row in found["rows"]} == {"0.00"}


def test_as_text_and_by_period(candidate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = run(capsys, *inputs(candidate, "--period", "2027-Q1"))
    assert "1 of 1 payees would win, 0 would lose" in out
    _, err = run(capsys, *inputs(candidate, "--period", "2031-Q1"), status=1)
    assert "There is no period “2031-Q1” here; there are 2027-Q1." in err


def test_what_cannot_be_compared_is_told(
    tmp_path: Path, candidate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dollars = tmp_path / "dollars.yaml"
    dollars.write_text(candidate.read_text().replace("EUR", "USD"))
    _, err = run(capsys, *inputs(dollars), status=1)
    assert "another currency (EUR and USD)" in err
    broken = tmp_path / "broken.yaml"
    broken.write_text(candidate.read_text().replace("tiered:", "tierd:"))
    _, err = run(capsys, *inputs(broken), status=1)
    assert "tierd" in err
    _, err = run(capsys, *inputs(tmp_path / "none.yaml"), status=1)
    assert "cannot be read" in err
