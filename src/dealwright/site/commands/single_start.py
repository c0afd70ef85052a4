"""One start of the product per data folder, held by a lock while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from dealwright.base.errors import Conflict


@contextlib.contextmanager
def only_one(data_dir: Path, address: str) -> Iterator[None]:
    """Two starts on one data folder would run two of everything: the second raises Conflict."""
    path = _lock(data_dir)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            with contextlib.suppress(ValueError):
                found = json.loads(file.read())
                raise Conflict(
                    f"Dealwright runs on {data_dir} already: {found['address']} "
                    f"(process {found['pid']})."
                ) from None
            raise Conflict(f"Dealwright is being started on {data_dir} already.") from None
        file.truncate(0)
        file.write(json.dumps({"address": address, "pid": os.getpid()}))
        file.flush()
        yield


def is_up(data_dir: Path) -> bool:
    """Whether ``bin/up`` runs, or is starting, on this data folder."""
    try:
        with _lock(data_dir).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _lock(data_dir: Path) -> Path:
    return data_dir / "locks" / "up"
