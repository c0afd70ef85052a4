"""Uploading, looking at and downloading files."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Invalid
from dealwright.base.files.access import get_file
from dealwright.base.files.answers import file_answer
from dealwright.base.files.content import INLINE
from dealwright.base.files.models import StoredFile
from dealwright.base.files.panel import PURPOSE, attachments_context
from dealwright.base.files.preview import page_image
from dealwright.base.files.services import attach_file, delete_file, restore_file
from dealwright.base.web.errors import wants_json
from dealwright.base.web.pages import actor_of, done, page, render, say, toast
from dealwright.base.whole_numbers import whole_number

MOST_AT_ONCE = 20


@page(methods=["POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Put files (``file``, several allowed) on the record that ``object`` and ``record_id`` name.

    Answers an htmx request with the panel, a script with JSON, a plain form by going back
    to ``next``.
    """
    actor = actor_of(request)
    key = request.POST.get("object", "")
    record_id = as_uuid(request.POST["record_id"]) if request.POST.get("record_id") else None
    as_panel = bool(getattr(request, "htmx", False) and key)
    try:
        stored = _keep(request, actor, key, record_id)
    except Invalid as error:
        if not as_panel:
            raise
        return _panel(request, actor, key, record_id, error.message, status=422)
    if as_panel:
        return _panel(request, actor, key, record_id)
    if wants_json(request):
        return JsonResponse({"files": [_as_json(each) for each in stored]}, status=201)
    return done(request, _next(request), _("%(count)s files added.") % {"count": len(stored)})


@page(methods=["GET", "HEAD"])
def show(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse | StreamingHttpResponse:
    """The file itself: in the page where its kind is harmless, else as a download.

    The browser may not guess another kind than ours, nor run anything of it.
    """
    stored = get_file(actor_of(request), file_id)
    response = file_answer(request, stored, content_type=_content_type(stored))
    inline = stored.content_type in INLINE and "download" not in request.GET
    if response.status_code in (200, 206):
        response["Content-Disposition"] = (
            content_disposition_header(not inline, stored.name) or "attachment"
        )
    _harden(response, is_pdf=stored.is_pdf and inline)
    return response


@page(methods=["GET", "HEAD"])
def page_preview(request: HttpRequest, file_id: uuid.UUID, number: int) -> HttpResponse:
    """A page of a PDF as PNG; ``width`` in pixels."""
    stored = get_file(actor_of(request), file_id)
    width = whole_number(request.GET.get("width", ""), most=99_999) or 1_000
    tag = f'"{stored.sha256}-{number}-{width}"'
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(page_image(stored, number, width=width), content_type="image/png")
    response["ETag"] = tag
    _harden(response)
    return response


@page(methods=["POST"])
def remove(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Put a file in the bin; the answer offers to take it back."""
    actor = actor_of(request)
    stored = delete_file(actor, file_id)
    undo = f"/files/{stored.id}/restore"
    if getattr(request, "htmx", False) and stored.object:
        message = _("“%(name)s” removed.") % {"name": stored.name}
        return toast(_panel(request, actor, stored.object, stored.record_id), message, undo=undo)
    say(request, _("“%(name)s” removed.") % {"name": stored.name}, undo=undo)
    return done(request, _next(request))


@page(methods=["POST"])
def restore(request: HttpRequest, file_id: uuid.UUID) -> HttpResponse:
    """Bring a file back from the bin."""
    stored = restore_file(actor_of(request), file_id)
    message = _("“%(name)s” is back.") % {"name": stored.name}
    if wants_json(request):
        return JsonResponse({"message": message})
    return done(request, _next(request), message)


def _keep(
    request: HttpRequest, actor: Actor, key: str, record_id: uuid.UUID | None
) -> list[StoredFile]:
    files = request.FILES.getlist("file")
    if getattr(request, "upload_stopped", False):
        sentence = _("This upload is too large. A file may have at most 100 MB.")
        raise Invalid(sentence, code="file_too_large", fields={"file": [sentence]})
    if not files or len(files) > MOST_AT_ONCE:
        sentence = _("Choose from one to %(count)s files.") % {"count": MOST_AT_ONCE}
        raise Invalid(sentence, fields={"file": [sentence]})
    with change(actor):
        return [
            attach_file(
                actor,
                name=each.name or "file",
                content=cast(Any, each.file),
                object=key,
                record_id=record_id,
                purpose=PURPOSE if key else "",
            )
            for each in files
        ]


def _panel(
    request: HttpRequest,
    actor: Actor,
    key: str,
    record_id: uuid.UUID | None,
    error: str = "",
    *,
    status: int = 200,
) -> HttpResponse:
    context = {**attachments_context(actor.require_user(), key, record_id), "files_error": error}
    return render(request, "base/files/panel.html", context, status=status)


def _content_type(stored: StoredFile) -> str:
    if stored.content_type.startswith("text/") and stored.content_type in INLINE:
        return "text/plain; charset=utf-8"  # shown as the text it is, whatever it holds
    return stored.content_type


def _harden(response: HttpResponse | StreamingHttpResponse, *, is_pdf: bool = False) -> None:
    response["X-Content-Type-Options"] = "nosniff"
    # A browser's own PDF viewer does not work inside a sandbox.
    sandbox = "" if is_pdf else "; sandbox"
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; "
        f"frame-ancestors 'self'{sandbox}"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.headers.get("Referer") or "/"
    host = {request.get_host()}
    return target if url_has_allowed_host_and_scheme(target, host) else "/"


def _as_json(stored: StoredFile) -> dict[str, Any]:
    return {
        "id": str(stored.id),
        "name": stored.name,
        "content_type": stored.content_type,
        "size": stored.size,
        "version": stored.version,
        "url": stored.url,
    }
