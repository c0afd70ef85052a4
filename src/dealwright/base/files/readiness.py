"""Whether every stored file can be opened, asked by ``bin/dealwright doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Min

from dealwright.base.database.doctor import Finding, register_check
from dealwright.base.errors import Unavailable
from dealwright.base.files.keys import current_key, key_named
from dealwright.base.files.models import StoredFile


def key_versions() -> Sequence[tuple[str, int]]:
    """The master keys that files are wrapped by, with how many each; the most first."""
    rows = StoredFile.everything.exclude(key_id="").values_list("key_id")
    return list(rows.annotate(count=Count("pk")).order_by("-count", "key_id"))


def check_master_keys() -> Finding:
    """Open the key of one file of each master key: losing such a key loses every file of it."""
    first = (
        StoredFile.everything.exclude(key_id="")
        .values("key_id")
        .annotate(first=Min("created_at"))
        .values_list("key_id", "first")
    )
    for key_id, created_at in first:
        stored = StoredFile.everything.filter(key_id=key_id, created_at=created_at).earliest("pk")
        try:
            key_named(key_id).unwrap(bytes(stored.wrapped_key), str(stored.pk))
        except Unavailable as error:
            return Finding(
                False,
                error.message,
                "Restore the folder “secrets” of the data folder from a backup.",
            )
    versions = key_versions()
    told = f"{sum(count for _key, count in versions)} files open; master key {current_key().id}"
    backup = last_backup()
    secret: Path = settings.DATA_DIR / "secrets" / "files"
    if backup is not None and secret.exists() and secret.stat().st_mtime > backup.timestamp():
        return Finding(
            False,
            f"{told} is newer than the newest backup in the data folder.",
            "Run bin/dealwright backup FILE: without this key no file can be opened.",
        )
    return Finding(True, f"{told}.")


def last_backup() -> datetime | None:
    """When the newest backup in the data folder's own place for them was written; None where
    there is none there (they may well be kept elsewhere)."""
    folder: Path = settings.DATA_DIR / "backups"
    found = [each.stat().st_mtime for each in folder.glob("[!.]*") if each.is_file()]
    return datetime.fromtimestamp(max(found), UTC) if found else None


register_check("file keys", check_master_keys)
