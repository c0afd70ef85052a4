"""Cases published by others: a plan, its input and the expected amounts, each a file.

The first line of each plan names the source.
"""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from compensation.engine.calculating import amounts, calculate_both

FILES = ("events", "splits", "people", "quotas", "hierarchy", "rates", "territories")
CASES = sorted(each.parent for each in Path(__file__).parent.glob("*/plan.yaml"))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_published_case_is_paid_to_the_cent(folder: Path) -> None:
    paths = {name: path for name in FILES if (path := folder / f"{name}.csv").exists()}
    with (folder / "expected.csv").open() as file:
        expected = {
            (row["payee"], row["period"], row["component"]): Decimal(row["amount"])
            for row in csv.DictReader(file)
        }
    result = calculate_both((folder / "plan.yaml").read_text(), paths)
    assert amounts(result) == {key: value for key, value in expected.items() if value}


def test_there_are_as_many_cases_as_the_specification_can_give() -> None:
    assert len(CASES) >= 42
