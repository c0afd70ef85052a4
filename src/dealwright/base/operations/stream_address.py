"""Where a browser finds the live stream. Imports nothing of the house: the settings use it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest

PATH = "/events/stream"


def stream_origins(public_url: str, stream_url: str, port: int) -> list[str]:
    """What the pages' content policy must let them connect to beside their own origin."""
    if stream_url:
        parts = urlsplit(stream_url)
        return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
    if not port:
        return []
    parts = urlsplit(public_url)
    hosts = dict.fromkeys([parts.hostname or "localhost", "localhost", "127.0.0.1"])
    return [f"{parts.scheme}://{_bracketed(host)}:{port}" for host in hosts]


def stream_address(request: HttpRequest) -> str:
    """The address for this page: on the host it was opened at, so that its cookie goes along.

    Empty where no stream is served, for the page to do without.
    """
    from django.conf import settings

    if settings.STREAM_URL:
        address: str = settings.STREAM_URL
        return address
    if not settings.STREAM_PORT:
        return ""
    host = urlsplit(f"//{request.get_host()}").hostname or "localhost"
    return f"{request.scheme}://{_bracketed(host)}:{settings.STREAM_PORT}{PATH}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
