"""A frame in another site: how its address is opened."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from django.test import Client

SITE = "https://portal.example.com"


class Made(Protocol):
    """An address of signing or of sending that works once."""

    @property
    def url(self) -> str: ...


def path_of(made: Made) -> str:
    return urlsplit(made.url).path


def visit(made: Made) -> tuple[Client, str]:
    """A browser without cookies, as in a frame, and the address of its visit."""
    client = Client(enforce_csrf_checks=True)
    answer = client.get(path_of(made))
    assert answer.status_code == 303, answer.content
    client.cookies.clear()
    return client, answer.headers["Location"]
