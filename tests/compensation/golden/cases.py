"""A case is a folder: the plan, its input by the names of the command line, what is expected."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

from compensation.engine.calculating import amounts, calculate_both

FILES = ("events", "splits", "people", "quotas", "hierarchy", "rates", "territories")


def cases_beside(file: str) -> list[Path]:
    """The folders with a plan beside a test's file."""
    return sorted(each.parent for each in Path(file).parent.glob("*/plan.yaml"))


def check_case(folder: Path) -> None:
    """Every engine pays what ``expected.csv`` says, to the cent, and nothing else."""
    paths = {name: path for name in FILES if (path := folder / f"{name}.csv").exists()}
    with (folder / "expected.csv").open() as file:
        expected = {
            (row["payee"], row["period"], row["component"]): Decimal(row["amount"])
            for row in csv.DictReader(file)
        }
    result = calculate_both((folder / "plan.yaml").read_text(), paths)
    assert amounts(result) == {key: value for key, value in expected.items() if value}
