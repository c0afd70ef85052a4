"""The content of an envelope's files, at hand while its pages are looked at."""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import read_file

_CACHED_SIZE = 10_000_000  # bytes: larger files are decrypted each time


def file_content(stored: StoredFile) -> bytes:
    """A file decrypted; small ones are remembered, since a page's pictures come one by one."""
    if stored.size > _CACHED_SIZE or stored.is_destroyed:
        return read_file(stored)
    return _remembered(stored.pk)


@lru_cache(maxsize=16)
def _remembered(file_id: UUID) -> bytes:
    return read_file(StoredFile.objects.get(pk=file_id))
