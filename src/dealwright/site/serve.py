"""One of the two web servers: ``python -m dealwright.site.serve web|stream``.

The product is loaded once, before granian forks: every process is there at once and shares
what was loaded.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from importlib import import_module

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from dealwright.base.loaded import keep_what_is_loaded

SECONDS_TO_FINISH = 10


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["web", "stream"])
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if sys.platform == "linux":  # elsewhere a fork after so much was loaded is not safe
        multiprocessing.set_start_method("fork")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealwright.site.settings")
    module = "dealwright.site.wsgi" if arguments.kind == "web" else "dealwright.site.asgi"
    _load(module)
    Server(
        f"{module}:application",
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.WSGI if arguments.kind == "web" else Interfaces.ASGI,
        workers=arguments.processes,
        blocking_threads=arguments.threads,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=SECONDS_TO_FINISH,
    ).serve()


def _load(module: str) -> None:
    """The application with everything that the first request would load."""
    import_module(module)
    if module.endswith("wsgi"):
        from django.urls import get_resolver

        get_resolver().url_patterns  # noqa: B018 - reading it loads every page
    from django.db import connections

    connections.close_all()  # a connection must not be shared by the fork
    keep_what_is_loaded()


if __name__ == "__main__":
    main()
