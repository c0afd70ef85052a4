"""The tables of features name tests and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import resolve

SYSTEMS = {"compensation": 72, "signing": 83}  # rows by which systems are compared
pytestmark = pytest.mark.parametrize("system", SYSTEMS)


def rows(system: str) -> list[list[str]]:
    lines = Path(f"docs/{system}/features.md").read_text().splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [cells for cells in found if cells[0].isdigit()]


def test_there_is_a_row_for_each_feature_of_the_field(system: str) -> None:
    assert [int(cells[0]) for cells in rows(system)] == list(range(1, SYSTEMS[system] + 1))


def test_every_test_that_is_named_exists(system: str) -> None:
    for number, _, where, tests in rows(system):
        paths = re.findall(r"`([\w/]+\.py)`", tests)
        assert bool(paths) != where.startswith("Not yet"), number
        for path in paths:
            assert Path(f"tests/{system}/{path}").is_file(), f"{number}: {path}"
        for case in re.findall(r"\b(\d\d)\b", tests):
            assert list(Path("tests/compensation/golden").glob(f"{case}_*")), f"{number}: {case}"


def test_every_page_that_is_named_exists(system: str) -> None:
    for number, _, where, _ in rows(system):
        for address in re.findall(r"`(/(?!api/)[a-z][\w/-]*)`", where):
            assert resolve(address), f"{number}: {address}"
