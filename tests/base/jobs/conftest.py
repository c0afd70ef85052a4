"""Shared by the tests of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from base.committed import commits


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database in which the test really commits."""
    with commits(django_db_blocker):
        yield
