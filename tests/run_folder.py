"""Where a run of the tests keeps its database and files."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED = 2 * 2**30


def make_run_folder() -> Path:
    """In memory where there is room: a copy of the database takes a tenth of the time there."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > NEEDED
    parent = MEMORY if in_memory else Path(tempfile.gettempdir())
    _remove_leftovers(parent)
    return Path(tempfile.mkdtemp(prefix=f"dealwright-tests-{os.getpid()}-", dir=parent))


def _remove_leftovers(parent: Path) -> None:
    """What a run that was killed could not remove."""
    for folder in parent.glob("dealwright-tests-*"):
        found = re.match(r"dealwright-tests-(\d+)-", folder.name)
        if found and not Path(f"/proc/{found[1]}").exists() and Path("/proc").exists():
            shutil.rmtree(folder, ignore_errors=True)
