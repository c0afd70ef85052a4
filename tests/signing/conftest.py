"""Who sends, for every test of signing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads this file before Django is set up
    from dealwright.base.access.actor import Actor
    from dealwright.base.people.models import User


@pytest.fixture
def rep(db: None) -> User:
    from make import make_user

    return make_user()


@pytest.fixture
def actor(rep: User) -> Actor:
    from make import acting

    return acting(rep)
