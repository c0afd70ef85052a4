"""Clients that are signed in: a rep and an administrator."""

from __future__ import annotations

import pytest


@pytest.fixture
def rep():
    from make import make_user  # pytest loads this file before Django is set up

    return make_user("Rita Rep")


@pytest.fixture
def browser(rep):
    return _signed_in(rep)


@pytest.fixture
def boss_browser():
    from make import make_administrator

    return _signed_in(make_administrator())


def _signed_in(user):
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client
