"""``backup``, ``restore``, ``migrate`` and ``doctor``."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dealwright.base.errors import Invalid

if TYPE_CHECKING:
    from dealwright.base.database.sealed import Lock


def add_commands(commands: Any) -> None:
    """Adds what keeps an installation well."""
    backup = commands.add_parser(
        "backup",
        help="write everything into one encrypted file",
        description=(
            "Write database, files and secrets into one encrypted file and read it back to prove "
            "it. Sealed with the key secrets/backup of the data folder unless a passphrase is "
            "given; keep that key, or the passphrase, somewhere else."
        ),
    )
    backup.add_argument("file", type=Path, metavar="FILE")
    _add_lock_options(backup)
    backup.set_defaults(run=run_backup, database="running")

    restore = commands.add_parser(
        "restore",
        help="bring back what a backup holds",
        description="Bring back a backup into an empty data folder. It is checked first.",
    )
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument(
        "--force",
        action="store_true",
        help="set aside what the data folder holds (tables of DATABASE_URL are dropped)",
    )
    restore.add_argument("--check", action="store_true", help="only check the backup")
    _add_lock_options(restore)
    restore.set_defaults(run=run_restore, database="none")

    migrate = commands.add_parser(
        "migrate", help="bring the tables up to this release; backs up first"
    )
    migrate.set_defaults(run=run_migrate, database="running")

    doctor = commands.add_parser("doctor", help="check every part and say how to mend it")
    doctor.set_defaults(run=run_doctor, database="running")


def run_backup(arguments: argparse.Namespace) -> int:
    """Writes and proves a backup."""
    from dealwright.base.database.backup import create_backup
    from dealwright.base.database.upgrade import BACKUP_SECRET, backup_lock

    lock = _chosen_lock(arguments, twice=True)
    manifest = create_backup(
        arguments.data_dir, arguments.file, lock or backup_lock(arguments.data_dir)
    )
    if arguments.json:
        print(json.dumps(_described(manifest, arguments.file)))
        return 0
    print(
        f"Backed up {manifest.total_rows:,} rows and {manifest.files:,} files to {arguments.file}."
    )
    if lock is None:
        key = arguments.data_dir / "secrets" / BACKUP_SECRET
        print(f"Only {key} opens it: keep a copy of that key elsewhere.")
    return 0


def run_restore(arguments: argparse.Namespace) -> int:
    """Brings a backup back, or only checks it."""
    from dealwright.base.database.backup import restore_backup, verify_backup

    lock = _chosen_lock(arguments, twice=False) or _key_of(
        arguments.data_dir / "secrets" / "backup",
        "Say what opens the backup: --key-file (a copy of secrets/backup) or --passphrase-file.",
    )
    if arguments.check:
        manifest = verify_backup(arguments.file, lock)
        done = "The backup is whole: it holds"
    else:
        manifest = restore_backup(arguments.file, arguments.data_dir, lock, replace=arguments.force)
        done = f"Restored to {arguments.data_dir}:"
    if arguments.json:
        print(json.dumps(_described(manifest, arguments.file)))
    else:
        print(f"{done} {manifest.total_rows:,} rows and {manifest.files:,} files.")
    return 0


def run_migrate(arguments: argparse.Namespace) -> int:
    """Upgrades the tables."""
    from dealwright.base.database.upgrade import bring_up_to_date

    state = bring_up_to_date(arguments.data_dir, lambda told: print(told, file=sys.stderr))
    if arguments.json:
        print(json.dumps({"applied": state.missing}))
    elif state.missing:
        print(f"The tables are those of this release now ({len(state.missing)} steps).")
    else:
        print("The tables are those of this release already.")
    return 0


def run_doctor(arguments: argparse.Namespace) -> int:
    """Prints each finding; 1 when something is not well."""
    from dealwright.base.database.doctor import examine

    import_module("dealwright.site.commands.checks")
    findings = examine()
    well = all(finding.ok for finding in findings.values())
    if arguments.json:
        checks = {
            name: {"ok": each.ok, "message": each.message, "mend": each.mend}
            for name, each in findings.items()
        }
        print(json.dumps({"ok": well, "checks": checks}, ensure_ascii=False))
        return 0 if well else 1
    width = max(len(name) for name in findings)
    for name, finding in findings.items():
        print(f"{'ok  ' if finding.ok else 'FAIL'} {name:<{width}}  {finding.message}")
        if finding.mend and not finding.ok:
            print(f"     {'':<{width}}  -> {finding.mend}")
    print("All is well." if well else "Not all is well: mend what is marked FAIL.")
    return 0 if well else 1


def _add_lock_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--passphrase", action="store_true", help="ask for a passphrase")
    group.add_argument(
        "--passphrase-file", type=Path, help="read the passphrase from this file's first line"
    )
    group.add_argument("--key-file", type=Path, help="a key file, e.g. a copy of secrets/backup")


def _chosen_lock(arguments: argparse.Namespace, *, twice: bool) -> Lock | None:
    """What the options or ``DEALWRIGHT_BACKUP_PASSPHRASE`` say; None when nothing does."""
    from dealwright.base.database.sealed import Lock

    if arguments.key_file:
        return _key_of(arguments.key_file, f"There is no key file {arguments.key_file}.")
    passphrase = os.environ.get("DEALWRIGHT_BACKUP_PASSPHRASE", "")
    if arguments.passphrase_file:
        try:
            passphrase = (arguments.passphrase_file.read_text().splitlines() or [""])[0]
        except OSError as error:
            raise Invalid(f"The passphrase cannot be read: {error}.") from None
    elif arguments.passphrase:
        passphrase = getpass.getpass("Passphrase: ")
        if twice and getpass.getpass("Once more: ") != passphrase:
            raise Invalid("The two passphrases differ.")
    elif not passphrase:
        return None
    if len(passphrase) < 8:
        raise Invalid("The passphrase must have at least 8 characters.")
    return Lock("passphrase", passphrase)


def _key_of(path: Path, missing: str) -> Lock:
    from dealwright.base.database.sealed import Lock

    try:
        return Lock("key", path.read_text().strip())
    except OSError:
        raise Invalid(missing) from None


def _described(manifest: Any, file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "version": manifest.version,
        "made_at": manifest.made_at,
        "rows": manifest.rows,
        "files": manifest.files,
    }
