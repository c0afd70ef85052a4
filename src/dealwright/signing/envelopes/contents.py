"""The content of an envelope's files, at hand while its pages are looked at."""

from __future__ import annotations

import threading
from collections import OrderedDict
from uuid import UUID

from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import LARGEST, read_file


def file_content(stored: StoredFile) -> bytes:
    """A file decrypted. Those used last are remembered in the memory of this process, since a
    page's pictures come one by one; on disk each lies encrypted only."""
    if stored.is_destroyed:
        _remembered.forget(stored.pk)
        return read_file(stored)  # says that it is gone
    return _remembered.content_of(stored)


class _Remembered:
    """The files used last, as many as fit into ``MOST`` bytes; each is decrypted by one thread
    while others who want it wait."""

    MOST = LARGEST  # bytes: any one file fits

    def __init__(self) -> None:
        self._files: OrderedDict[UUID, bytes] = OrderedDict()
        self._reading: dict[UUID, threading.Lock] = {}
        self._lock = threading.Lock()

    def content_of(self, stored: StoredFile) -> bytes:
        found = self._find(stored.pk)
        if found is not None:
            return found
        with self._lock:
            turn = self._reading.setdefault(stored.pk, threading.Lock())
        try:
            with turn:
                found = self._find(stored.pk)
                if found is None:
                    found = read_file(stored)
                    self._keep(stored.pk, found)
            return found
        finally:
            with self._lock:
                self._reading.pop(stored.pk, None)

    def forget(self, file_id: UUID) -> None:
        with self._lock:
            self._files.pop(file_id, None)

    @property
    def size(self) -> int:
        """Bytes that are remembered."""
        return sum(len(each) for each in self._files.values())

    def _find(self, file_id: UUID) -> bytes | None:
        with self._lock:
            found = self._files.get(file_id)
            if found is not None:
                self._files.move_to_end(file_id)
            return found

    def _keep(self, file_id: UUID, content: bytes) -> None:
        if len(content) > self.MOST:
            return
        with self._lock:
            self._files[file_id] = content
            while self.size > self.MOST:
                self._files.popitem(last=False)


_remembered = _Remembered()
