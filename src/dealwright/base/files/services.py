"""Keeping, reading and removing files."""

from __future__ import annotations

import io
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Gone, Invalid, NotAllowed, NotFound
from dealwright.base.files.access import check_may_attach, get_file, may_see
from dealwright.base.files.content import check_content, safe_name
from dealwright.base.files.encryption import (
    read_encrypted,
    read_encrypted_part,
    write_encrypted,
)
from dealwright.base.files.keys import current_key, key_named
from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7

LARGEST = 100_000_000


def store_file(
    actor: Actor,
    *,
    name: str,
    content: bytes | BinaryIO,
    content_type: str = "",
    object: str = "",
    record_id: uuid.UUID | None = None,
    purpose: str = "",
    generated: bool = False,
) -> StoredFile:
    """Encrypt and keep a file, in the caller's transaction.

    What it is, its content tells; ``content_type`` of the sender counts for nothing unless
    the product itself made or received the bytes as they are (``generated=True``: an
    evidence package, a raw e-mail), which then are not checked. A living file of the same
    name, record and purpose makes this its next version.

    Access to the record is the caller's to check; ``attach_file`` does it for people.
    Raises Invalid for a kind that is not allowed or more than 100 MB.
    """
    name = safe_name(name)
    file_id = uuid7()
    source = _seekable(content)
    if generated:
        kind = content_type or "application/octet-stream"
    else:
        kind = check_content(name, source).content_type
    source.seek(0)
    with change(actor):
        written = write_encrypted(source, path_of(file_id), str(file_id), limit=LARGEST)
        master = current_key()
        return cast(
            StoredFile,
            StoredFile.objects.create(
                id=file_id,
                name=name,
                content_type=kind,
                size=written.size,
                sha256=written.sha256,
                key_id=master.id,
                wrapped_key=master.wrap(written.key, str(file_id)),
                nonce=written.nonce,
                object=object,
                record_id=record_id,
                purpose=purpose,
                version=_next_version(object, record_id, purpose, name),
                created_by=actor.user,
            ),
        )


def attach_file(
    actor: Actor,
    *,
    name: str,
    content: bytes | BinaryIO,
    object: str = "",
    record_id: uuid.UUID | None = None,
    purpose: str = "attachment",
) -> StoredFile:
    """A person puts a file on a record they may change (or, without one, keeps it for themselves).

    Raises NotFound, NotAllowed, or Invalid as ``store_file``.
    """
    with change(actor):
        check_may_attach(actor, object, record_id)
        return store_file(
            actor, name=name, content=content, object=object, record_id=record_id, purpose=purpose
        )


def read_file(stored: StoredFile) -> bytes:
    """The whole content. Access is the caller's to check, see ``get_file``."""
    return b"".join(iterate_file(stored))


def iterate_file(stored: StoredFile) -> Iterator[bytes]:
    """The content in pieces of up to 1 MiB, each checked against its seal.

    Raises Unavailable where the content or its master key is missing or damaged, Gone where
    it was destroyed.
    """
    return read_encrypted(path_of(stored.id), str(stored.id), _key_of(stored), bytes(stored.nonce))


def iterate_part(stored: StoredFile, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from ``start`` to before ``stop``, ``0 <= start < stop <= size``; no more of the
    file is read than the chunks they lie in. Raises as ``iterate_file``."""
    return read_encrypted_part(
        path_of(stored.id),
        str(stored.id),
        _key_of(stored),
        bytes(stored.nonce),
        size=stored.size,
        start=start,
        stop=stop,
    )


def delete_file(actor: Actor, file_id: Any) -> StoredFile:
    """Put a file in the bin; who may change its record may, or who put it there.

    Raises NotFound or NotAllowed.
    """
    with change(actor):
        stored = get_file(actor, file_id)
        _check_may_remove(actor, stored)
        stored.deleted_at = timezone.now()
        stored.save(update_fields=["deleted_at"])
    return stored


def restore_file(actor: Actor, file_id: Any) -> StoredFile:
    """Bring a file back from the bin, within 30 days. Raises NotFound or NotAllowed."""
    with change(actor):
        stored: StoredFile | None = StoredFile.everything.filter(
            pk=as_uuid(file_id), deleted_at__isnull=False
        ).first()
        if stored is None or not may_see(actor, stored):
            raise NotFound("This file is not in the bin.")
        _check_may_remove(actor, stored)
        stored.deleted_at = None
        stored.save(update_fields=["deleted_at"])
    return stored


def destroy_file(stored: StoredFile) -> None:
    """Destroy the content for good: its key at once, the encrypted bytes after the transaction.

    The row stays with kind, size and SHA-256, as a tombstone without a name. What backups hold
    opens with the backup's own copy of the key, until they are thrown away.
    """
    stored.name, stored.key_id = "Destroyed file", ""
    stored.wrapped_key = stored.nonce = b""
    stored.save(update_fields=["name", "key_id", "wrapped_key", "nonce"])
    path = path_of(stored.id)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def path_of(file_id: uuid.UUID) -> Path:
    """Where a file's encrypted content lies, spread by the random end of its id."""
    folder: Path = settings.DATA_DIR / "files"
    return folder / file_id.hex[-2:] / str(file_id)


def _key_of(stored: StoredFile) -> bytes:
    if stored.is_destroyed:
        raise Gone("This file was destroyed when its time to be kept was over.")
    return key_named(stored.key_id).unwrap(bytes(stored.wrapped_key), str(stored.id))


def _check_may_remove(actor: Actor, stored: StoredFile) -> None:
    if actor.is_system or (actor.user and actor.user.is_administrator):
        return
    if stored.object:
        check_may_attach(actor, stored.object, stored.record_id)
    elif stored.created_by_id != actor.require_user().id:
        raise NotAllowed("Only who put this file here may remove it.")


def _next_version(object_key: str, record_id: uuid.UUID | None, purpose: str, name: str) -> int:
    """One more than the newest of the same name on the record; 1 for a file without a record."""
    if record_id is None:
        return 1
    with connection.cursor() as cursor:  # two uploads at once must not take one number
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 8188))",
            [f"{object_key}|{record_id}|{purpose}|{name}"],
        )
    newest = StoredFile.objects.filter(
        object=object_key, record_id=record_id, purpose=purpose, name=name
    ).aggregate(newest=Max("version"))["newest"]
    return (newest or 0) + 1


def _seekable(content: bytes | BinaryIO) -> BinaryIO:
    """The content as a stream that can be read twice: once to check it, once to keep it."""
    if isinstance(content, bytes | bytearray | memoryview):
        return io.BytesIO(content)
    if not hasattr(content, "read"):
        raise Invalid("A file needs content.")
    if content.seekable():
        return content
    spool = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  closed when collected
    shutil.copyfileobj(content, spool, 1024 * 1024)
    return spool
