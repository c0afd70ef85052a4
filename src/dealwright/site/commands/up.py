"""``bin/up``: the whole product on one machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealwright.base.database.known_state import is_known_current
from dealwright.base.errors import Conflict, Unavailable
from dealwright.site.commands.processes import Service, Supervisor, end_leftovers
from dealwright.site.commands.single_start import only_one

if TYPE_CHECKING:
    from dealwright.base.database.server import EmbeddedServer

ROUND = 0.2
ROUNDS_PER_LOOK_AT_LOGS = 300
READY_SECONDS = 90.0
DEMO = "dealwright.site.demo"


def add_commands(commands: Any) -> None:
    """Adds ``up``."""
    up = commands.add_parser(
        "up",
        help="start Dealwright (bin/up)",
        description="Start web, live updates, jobs and the database; Ctrl-C stops all of it.",
    )
    up.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    up.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="port of the pages and the API (8000); live updates use the next one",
    )
    if find_spec(DEMO):
        up.add_argument(
            "--demo",
            action="store_true",
            help="fill an empty database with a made-up company; one with records stays as it is",
        )
    up.set_defaults(run=run_up, database="none", demo=False)


def run_up(arguments: argparse.Namespace) -> int:
    """Prepares the database, starts every process, prints the address, waits for the end."""
    data_dir: Path = arguments.data_dir
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    stop = _Stop()
    address = f"http://{_shown(arguments.host)}:{arguments.port}"
    with only_one(data_dir, address), contextlib.ExitStack() as stack:
        end_leftovers(data_dir / "locks" / "up.groups")
        for port in (arguments.port, arguments.port + 1):
            _check_free(arguments.host, port)
        server = _start_database(data_dir, stack)
        _prepare_database(data_dir, demo=arguments.demo)
        if stop.asked:
            return 0
        (data_dir / "static").mkdir(exist_ok=True)
        counters = _empty_folder(data_dir / "metrics")
        supervisor = Supervisor(
            logs=data_dir / "logs",
            register=data_dir / "locks" / "up.groups",
            environment=_environment(arguments, address, counters),
            services=_services(arguments.host, arguments.port),
        )
        stack.callback(supervisor.stop, lambda: stop.asked > 1)
        supervisor.start("web")  # first and alone, so that the pages are there soonest
        if not _wait_until_ready(arguments, supervisor, stop):
            return 0
        supervisor.start("stream", "worker")
        supervisor.log("ready", address=address)
        print(f"Dealwright is at {address}", flush=True)
        _tend(supervisor, server, stop)
    return 0


def _services(host: str, port: int) -> list[Service]:
    serve = [sys.executable, "-m", "dealwright.site.serve"]
    processes = os.environ.get("DEALWRIGHT_WEB_PROCESSES") or "2"
    threads = os.environ.get("DEALWRIGHT_WEB_THREADS") or "4"
    return [
        Service(
            "web",
            [
                *serve, "web", "--host", host, "--port", str(port),
                "--processes", processes, "--threads", threads,
            ],
        ),
        Service("stream", [*serve, "stream", "--host", host, "--port", str(port + 1)]),
        Service("worker", [sys.executable, "-m", "dealwright.site", "work"]),
    ]  # fmt: skip


def _empty_folder(path: Path) -> Path:
    """The folder, without what processes that are gone left in it."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    return path


def _environment(arguments: argparse.Namespace, address: str, counters: Path) -> dict[str, str]:
    """What the processes know; settings of the caller's environment go before ours."""
    ours = {
        "DEALWRIGHT_URL": address,
        "DEALWRIGHT_STREAM_PORT": str(arguments.port + 1),
        "PROMETHEUS_MULTIPROC_DIR": str(counters),
        "PYTHONUNBUFFERED": "1",
    }
    return ours | os.environ


def _start_database(data_dir: Path, stack: contextlib.ExitStack) -> EmbeddedServer | None:
    if os.environ.get("DATABASE_URL"):
        return None
    from dealwright.base.database.server import EmbeddedServer

    return stack.enter_context(EmbeddedServer(data_dir))


def _prepare_database(data_dir: Path, *, demo: bool) -> None:
    if is_known_current(data_dir) and not demo:
        return
    import django

    django.setup()
    from django.db import connections

    from dealwright.base.database.upgrade import bring_up_to_date

    bring_up_to_date(data_dir, lambda told: print(told, file=sys.stderr, flush=True))
    if demo:
        import_module(DEMO).fill_empty_company()
    connections.close_all()


def _wait_until_ready(arguments: argparse.Namespace, supervisor: Supervisor, stop: _Stop) -> bool:
    """Until the pages answer; False when the start was broken off."""
    deadline = time.monotonic() + READY_SECONDS
    url = f"http://{_reachable(arguments.host)}:{arguments.port}/healthz"
    while not _answers(url):
        if stop.asked:
            return False
        supervisor.tend()
        web = supervisor.services[0]
        if web.failures >= 3 or time.monotonic() > deadline:
            log = supervisor.logs / "web.log"
            raise Unavailable(f"The web process does not start: {_last_line(log)} (see {log}).")
        time.sleep(0.05)
    return True


def _tend(supervisor: Supervisor, server: EmbeddedServer | None, stop: _Stop) -> None:
    rounds = 0
    while not stop.wait(ROUND):
        supervisor.tend()
        rounds += 1
        if rounds % ROUNDS_PER_LOOK_AT_LOGS == 0:
            supervisor.limit_logs()
        if server and not server.is_kept():
            supervisor.log("database ended")
            try:
                server.ensure_running()
            except Unavailable as error:
                supervisor.log("database does not start", reason=error.message)


class _Stop:
    """Ctrl-C or SIGTERM asks to stop; asked twice, it hurries."""

    def __init__(self) -> None:
        self.asked = 0
        self._event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked += 1
        self._event.set()

    def wait(self, seconds: float) -> bool:
        return self._event.wait(seconds)


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Conflict(
                f"Port {port} on {host} cannot be used ({error.strerror}): choose another with "
                "--port."
            ) from None


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _reachable(host: str) -> str:
    """An address at which this machine reaches what listens on ``host``."""
    if host in ("0.0.0.0", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _shown(host: str) -> str:
    return "localhost" if host in ("0.0.0.0", "::", "") else _reachable(host)  # noqa: S104


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").strip().splitlines()
    except FileNotFoundError:
        return "it says nothing"
    return lines[-1] if lines else "it says nothing"


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65_534:
        raise argparse.ArgumentTypeError(f"{text!r} is no port between 1 and 65534")
    return int(text)
