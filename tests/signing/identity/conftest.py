"""Providers and gateways on loopback for every test of identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest loads this file before Django is set up
    from base.people.identity_provider import Provider

    from .gateways import Gateway


@pytest.fixture
def limits_anew() -> None:
    """Nobody has tried anything yet."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that checks people, set up for each kind of check."""
    from base.people.identity_provider import identity_provider
    from dealwright.base.people.identity import add_provider
    from make import acting, make_administrator

    from .assuring import set_up

    with identity_provider() as running:
        running.email = "somebody@wallet.test"
        made = add_provider(
            acting(make_administrator()),
            name="Ident",
            issuer=running.url,
            client_id="dealwright",
            secret="the client's secret",
        )
        set_up(made.pk)
        yield running


@pytest.fixture
def twilio() -> Iterator[Gateway]:
    yield from _running_gateway()


@pytest.fixture
def bridge() -> Iterator[Gateway]:
    yield from _running_gateway()


def _running_gateway() -> Iterator[Gateway]:
    from .gateways import gateway

    with gateway() as running:
        yield running
