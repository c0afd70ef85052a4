"""One company for each module: making it takes seconds, looking at it does not change it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    from .company import kept_for_the_module, make_company  # once the settings are loaded

    with kept_for_the_module(django_db_blocker):
        yield make_company()
