"""How an evidence package is sent: as it is made."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from dealwright.signing.evidence.package import Package, stream_package


def as_download(package: Package) -> StreamingHttpResponse:
    """The answer of a page or of the API."""
    response = StreamingHttpResponse(stream_package(package), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, package.name) or "attachment"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
