"""Backup and restore of all there is: the database in one snapshot, the files, the secrets.

A backup is one sealed file (see ``sealed``) that holds a ZIP archive: ``database.dump`` of
pg_dump, the data folder's other files as they lie there, and ``manifest.json`` with the
SHA-256 of each and the number of rows of each table.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

import psycopg

from dealwright import __version__
from dealwright.base.database.address import database_url
from dealwright.base.database.programs import running
from dealwright.base.database.sealed import Lock, SealedReader, SealedWriter
from dealwright.base.errors import Conflict, Invalid, Unavailable

DUMP = "database.dump"
MANIFEST = "manifest.json"
BLOCK = 2**20
# What is made anew, or belongs to this machine: all else in the data folder is kept.
NOT_KEPT = {"postgres", "locks", "logs", "static", "backups", "cache"}
SET_ASIDE = "replaced-"


@dataclass
class Manifest:
    """What a backup holds."""

    version: str
    made_at: str
    postgres: int
    rows: dict[str, int]
    migrations: int
    hashes: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> int:
        return len(self.hashes) - 1

    @property
    def total_rows(self) -> int:
        return sum(self.rows.values())


def create_backup(data_dir: Path, target: Path, lock: Lock) -> Manifest:
    """Writes a backup and reads it back; ``target`` appears only when it is proven good.

    Work goes on meanwhile: what is changed after the start is not in it. Raises Conflict
    when ``target`` exists, Unavailable when the database cannot be read.
    """
    if target.exists():
        raise Conflict(f"{target} exists already: choose another name.")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    url = database_url(data_dir)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
            _connect(url) as connection,
        ):
            _write(out, connection, url, data_dir, lock)
            out.flush()
            os.fsync(out.fileno())
        manifest = verify_backup(draft, lock)
        draft.rename(target)
    except OSError as error:
        raise Unavailable(f"The backup could not be written: {error}.") from None
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def verify_backup(source: Path, lock: Lock) -> Manifest:
    """Reads all of a backup and compares it with its manifest; raises Invalid if it differs."""
    with ExitStack() as stack:
        archive = _open(stack, source, lock)
        manifest = _manifest(archive)
        for name, expected in manifest.hashes.items():
            if _hash(archive, name) != expected:
                raise Invalid(f"The backup is damaged: {name} is not what was written.")
        return manifest


def restore_backup(source: Path, data_dir: Path, lock: Lock, *, replace: bool = False) -> Manifest:
    """Brings back what a backup holds, into an empty data folder and database.

    What is there is refused, or with ``replace`` set aside in a folder ``replaced-<time>``
    of the data folder (the tables of a ``DATABASE_URL`` are dropped). The whole backup is
    read and checked before anything is touched; afterwards the rows are counted.
    """
    manifest = verify_backup(source, lock)
    url = os.environ.get("DATABASE_URL", "")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        archive = _open(stack, source, lock)
        _clear(data_dir, replace=replace)
        if not url:
            from dealwright.base.database.server import EmbeddedServer

            # The password of the new server is the restored secret, so files come first.
            _extract(archive, manifest, data_dir)
            url = stack.enter_context(EmbeddedServer(data_dir)).url
            connection = stack.enter_context(_connect(url))
        else:
            connection = stack.enter_context(_connect(url))
            _clear_database(connection, replace=replace)
            _extract(archive, manifest, data_dir)
        _load(archive, connection, url)
        found = _count_rows(connection)
        if found != manifest.rows:
            odd = sorted({*found.items()} ^ {*manifest.rows.items()})[0][0]
            raise Invalid(
                f"The restored database differs from the backup: table {odd} has "
                f"{found.get(odd, 0)} rows, not {manifest.rows.get(odd, 0)}."
            )
    return manifest


def _write(
    out: BinaryIO,
    connection: psycopg.Connection[tuple[object, ...]],
    url: str,
    data_dir: Path,
    lock: Lock,
) -> None:
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read read only")
        snapshot = _one(connection, "select pg_export_snapshot()")
        manifest = Manifest(
            version=__version__,
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            postgres=connection.info.server_version,
            rows=_count_rows(connection),
            migrations=_count_migrations(connection),
        )
        sealed = SealedWriter(out, lock)
        try:
            with zipfile.ZipFile(sealed, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
                with running(
                    "pg_dump",
                    connection,
                    url,
                    "--format=custom",
                    f"--snapshot={snapshot}",
                    "--no-owner",
                    "--no-privileges",
                ) as dump:
                    assert dump.stdout is not None
                    manifest.hashes[DUMP] = _add(archive, DUMP, dump.stdout)
                # Files are written once and never changed, so those that the snapshot's rows
                # name are all there; later ones do no harm.
                for path in _kept_files(data_dir):
                    name = path.relative_to(data_dir).as_posix()
                    try:
                        content = path.open("rb")
                    except FileNotFoundError:  # erased meanwhile
                        continue
                    with content:
                        manifest.hashes[name] = _add(archive, name, content)
                archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        except BaseException:
            sealed.abandon()
            raise
        sealed.close()


def _kept_files(data_dir: Path) -> Iterator[Path]:
    for entry in sorted(data_dir.iterdir()):
        if entry.name in NOT_KEPT or entry.name.startswith((SET_ASIDE, ".")):
            continue
        if entry.is_file():
            yield entry
        for folder, folders, names in os.walk(entry):
            folders.sort()
            for name in sorted(names):
                if not name.startswith("."):  # being written
                    yield Path(folder) / name


def _add(archive: zipfile.ZipFile, name: str, content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as entry:
        while block := content.read(BLOCK):
            digest.update(block)
            entry.write(block)
    return digest.hexdigest()


def _open(stack: ExitStack, source: Path, lock: Lock) -> zipfile.ZipFile:
    try:
        file = stack.enter_context(source.open("rb"))
    except OSError as error:
        raise Invalid(f"The backup cannot be read: {error}.") from None
    sealed = stack.enter_context(SealedReader(file, lock))
    try:
        return stack.enter_context(zipfile.ZipFile(sealed))
    except zipfile.BadZipFile:
        raise Invalid("The backup is damaged: it holds no archive.") from None


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        manifest = Manifest(**json.loads(archive.read(MANIFEST)))
    except (KeyError, ValueError, TypeError):
        raise Invalid("The backup has no manifest that this release can read.") from None
    if {*archive.namelist()} != {*manifest.hashes, MANIFEST} or DUMP not in manifest.hashes:
        raise Invalid("The backup does not hold what its manifest names.")
    return manifest


def _hash(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with archive.open(name) as entry:
            while block := entry.read(BLOCK):
                digest.update(block)
    except zipfile.BadZipFile:
        return ""
    return digest.hexdigest()


def _clear(data_dir: Path, *, replace: bool) -> None:
    """Refuses a data folder that holds something or runs, or sets its content aside."""
    from dealwright.base.database.server import is_held

    if is_held(data_dir):
        raise Conflict("Dealwright runs on this data folder: stop it, then restore.")
    there = [
        entry
        for entry in sorted(data_dir.iterdir())
        if not entry.name.startswith(SET_ASIDE) and entry.name not in ("locks", "logs", "backups")
    ]
    if not there:
        return
    if not replace:
        raise Conflict(
            f"The data folder {data_dir} is not empty. Choose an empty one with --data-dir, or "
            "set what is there aside with --force.",
            code="not_empty",
        )
    aside = data_dir / f"{SET_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S}"
    aside.mkdir(mode=0o700)
    for entry in there:
        entry.rename(aside / entry.name)


def _clear_database(connection: psycopg.Connection[tuple[object, ...]], *, replace: bool) -> None:
    if not _count_rows(connection):
        return
    if not replace:
        raise Conflict(
            "The database of DATABASE_URL has tables. Name an empty one, or drop what is there "
            "with --force.",
            code="not_empty",
        )
    owns = "select pg_has_role(nspowner, 'USAGE') from pg_namespace where nspname = 'public'"
    with connection.transaction():
        if _one(connection, owns):
            connection.execute("drop schema public cascade")
            connection.execute("create schema public authorization pg_database_owner")
        else:
            connection.execute("drop owned by current_user cascade")


def _extract(archive: zipfile.ZipFile, manifest: Manifest, data_dir: Path) -> None:
    for name in manifest.hashes:
        if name == DUMP:
            continue
        parts = PurePosixPath(name).parts
        if PurePosixPath(name).is_absolute() or ".." in parts or parts[0] in NOT_KEPT:
            raise Invalid(f"The backup names a file outside the data folder: {name}.")
        target = data_dir.joinpath(*parts)
        for folder in reversed(target.relative_to(data_dir).parents):
            (data_dir / folder).mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out, archive.open(name) as content:
            shutil.copyfileobj(content, out, BLOCK)


def _load(
    archive: zipfile.ZipFile, connection: psycopg.Connection[tuple[object, ...]], url: str
) -> None:
    with (
        archive.open(DUMP) as dump,
        running(
            "pg_restore",
            connection,
            url,
            "--exit-on-error",
            "--single-transaction",
            "--no-owner",
            "--no-privileges",
            stdin=-1,
        ) as restore,
    ):
        assert restore.stdin is not None
        shutil.copyfileobj(dump, restore.stdin, BLOCK)


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(url, autocommit=True)
    except psycopg.OperationalError as error:
        raise Unavailable(f"The database does not answer: {str(error).splitlines()[0]}.") from None


def _count_rows(connection: psycopg.Connection[tuple[object, ...]]) -> dict[str, int]:
    tables = connection.execute(
        "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = 'public' and c.relkind = 'r' order by 1"
    ).fetchall()
    counts = {}
    for (name,) in tables:
        query = psycopg.sql.SQL("select count(*) from {}").format(
            psycopg.sql.Identifier("public", str(name))
        )
        row = connection.execute(query).fetchone()
        counts[str(name)] = int(str(row[0])) if row else 0
    return counts


def _count_migrations(connection: psycopg.Connection[tuple[object, ...]]) -> int:
    if _one(connection, "select to_regclass('public.django_migrations')") is None:
        return 0
    return int(str(_one(connection, "select count(*) from django_migrations")))


def _one(connection: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
