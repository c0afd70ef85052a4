"""A file as the answer to a request: whole, one part of it, or word that nothing has changed.

Parts are RFC 9110, 14: who reads a long document asks for the bytes they need. One range of
bytes is served; several, other units and what cannot be read are answered by the whole, as the
standard allows.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from dealwright.base.files.models import StoredFile
from dealwright.base.files.services import iterate_file, iterate_part

_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


def file_answer(
    request: HttpRequest, stored: StoredFile, *, content_type: str = ""
) -> HttpResponse | StreamingHttpResponse:
    """The answer to GET or HEAD: 200, 206, 304, or 416 for a part beyond the end.

    Who may have it is the caller's to check, and so is what else the browser must be told.
    """
    tag = f'"{stored.sha256}"'
    answer: HttpResponse | StreamingHttpResponse
    if request.headers.get("If-None-Match") == tag:
        answer = HttpResponse(status=304)
    else:
        answer = _content(request, stored, tag)
        if answer.status_code != 416:
            answer["Content-Type"] = content_type or stored.content_type
    answer["ETag"] = tag
    answer["Accept-Ranges"] = "bytes"
    return answer


def _content(
    request: HttpRequest, stored: StoredFile, tag: str
) -> HttpResponse | StreamingHttpResponse:
    answer: HttpResponse | StreamingHttpResponse
    if request.method == "HEAD":  # ranges are defined for GET alone
        answer = HttpResponse()
        answer["Content-Length"] = str(stored.size)
        return answer
    # A part of another version of the file would not fit what the client has already.
    fits = request.headers.get("If-Range", tag) == tag
    part = asked_part(request.headers.get("Range", ""), stored.size) if fits else None
    if part is None:
        answer = StreamingHttpResponse(iterate_file(stored))
        answer["Content-Length"] = str(stored.size)
        return answer
    start, stop = part
    if start >= stop:
        answer = HttpResponse(status=416)
        answer["Content-Range"] = f"bytes */{stored.size}"
        return answer
    answer = StreamingHttpResponse(iterate_part(stored, start, stop), status=206)
    answer["Content-Length"] = str(stop - start)
    answer["Content-Range"] = f"bytes {start}-{stop - 1}/{stored.size}"
    return answer


def asked_part(header: str, size: int) -> tuple[int, int] | None:
    """The first byte and the one after the last that a Range header asks for; None where the
    whole is to be sent, and an empty part where it lies beyond the end."""
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return max(size - int(suffix), 0), size
    start = int(first)
    if last and int(last) < start:
        return None
    return start, min(int(last) + 1, size) if last else size
