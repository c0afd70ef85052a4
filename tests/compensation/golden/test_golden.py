"""Cases published by others: a plan, its input and the expected amounts, each a file.

The first line of each plan names the source.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from compensation.golden.cases import cases_beside, check_case

CASES = cases_beside(__file__)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_published_case_is_paid_to_the_cent(folder: Path) -> None:
    check_case(folder)


def test_there_are_as_many_cases_as_the_specification_can_give() -> None:
    assert len(CASES) >= 42
