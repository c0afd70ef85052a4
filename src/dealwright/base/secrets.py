"""Secrets made at install, one file each, readable by the product's account alone."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def read_secret(data_dir: Path, name: str) -> str:
    """The secret's text from ``<data_dir>/secrets/<name>``, made on first use.

    The environment variable ``DEALWRIGHT_SECRET_<NAME>`` goes before the file. Two
    processes that start at once agree on one value: the file is linked into place whole.
    """
    given = os.environ.get(f"DEALWRIGHT_SECRET_{name.upper()}")
    if given:
        return given
    folder = data_dir / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{name}.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
