"""The process that keeps one embedded PostgreSQL: ``python -m dealwright.base.database.keeper``.

Whoever uses the server holds a shared lock on a file. The keeper waits for that lock alone:
when the last user is gone, by its own will or by SIGKILL, the kernel gives it to the keeper,
which shuts the server down and ends. So several commands share one server, nobody stops it
under another, and none is left behind.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from dealwright.base.database.cluster import Cluster

FIRST_PAUSE = 0.1
MOST_QUICK_ENDS = 6
QUICK = 10.0  # seconds: a server that ends sooner has not served
LARGEST_LOG = 20 * 1024 * 1024
PR_SET_PDEATHSIG = 1


def server_options(cluster: Cluster, *, unsafe: bool) -> list[str]:
    """PostgreSQL's settings, given at each start so that a new release can change them.

    ``unsafe`` drops what protects data from a power cut: for tests only.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": cluster.socket_reference,
        "unix_socket_permissions": "0700",
        "max_connections": "80",
        "shared_buffers": f"{min(max(memory // 8, 64), 1024)}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(max(memory // 16, 64), 512)}MB",
        "random_page_cost": "1.1",
        "max_wal_size": "2GB",
        "wal_compression": "on",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %a ",
        "log_checkpoints": "off",
        "log_min_duration_statement": "2s",
        # Slow statements are logged without the values that people typed.
        "log_parameter_max_length": "0",
        "idle_in_transaction_session_timeout": "10min",
    }
    if unsafe:
        settings |= {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "log_min_duration_statement": "-1",
            "max_connections": "200",
            # Its worker is a superuser's: while one looks at a database, that cannot be dropped.
            "autovacuum": "off",
        }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _die_with_parent() -> None:
    """On Linux the server shuts down should the keeper itself be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Keeper:
    def __init__(self, data_dir: Path, *, unsafe: bool) -> None:
        self.cluster = Cluster(data_dir)
        self.unsafe = unsafe
        self.stopping = threading.Event()
        self.server: subprocess.Popen[bytes] | None = None
        self.gate = threading.Lock()

    def run(self, users: int) -> int:
        """Serves until ``users``, the file of the shared lock, is free or a signal says stop.

        A server that ends by itself is started again. Returns the exit status: 1 when it
        would not serve at all.
        """
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        signal.signal(signal.SIGINT, lambda *_: self.stop())
        threading.Thread(target=self._wait_for_last_user, args=(users,), daemon=True).start()
        quick_ends = 0
        while not self.stopping.is_set():
            started = time.monotonic()
            with self.gate:
                if self.stopping.is_set():
                    return 0
                self.server = self._start()
            if self.stopping.is_set():  # a signal that came while it started
                self.stop()
            status = self.server.wait()
            if self.stopping.is_set():
                return 0
            quick_ends = quick_ends + 1 if time.monotonic() - started < QUICK else 1
            if quick_ends == MOST_QUICK_ENDS:
                self._log(f"PostgreSQL ended with status {status} {quick_ends} times; given up")
                return 1
            pause = FIRST_PAUSE * 2**quick_ends
            self._log(f"PostgreSQL ended with status {status}; starting it again in {pause:.1f} s")
            self.stopping.wait(pause)
        return 0

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        self.stopping.set()
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)

    def _wait_for_last_user(self, users: int) -> None:
        fcntl.flock(users, fcntl.LOCK_EX)
        with self.gate:
            self.stop()

    def _start(self) -> subprocess.Popen[bytes]:
        cluster = self.cluster
        with self._open_log() as log, cluster.entered(cluster.files) as (folder, options):
            return subprocess.Popen(
                [
                    cluster.programs / "postgres",
                    "-D",
                    folder,
                    *server_options(cluster, unsafe=self.unsafe),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                **options,
            )

    def _open_log(self) -> BinaryIO:
        path = self.cluster.data_dir / "logs" / "postgres.log"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".log.1"))
        return path.open("ab")

    def _log(self, sentence: str) -> None:
        with self._open_log() as log:
            log.write(
                f"{time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())} {sentence}\n".encode()
            )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--unsafe", action="store_true")
    arguments = parser.parse_args()
    locks = arguments.data_dir / "locks"
    own = (locks / "postgres.keeper").open("r+")
    fcntl.flock(own, fcntl.LOCK_EX)
    own.truncate()
    own.write(f"{os.getpid()}\n")
    own.flush()
    users = os.open(locks / "postgres.users", os.O_RDWR)
    keeper = Keeper(arguments.data_dir, unsafe=arguments.unsafe)
    status = keeper.run(users)
    if keeper.cluster.sockets.parent != keeper.cluster.folder:
        with suppress(OSError):  # a folder outside the data folder does not stay
            keeper.cluster.sockets.rmdir()
    sys.exit(status)


if __name__ == "__main__":
    main()
