"""The embedded PostgreSQL as its users see it: start it, or share the one that runs."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg

from dealwright.base.database.address import embedded_url
from dealwright.base.database.cluster import Cluster
from dealwright.base.errors import Unavailable

START_SECONDS = 120.0
STOP_SECONDS = 120.0
PAUSE = 0.02
KEEPER_GONE = "its keeper is gone."


class EmbeddedServer:
    """One user's hold on the embedded server of a data folder.

    ``start`` makes the database on first use, starts the server where none runs, recovers
    what a crash left, and returns when it answers. ``stop`` lets go; the last user's stop
    waits until the server is down. Any number of processes may hold it at once.

    Args:
        data_dir: the data folder; the database lies in ``postgres`` below it.
        fast_and_unsafe: leave out what protects data from a power cut (tests only).
    """

    def __init__(self, data_dir: Path, *, fast_and_unsafe: bool = False) -> None:
        self.data_dir = data_dir.resolve()
        self.cluster = Cluster(self.data_dir)
        self.fast_and_unsafe = fast_and_unsafe
        self._locks = self.data_dir / "locks"
        self._hold: IO[str] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return embedded_url(self.data_dir)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Raises Unavailable with the reason when the server cannot be had."""
        if self._hold:
            return self
        try:
            self._locks.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("postgres.users", "postgres.start", "postgres.keeper"):
                (self._locks / name).touch(mode=0o600)
            hold = (self._locks / "postgres.users").open("r+")
        except PermissionError as error:
            raise Unavailable(
                f"The data folder is not yours to write: {error.filename}.", code="foreign_data"
            ) from None
        # A keeper that is shutting down holds this lock until it is done.
        _lock(hold, fcntl.LOCK_SH, STOP_SECONDS)
        try:
            self.ensure_running()
        except BaseException:
            hold.close()
            raise
        self._hold = hold
        return self

    def ensure_running(self) -> None:
        """Starts the server again should it have gone; for one who holds it for long."""
        with (self._locks / "postgres.start").open("r+") as starting:
            _lock(starting, fcntl.LOCK_EX, START_SECONDS)
            self._ensure_running()

    def stop(self) -> None:
        """Lets go of the server; shuts it down when nobody else uses it. Safe to repeat."""
        hold, self._hold = self._hold, None
        if hold is None:
            return
        with hold:
            if _try_lock(hold, fcntl.LOCK_EX):
                self._signal_keeper()
                fcntl.flock(hold, fcntl.LOCK_UN)
            elif _try_lock(hold, fcntl.LOCK_SH):
                return  # others hold it too
        # Either we told the keeper, or it saw by itself that nobody is left.
        self._wait_for_keeper()

    def is_running(self) -> bool:
        """Whether the server answers, whoever started it."""
        return self._try_connect() is None

    def _ensure_running(self) -> None:
        self._keeper = None
        error: str | None = KEEPER_GONE
        if self.is_kept():
            error = self._wait_until_running()
        if error == KEEPER_GONE:  # also when it was just dying when we looked
            self._stop_orphan()
            self._start_keeper()
            error = self._wait_until_running()
        if error and "password authentication failed" in error:
            # The secret was replaced, e.g. the folder was moved without it.
            self._signal_keeper()
            self._wait_for_keeper()
            self.cluster.set_password()
            self._start_keeper()
            error = self._wait_until_running()
        if error:
            raise Unavailable(f"The database did not start: {error}{self._last_complaint()}")

    def _try_connect(self) -> str | None:
        """None when the server answers, else why it does not."""
        try:
            psycopg.connect(self.url, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            return str(error).strip().splitlines()[-1]
        return None

    def _wait_until_running(self) -> str | None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            error = self._try_connect()
            if error is None or "password authentication failed" in error:
                return error
            if self._keeper and self._keeper.poll() is not None:
                return "PostgreSQL ended at once."
            if self._keeper is None and not self.is_kept():
                return KEEPER_GONE
            if time.monotonic() > deadline:
                return error
            time.sleep(PAUSE)

    def _start_keeper(self) -> None:
        self.cluster.prepare()
        source = Path(__file__).resolve().parents[3]
        command = [sys.executable, "-m", "dealwright.base.database.keeper", str(self.data_dir)]
        if self.fast_and_unsafe:
            command.append("--unsafe")
        log_path = self.data_dir / "logs" / "postgres.log"
        log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log_path.open("ab") as log:
            self._keeper = subprocess.Popen(
                command,
                cwd="/",
                env={**os.environ, "PYTHONPATH": str(source)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the user of the server, not for it
            )

    def is_kept(self) -> bool:
        """Whether a keeper looks after the server; when not, it has ended or soon will."""
        with (self._locks / "postgres.keeper").open("r+") as file:
            return not _try_lock(file, fcntl.LOCK_SH)

    def _signal_keeper(self) -> None:
        if self.is_kept():
            os.kill(int((self._locks / "postgres.keeper").read_text()), signal.SIGTERM)

    def _wait_for_keeper(self) -> None:
        with (self._locks / "postgres.keeper").open("r+") as file:
            _lock(file, fcntl.LOCK_SH, STOP_SECONDS)
        if self._keeper:
            self._keeper.wait()

    def _stop_orphan(self) -> None:
        """A server without a keeper is stopped; a pid file that names no such server is removed.

        PostgreSQL itself trusts the file when any process has that pid, which after a reboot
        may be anything.
        """
        path = self.cluster.files / "postmaster.pid"
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        deadline = time.monotonic() + STOP_SECONDS
        while _is_postgres_of(pid, self.cluster.files):
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"A PostgreSQL left from before (process {pid}) does not stop: end it, then "
                    "start again."
                )
            os.kill(pid, signal.SIGINT)
            time.sleep(PAUSE)
        path.unlink(missing_ok=True)

    def _last_complaint(self) -> str:
        """What PostgreSQL itself said last about why it cannot serve."""
        try:
            lines = (self.data_dir / "logs" / "postgres.log").read_text().splitlines()
        except FileNotFoundError:
            return ""
        words = ("FATAL:", "PANIC:", "postgres: ")
        complaints = [line for line in lines if any(word in line for word in words)]
        return f" (logs/postgres.log: {complaints[-1]})" if complaints else ""


def _is_postgres_of(pid: int, files: Path) -> bool:
    """Whether this process is a PostgreSQL that serves this very folder."""
    if sys.platform == "linux":
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
            return name == "postgres" and Path(f"/proc/{pid}/cwd").samefile(files)
        except OSError:
            return False
    shown = subprocess.run(
        ["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True
    ).stdout
    return "postgres" in shown and str(files) in shown


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock(file: IO[str], kind: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _try_lock(file, kind):
        if time.monotonic() > deadline:
            raise Unavailable(f"Another start or stop of the database does not end ({file.name}).")
        time.sleep(PAUSE)


def is_held(data_dir: Path) -> bool:
    """Whether any process uses the embedded server of a data folder now."""
    path = data_dir / "locks" / "postgres.users"
    if not path.exists():
        return False
    with path.open("r+") as file:
        return not _try_lock(file, fcntl.LOCK_EX)
