"""Every command that the docs show is run, in the order of the pages, on one installation.

The commands run in a folder that looks like the checkout: ``bin`` without its look at whether
packages and pages are up to date (a test must not install or build anything), a copy of the
docs, and the data folder ``data``. ``bin/up`` is started once, with the demo company, and the
pages speak to it. ``bin/dealwright`` is loaded once, too: see ``forked_line.py``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from dealwright.site.commands.processes import end_leftovers
from docs.pages import ROOT, Command, all_pages, commands_of
from ports import free_port

HERE = Path(__file__).resolve().parent
SHARED = ROOT.parent / "shared"
# Begins so -> why it is not run.
EXEMPT = {
    "git clone ": "needs the network",
    "cd dealwright": "goes where `git clone` would have brought us",
    "git pull": "needs the network",
    "bin/test": "runs the tests, of which this is one",
}
# The scripts of bin/ as they lie; only what they import to prepare the checkout is another.
BOOTSTRAP = """
import os, sys
sys.path.insert(0, {here!r})
from forked_line import ask

def prepare(**_):
    return {python!r}

def run_module(python, module, arguments):
    if arguments[0] != "up" and "--data-dir" not in arguments:
        sys.exit(ask({address!r}, arguments))
    os.execv(python, [python, "-m", module, *arguments])
"""


@dataclass
class Checkout:
    """The folder in which the commands run, and the address of what runs there."""

    folder: Path
    port: int
    environment: dict[str, str]

    def run(self, commands: Sequence[Command]) -> list[str]:
        """One shell per page; what is wrong, the first failure of a page being its last line."""
        script = "\n".join(
            ["set -eo pipefail"]
            + [f"printf '\\n:::{n}\\n'; printf '\\n:::{n}\\n' >&2\n{self._as_run(each)}"
               for n, each in enumerate(commands)]
        )  # fmt: skip
        done = subprocess.run(
            ["bash"],
            input=script,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        printed, told = _pieces(done.stdout), _pieces(done.stderr)
        if done.returncode:
            n = max(told)
            said = f"{told[n]}\n{printed.get(n, '')}".strip()
            return [f"{commands[n]}\n  exit status {done.returncode}: {said}"]
        return [
            f"{command}\n  does not print “{line}” but:\n{printed[n]}"
            for n, command in enumerate(commands)
            for line in command.prints
            if not _prints(printed[n], line)
        ]

    def _as_run(self, command: Command) -> str:
        """The command with the address of this installation; what serves is stopped again."""
        text = re.sub(r"(127\.0\.0\.1|localhost):8000", f"127.0.0.1:{self.port}", command.text)
        if not text.startswith("bin/up"):
            return text
        if "--data-dir" not in text:  # that one runs already
            return f"curl -fsS http://127.0.0.1:{self.port}/readyz"
        words = [sys.executable, str(HERE / "start_and_stop.py"), str(self.port + 2)]
        return f"{shlex.join(words)} {text}"


@pytest.fixture
def short_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


@pytest.fixture
def checkout(tmp_path: Path, short_path: Path) -> Iterator[Checkout]:
    folder = tmp_path / "checkout"
    (folder / "bin").mkdir(parents=True)
    for name in ("dealwright", "up"):
        shutil.copy(ROOT / "bin" / name, folder / "bin" / name)
    # Not below tmp_path: the path of a socket has room for a hundred letters.
    address = str(short_path / "line")
    (folder / "bin" / "bootstrap.py").write_text(
        BOOTSTRAP.format(python=sys.executable, here=str(HERE), address=address)
    )
    shutil.copytree(ROOT / "docs", folder / "docs")
    if SHARED.exists():
        (tmp_path / "shared").symlink_to(SHARED)
    port = free_port(3)  # for live updates and for a second start
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DEALWRIGHT", "DATABASE"))}
    environment = {
        **kept,
        "DEALWRIGHT_DATA_DIR": str(folder / "data"),
        "DEALWRIGHT_WEB_PROCESSES": "1",
    }
    line = None
    with (tmp_path / "up.log").open("w") as log:
        process = subprocess.Popen(
            ["bin/up", "--demo", "--port", str(port)],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        started = process.stdout.readline()
        assert started == f"Dealwright is at http://127.0.0.1:{port}\n", (
            tmp_path / "up.log"
        ).read_text()
        line = subprocess.Popen(
            [sys.executable, str(HERE / "forked_line.py"), address],
            env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert line.stdout is not None
        assert line.stdout.readline() == "ready\n"
        yield Checkout(folder, port, environment)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        for each in (line, process):
            if each is not None and each.poll() is None:
                each.kill()
                each.wait()
        end_leftovers(folder / "data" / "locks" / "up.groups")


@pytest.mark.slow
def test_every_command_of_the_docs_does_what_its_page_says(checkout: Checkout) -> None:
    wrong = []
    for page in all_pages():
        commands = [each for each in commands_of(page) if not _is_left_out(each)]
        if commands:
            wrong += checkout.run(commands)
    assert wrong == [], "\n\n".join(wrong)


@pytest.mark.parametrize("beginning", EXEMPT)
def test_what_is_not_run_stands_in_the_docs(beginning: str) -> None:
    commands = [each.text for page in all_pages() for each in commands_of(page)]
    assert any(each.startswith(beginning) for each in commands)


def _is_left_out(command: Command) -> bool:
    if "../shared/" in command.text and not SHARED.exists():
        return True
    return any(command.text.startswith(beginning) for beginning in EXEMPT)


def _pieces(output: str) -> dict[int, str]:
    """What each command wrote, by its number."""
    parts = re.split(r"^:::(\d+)\n", output, flags=re.MULTILINE)
    return dict(zip(map(int, parts[1::2]), parts[2::2], strict=True))


def _prints(printed: str, line: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in line.strip().split("…"))
    return any(re.fullmatch(pattern, each.strip()) for each in printed.splitlines())
