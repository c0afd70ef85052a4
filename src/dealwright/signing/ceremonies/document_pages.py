"""The documents behind a signing link: their pages as pictures, their content, their places."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from dealwright.base.errors import NotFound
from dealwright.base.files.answers import file_answer
from dealwright.base.whole_numbers import whole_number
from dealwright.signing.ceremonies import queries, services
from dealwright.signing.ceremonies.others import standing_fields
from dealwright.signing.ceremonies.pages import attachment, ceremony_page, may_see
from dealwright.signing.ceremonies.steps import Ceremony, Step
from dealwright.signing.documents.reading import page_picture
from dealwright.signing.envelopes.contents import file_content
from dealwright.signing.envelopes.sealing import standing_content

PICTURE_WIDTHS = (800, 1600, 3200)  # pixels; the widest for who zooms in


@ceremony_page("GET", "HEAD")
def layout(request: HttpRequest, ceremony: Ceremony, token: str) -> HttpResponse:
    return HttpResponse(queries.layout_css(ceremony), content_type="text/css; charset=utf-8")


@ceremony_page("GET", "HEAD")
def picture(
    request: HttpRequest, ceremony: Ceremony, token: str, document_id: UUID, page: int
) -> HttpResponse:
    """One page of a document as PNG."""
    if not may_see(ceremony):
        raise NotFound("Confirm the code to see the documents.")
    document = queries.find_document(ceremony, document_id)
    if not 1 <= page <= document.page_count:
        raise NotFound("The document has no such page.")
    width = whole_number(request.GET.get("width", ""), most=10_000) or 800
    width = width if width in PICTURE_WIDTHS else PICTURE_WIDTHS[0]
    content = file_content(document.prepared)
    response = HttpResponse(page_picture(content, page - 1, width=width), content_type="image/png")
    response["Cache-Control"] = "private, max-age=3600"
    return response


@ceremony_page("GET", "HEAD")
def content(
    request: HttpRequest, ceremony: Ceremony, token: str, document_id: UUID
) -> HttpResponse | StreamingHttpResponse:
    """The document that the pages are pictures of, whole or in parts: the page takes its text from
    it. No download, so the evidence notes none."""
    if not may_see(ceremony):
        raise NotFound("Confirm the code to see the documents.")
    return file_answer(request, queries.find_document(ceremony, document_id).prepared)


@ceremony_page("GET", "HEAD")
def download(
    request: HttpRequest, ceremony: Ceremony, token: str, document_id: UUID
) -> HttpResponse:
    """The sealed document; before the seal the one that is shown, with what others have put into
    it, for whoever may see it."""
    document = queries.find_document(ceremony, document_id)
    stored = document.prepared
    if document.sealed is not None and ceremony.step == Step.DONE:
        stored = document.sealed
        content, sha256 = file_content(stored), document.sealed_sha256
    elif may_see(ceremony):
        theirs = standing_fields(ceremony.envelope, ceremony.recipient)
        content = standing_content(document, theirs)
        sha256 = hashlib.sha256(content).hexdigest()
    else:
        raise NotFound("Confirm the code to see the documents.")
    if request.method == "GET":
        services.note_download(ceremony, sha256)
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = attachment(stored.name)
    return response
