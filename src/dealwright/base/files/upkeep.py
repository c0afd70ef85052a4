"""Care for the files as a whole: what nothing refers to any more, the bin, the master key."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.files.keys import MasterKey, key_named, key_to_rotate_to, promote_next_key
from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import path_of
from dealwright.base.records.services import BIN_DAYS

_BATCH = 500
_SAFE_AGE = timedelta(days=1)


def sweep_files(*, older_than: timedelta = _SAFE_AGE) -> int:
    """Erase content that no row refers to, and what was in the bin too long; returns how many.

    A transaction that stored a file and then failed leaves its content behind; after a day
    no transaction can still be about to refer to it.
    """
    erased = 0
    limit = timezone.now() - timedelta(days=BIN_DAYS)
    for stored in StoredFile.everything.filter(deleted_at__lt=limit).iterator():
        path = path_of(stored.id)
        try:
            stored.delete()
        except (ProtectedError, IntegrityError):
            continue  # something that is kept still refers to it
        path.unlink(missing_ok=True)
        erased += 1
    root: Path = settings.DATA_DIR / "files"
    oldest = time.time() - older_than.total_seconds()
    for folder in sorted(root.glob("*")):
        aged = [each for each in folder.iterdir() if each.stat().st_mtime < oldest]
        ids = {each: _id_of(each) for each in aged}
        known = set(
            StoredFile.everything.filter(
                pk__in=[each for each in ids.values() if each is not None]
            ).values_list("pk", flat=True)
        )
        for path, file_id in ids.items():
            if file_id not in known:
                path.unlink(missing_ok=True)
                erased += 1
    return erased


def rotate_master_key(actor: Actor) -> int:
    """Wrap every file's key by a new master key; returns how many. Contents stay as they are.

    Goes in batches and may be stopped and run again at any point: each file names the
    master key that opens it. Raises NotAllowed but for administrators.
    """
    actor.require_administrator("The master key is changed by administrators.")
    target = key_to_rotate_to()
    count = _wrap_all(actor, target)
    promote_next_key()
    # Files stored by other processes between the last batch and the change of keys.
    return count + _wrap_all(actor, target)


def _wrap_all(actor: Actor, target: MasterKey) -> int:
    count = 0
    while True:
        with change(actor):
            rows = list(
                StoredFile.everything.exclude(key_id__in=[target.id, ""])  # "" is destroyed
                .select_for_update()
                .order_by("pk")[:_BATCH]
            )
            for stored in rows:
                name = str(stored.id)
                file_key = key_named(stored.key_id).unwrap(bytes(stored.wrapped_key), name)
                stored.wrapped_key = target.wrap(file_key, name)
                stored.key_id = target.id
            StoredFile.everything.bulk_update(rows, ["wrapped_key", "key_id"])
        if not rows:
            return count
        count += len(rows)


def _id_of(path: Path) -> uuid.UUID | None:
    try:
        return uuid.UUID(path.name)
    except ValueError:
        return None  # a half-written draft
