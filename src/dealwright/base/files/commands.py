"""``files check``, ``files sweep`` and ``files rotate-key``."""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256
from typing import Any

from dealwright.base.access.actor import system
from dealwright.base.errors import Unavailable
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import iterate_file
from dealwright.base.files.upkeep import rotate_master_key, sweep_files


def add_commands(commands: Any) -> None:
    """Adds the care for stored files."""
    files = commands.add_parser("files", help="check stored files, renew their master key")
    verbs = files.add_subparsers(dest="verb", metavar="VERB", required=True)

    check = verbs.add_parser("check", help="read every file and compare it with its hash")
    check.set_defaults(run=run_check)

    sweep = verbs.add_parser("sweep", help="erase content that nothing refers to any more")
    sweep.set_defaults(run=run_sweep)

    rotate = verbs.add_parser("rotate-key", help="wrap every file's key by a new master key")
    rotate.set_defaults(run=run_rotate)


def run_check(arguments: argparse.Namespace) -> int:
    """Reads all files; exit status 1 where one cannot be read or is not what it was."""
    wrong: list[dict[str, str]] = []
    count = 0
    for stored in StoredFile.everything.exclude(key_id="").order_by("pk").iterator():
        count += 1
        if reason := _trouble(stored):
            wrong.append({"id": str(stored.id), "name": stored.name, "problem": reason})
    if arguments.json:
        _say(json.dumps({"files": count, "wrong": wrong}, ensure_ascii=False))
    else:
        for each in wrong:
            _say(f"{each['id']} {each['name']}: {each['problem']}")
        if not wrong:
            _say(f"{count} files are as they were stored.")
    return 1 if wrong else 0


def run_sweep(arguments: argparse.Namespace) -> int:
    """Erases what nothing refers to; says how much."""
    erased = sweep_files()
    _say(json.dumps({"erased": erased}) if arguments.json else f"Erased {erased} files.")
    return 0


def run_rotate(arguments: argparse.Namespace) -> int:
    """Renews the master key; says how many files it wraps."""
    count = rotate_master_key(system("command line", via="cli"))
    if arguments.json:
        _say(json.dumps({"wrapped": count}))
    else:
        _say(f"{count} files are wrapped by the new master key. Make a backup now.")
    return 0


def _trouble(stored: StoredFile) -> str:
    digest = sha256()
    try:
        for piece in iterate_file(stored):
            digest.update(piece)
    except Unavailable as error:
        return error.message
    return "" if digest.hexdigest() == stored.sha256 else "Its hash is another one now."


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
