"""A draft and who writes it, for every test of redlines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads this file before Django is set up
    from dealwright.base.access.actor import Actor
    from dealwright.base.people.models import User
    from dealwright.signing.envelopes.models import Envelope


@pytest.fixture
def rep() -> User:
    from make import make_user

    return make_user(name="Rita Rep")


@pytest.fixture
def draft(actor: Actor) -> Envelope:
    from .make import make_terms

    return make_terms(actor)
