"""``docs``: the pages of the docs that the code itself knows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from dealwright.base.errors import Conflict, NotFound
from dealwright.base.events.documentation import documents


def add_commands(commands: Any) -> None:
    """Adds ``docs``."""
    docs = commands.add_parser(
        "docs",
        help="write docs/events.md and docs/flows.md from the code (for a checkout)",
        description="Write the lists of events and flows from what the code registers.",
    )
    docs.add_argument("folder", nargs="?", type=Path, default=Path("docs"), help="default: docs")
    docs.add_argument("--check", action="store_true", help="only say which are not up to date")
    docs.set_defaults(run=run_docs, database="none")


def run_docs(arguments: argparse.Namespace) -> int:
    """Writes what has changed; with ``--check`` refuses where something has."""
    folder: Path = arguments.folder
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}. Run this in the checkout.")
    changed = [name for name, text in documents().items() if _is_another(folder / name, text)]
    if arguments.check and changed:
        files = " and ".join(str(folder / name) for name in changed)
        raise Conflict(f"{files} not up to date. Run: bin/dealwright docs")
    for name in changed:
        (folder / name).write_text(documents()[name], encoding="utf-8")
    if arguments.json:
        print(json.dumps({"written": changed}))
    else:
        print(f"Wrote {', '.join(changed)}." if changed else "All of them are up to date.")
    return 0


def _is_another(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text
