"""The table of features names tests and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

from django.urls import resolve

FEATURES = Path("docs/compensation/features.md")
TESTS = Path("tests/compensation")


def rows() -> list[list[str]]:
    lines = FEATURES.read_text().splitlines()
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [cells for cells in found if cells[0].isdigit()]


def test_there_is_a_row_for_each_feature_of_the_field() -> None:
    assert [int(cells[0]) for cells in rows()] == list(range(1, 73))


def test_every_test_that_is_named_exists() -> None:
    for number, _, _, tests in rows():
        paths = re.findall(r"`([\w/]+\.py)`", tests)
        assert paths, number
        for path in paths:
            assert (TESTS / path).is_file(), f"{number}: {path}"
        for case in re.findall(r"\b(\d\d)\b", tests):
            assert list((TESTS / "golden").glob(f"{case}_*")), f"{number}: golden {case}"


def test_every_page_that_is_named_exists() -> None:
    for number, _, where, _ in rows():
        for address in re.findall(r"`(/compensation[\w/-]*)`", where):
            assert resolve(address), f"{number}: {address}"
