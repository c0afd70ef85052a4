"""Keeps a handful of processes running: starts them, restarts what dies, stops them all."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PR_SET_PDEATHSIG = 1
GRACE_SECONDS = 25.0
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
SETTLED = 60.0  # seconds after which a process counts as having started well
LARGEST_LOG = 50 * 2**20


@dataclass
class Service:
    """One process of the product, and how it fares."""

    name: str
    command: Sequence[str]
    wanted: bool = False
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0


@dataclass
class Supervisor:
    """Runs services, each in a process group of its own, their output in ``logs/<name>.log``.

    ``register`` is a file that names the groups, so that the next start can end what a
    SIGKILL of this process left (Linux ends them by itself).
    """

    logs: Path
    register: Path
    environment: Mapping[str, str]
    services: list[Service] = field(default_factory=list)

    def start(self, *names: str) -> None:
        """Starts the services of these names; from then on they are kept running."""
        self.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for service in self.services:
            if service.name in names:
                service.wanted = True
                self._launch(service)

    def tend(self) -> None:
        """One round: notes what died, starts again what is due; call it a few times a second."""
        now = time.monotonic()
        for service in self.services:
            if service.process is None:
                if service.wanted and now >= service.start_at:
                    self._launch(service)
            elif (status := service.process.poll()) is not None:
                _signal_group(service.process.pid, signal.SIGKILL)
                service.process = None
                lasted = now - service.started
                service.failures = 1 if lasted > SETTLED else service.failures + 1
                pause = min(FIRST_PAUSE * 2 ** (service.failures - 1), LONGEST_PAUSE)
                service.start_at = now + pause
                self.log("process ended", service=service.name, status=status, again_in=pause)
            elif now - service.started > SETTLED:
                service.failures = 0

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """Ends all in peace; by force after 25 s, or once ``hurried`` says so."""
        for service in self.services:
            if service.process:
                _signal_group(service.process.pid, signal.SIGTERM, leader_only=True)
        deadline = time.monotonic() + GRACE_SECONDS
        for service in self.services:
            if service.process is None:
                continue
            while service.process.poll() is None:
                if time.monotonic() > deadline or hurried():
                    self.log("process killed", service=service.name)
                    break
                time.sleep(0.02)
            _signal_group(service.process.pid, signal.SIGKILL)
            service.process.wait()
            service.process = None
        self.register.unlink(missing_ok=True)

    def limit_logs(self) -> None:
        """Keeps a log of one process from filling the disk: its older half goes."""
        for service in self.services:
            path = self.logs / f"{service.name}.log"
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_size > LARGEST_LOG:
                    path.with_suffix(".log.1").write_bytes(path.read_bytes())
                    os.truncate(path, 0)

    def log(self, event: str, **facts: object) -> None:
        """One JSON line in ``logs/up.log``."""
        line = {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        with (self.logs / "up.log").open("a") as file:
            file.write(json.dumps(line | facts) + "\n")

    def _launch(self, service: Service) -> None:
        with (self.logs / f"{service.name}.log").open("ab") as log:
            service.process = subprocess.Popen(
                list(service.command),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        service.started = time.monotonic()
        self.log("process started", service=service.name, pid=service.process.pid)
        groups = [each.process.pid for each in self.services if each.process]
        self.register.write_text(json.dumps(groups))


def end_leftovers(register: Path) -> None:
    """Kills what a supervisor that was itself killed has left running."""
    try:
        groups = {int(pid) for pid in json.loads(register.read_text())}
    except (OSError, ValueError, TypeError):
        return
    shown = subprocess.run(
        ["ps", "-A", "-o", "pgid=,command="],  # noqa: S607 - its place differs by system
        capture_output=True,
        text=True,
    ).stdout
    for line in shown.splitlines():
        group, _, command = line.strip().partition(" ")
        # The number may have gone to a stranger since.
        if group.isdigit() and int(group) in groups and "dealwright" in command:
            _signal_group(int(group), signal.SIGKILL)
    register.unlink(missing_ok=True)


def _signal_group(leader: int, number: signal.Signals, *, leader_only: bool = False) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if leader_only:
            os.kill(leader, number)
        else:
            os.killpg(leader, number)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
