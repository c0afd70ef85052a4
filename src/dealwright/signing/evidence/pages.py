"""Taking the evidence of an envelope along."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from dealwright.base.access.visibility import get_visible
from dealwright.base.web.pages import actor_of, page
from dealwright.signing.evidence.downloads import as_download
from dealwright.signing.evidence.package import prepare_package


@page(methods=["GET", "HEAD"])
def package(request: HttpRequest, envelope_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """The evidence package; that it was taken is noted in the evidence."""
    if request.method == "HEAD":
        get_visible(actor_of(request), "envelope", envelope_id)
        return HttpResponse(content_type="application/zip")
    return as_download(prepare_package(actor_of(request), envelope_id))
