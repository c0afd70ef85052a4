"""A bound on what an upload may write to the disk before anybody looks at it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload


class BoundedUploadHandler(FileUploadHandler):
    """Stops a request whose files exceed ``UPLOAD_MAX_BYTES`` together.

    Django reads a form's body before the view, for its CSRF token; without this bound one
    request could fill the disk. Views bring sentences for their own, smaller bounds. A
    stopped upload leaves the request without files, and ``request.upload_stopped`` set.
    """

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self._received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self._received += len(raw_data)
        if self._received > settings.UPLOAD_MAX_BYTES:
            self.request.upload_stopped = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None  # the handlers after this one keep the file
