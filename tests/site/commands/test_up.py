"""``bin/up`` as a whole: it serves, it is stopped, it is killed, it comes back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dealwright.base.database.server import EmbeddedServer
from dealwright.site.commands.processes import end_leftovers
from ports import free_port

pytestmark = pytest.mark.slow
EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "guide" / "examples"


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.05)


@dataclass
class Installation:
    """One data folder and what runs on it."""

    data_dir: Path
    port: int
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DEALWRIGHT", "DATABASE"))}
        return {**kept, "DEALWRIGHT_DATA_DIR": str(self.data_dir)}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "dealwright.site.commands", *words]
        return subprocess.run(command, capture_output=True, text=True, env=self.environment)

    def up(self, *flags: str, stderr: int | None = None) -> subprocess.Popen[str]:
        """Starts it and waits for the line with the address."""
        command = [sys.executable, "-m", "dealwright.site.commands", "up", "--port", str(self.port)]
        process = subprocess.Popen(
            [*command, *flags],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=self.environment,
        )
        self.started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == f"Dealwright is at http://127.0.0.1:{self.port}\n"
        return process

    def read(self, path: str, port: int = 0) -> tuple[int, str]:
        url = f"http://127.0.0.1:{port or self.port}{path}"
        with urllib.request.urlopen(url, timeout=20) as response:
            return int(response.status), response.read().decode()

    def get(self, path: str, port: int = 0) -> int:
        return self.read(path, port)[0]

    def counted(self, route: str) -> float:
        """How many answers to a route the metrics of all web processes count."""
        _, text = self.read("/metrics")
        lines = [each for each in text.splitlines() if each.startswith("dealwright_requests_total")]
        return sum(float(each.rsplit(" ", 1)[1]) for each in lines if f'route="{route}"' in each)

    def answers(self, port: int) -> bool:
        try:
            return self.get("/healthz", port) == 200
        except OSError:
            return False

    def groups(self) -> list[int]:
        return list(json.loads((self.data_dir / "locks" / "up.groups").read_text()))

    def processes(self) -> list[str]:
        """What of it runs, as ps shows it."""
        shown = subprocess.run(
            ["ps", "-A", "-o", "pid=,stat=,command="], capture_output=True, text=True
        ).stdout
        return [
            line
            for line in shown.splitlines()
            if "defunct" not in line
            and (str(self.data_dir) in line or f"--port {self.port}" in line)
        ]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(tmp_path_factory.mktemp("up") / "data", free_port(1))
    yield installation
    for process in installation.started:
        if process.poll() is None:
            process.kill()
            process.wait()
    end_leftovers(installation.data_dir / "locks" / "up.groups")


def test_it_serves_and_all_is_well_and_ctrl_c_stops_all_of_it(installation: Installation) -> None:
    process = installation.up()
    assert installation.get("/healthz") == 200
    asked = installation.run("doctor")  # at once: a worker that is starting is no fault
    assert asked.returncode == 0, asked.stdout
    until(lambda: installation.answers(installation.port + 1))

    # Whichever of the web processes is asked, it tells of all of them.
    for _request in range(20):
        assert installation.get("/me/login/") == 200
    assert {installation.counted("/me/login/") for _question in range(6)} == {20.0}

    process.send_signal(signal.SIGINT)

    assert process.wait(40) == 0
    until(lambda: installation.processes() == [])
    assert not EmbeddedServer(installation.data_dir).is_running()


def test_a_second_start_on_the_same_data_is_refused(installation: Installation) -> None:
    process = installation.up()
    second = installation.run("up", "--port", str(free_port(1)))
    assert second.returncode == 1
    assert second.stderr == (
        f"dealwright: Dealwright runs on {installation.data_dir} already: "
        f"http://127.0.0.1:{installation.port} (process {process.pid}).\n"
    )
    restore = installation.run("restore", "any", "--key-file", __file__)
    assert restore.returncode == 1
    process.terminate()
    assert process.wait(40) == 0


def test_a_port_that_is_taken_is_named(installation: Installation) -> None:
    with socket.socket() as taken:
        # A server that just ended here leaves its connections waiting for a while.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", installation.port))
        taken.listen()
        done = installation.run("up", "--port", str(installation.port))
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"dealwright: Port {installation.port} on 127.0.0.1 cannot be used"
    )


def test_what_dies_is_started_again(installation: Installation) -> None:
    process = installation.up()
    until(lambda: len(installation.groups()) == 3)
    web = installation.groups()[0]
    os.killpg(web, signal.SIGKILL)
    until(lambda: web not in installation.groups())
    until(lambda: installation.answers(installation.port))
    log = (installation.data_dir / "logs" / "up.log").read_text().splitlines()
    ended = [line for line in map(json.loads, log) if line["event"] == "process ended"]
    assert ended[-1]["service"] == "web"
    process.terminate()
    assert process.wait(40) == 0


def test_kill_9_loses_nothing_and_the_next_start_recovers(installation: Installation) -> None:
    process = installation.up()
    added = subprocess.run(
        [
            sys.executable, "-m", "dealwright.site.commands",
            "user", "add", "ada@example.com", "--password-stdin",
        ],
        input="a rather long one\n", capture_output=True, text=True, env=installation.environment,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr

    process.kill()
    process.wait()
    again = installation.up()

    assert installation.get("/healthz") == 200
    assert "ada@example.com" in installation.run("user", "list").stdout
    again.terminate()
    assert again.wait(40) == 0
    until(lambda: installation.processes() == [])


def test_a_demo_is_not_added_to_records_that_are_there(installation: Installation) -> None:
    assert installation.run("import", str(EXAMPLES / "1-companies.csv")).returncode == 0

    process = installation.up("--demo", stderr=subprocess.PIPE)

    assert installation.get("/healthz") == 200
    process.terminate()
    assert process.wait(40) == 0
    assert process.stderr is not None
    assert (
        "The demo company is not added, because there are records already.\n"
        in process.stderr.read()
    )
