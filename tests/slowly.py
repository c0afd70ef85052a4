"""A slow network for the browser tests, when DEALWRIGHT_TEST_SLOWLY says so.

    DEALWRIGHT_TEST_SLOWLY=1 .venv/bin/python -m pytest -m browser

Each answer comes late by as long as a phone in a train would wait. A test that looks before an
answer can have come fails then each time, not one time in a hundred; so does a page that loses
what somebody did before its script was there. No click waits for the page that it leads to: that
it does so otherwise is a courtesy of the tool, which a busy machine does not keep. The number
multiplies the seconds below.
"""

from __future__ import annotations

import functools
import os
import time
from typing import Any

from django.core.servers.basehttp import ServerHandler
from playwright.sync_api import Locator, Page

WRITE, PART, SCRIPT, PAGE = 0.7, 0.5, 0.5, 0.2  # seconds, before anything is done


def go_slowly(times: float) -> None:
    """Let the server of the tests wait before each request."""
    run = ServerHandler.run

    def run_late(self: Any, application: Any) -> None:
        environ = self.base_env
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            wait = WRITE
        elif environ["PATH_INFO"].endswith(".js"):
            wait = SCRIPT
        elif "HTTP_HX_REQUEST" in environ:
            wait = PART
        elif environ["PATH_INFO"].startswith("/static/"):
            wait = 0.0
        else:
            wait = PAGE
        time.sleep(wait * times)

        def uncached(environ: dict[str, Any], start_response: Any) -> Any:
            """Scripts are fetched again for each page: each visit is somebody's first."""

            def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                kept = [each for each in headers if each[0].lower() != "cache-control"]
                return start_response(status, [*kept, ("Cache-Control", "no-store")], *more)

            return application(environ, start)

        run(self, uncached)

    ServerHandler.run = run_late


def wait_for_nothing() -> None:
    """Let no act of the browser wait for the navigation that it starts."""
    for owner in (Locator, Page):
        for name in ("click", "press"):
            act = getattr(owner, name)
            setattr(owner, name, functools.partialmethod(act, no_wait_after=True))


if asked := float(os.environ.get("DEALWRIGHT_TEST_SLOWLY") or 0):
    go_slowly(asked)
    wait_for_nothing()
