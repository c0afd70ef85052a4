"""The pages in the frame of another site in which a draft is prepared and sent.

As with signing there: no cookies, the secret in the address stands for the session, and only the
named origin may frame them. The draft of the visit is the only thing that they touch. What
happens is told to that origin by ``postMessage``: opened, sent, closed, error.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from dealwright.base.errors import Conflict, NotFound
from dealwright.base.web.errors import wants_json
from dealwright.base.web.pages import Form, render
from dealwright.signing.compliance.exclusions import exclusion_hints
from dealwright.signing.embedding import sending
from dealwright.signing.embedding.models import EmbeddedSending
from dealwright.signing.envelopes import placing, queries
from dealwright.signing.envelopes.field_pages import sent_fields
from dealwright.signing.envelopes.pages import get_changeable_or_visible, picture_of
from dealwright.signing.identity.policy import signing_settings

View = Callable[..., HttpResponse]
_TEMPLATES = "signing/embedding/"
OVER = "This visit is over. Go back to where you came from and open it again."


def begin(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Use up an address and go on to the visit that it opens."""
    if request.method != "GET":  # a HEAD looks, and must not use it up
        return HttpResponseNotAllowed(["GET"])
    try:
        visit, session = sending.begin_sending(secret)
    except NotFound as error:
        status = 404 if error.code == "unknown_url" else 410
        return _told(request, sending.find_origin(secret), "error", error.message, status=status)
    return guarded(visit.origin, HttpResponseRedirect(f"/embedded-sending/{session}", status=303))


def framed(*methods: str) -> Callable[[View], View]:
    """A view that gets the visit of its secret."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def opened(request: HttpRequest, token: str, **values: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            visit = sending.find_sending(token)
            if visit is None:
                if wants_json(request):
                    raise NotFound(OVER, code="visit_over")
                return _told(request, "", "error", OVER, status=410)
            if visit.envelope.sent_at is None:
                return guarded(visit.origin, view(request, visit, token, **values))
            if wants_json(request):
                raise Conflict("This envelope was sent already.", code="already_sent")
            return _told(request, visit.origin, "sent", visit=visit)

        return opened  # type: ignore[return-value]

    return decorate


@framed("GET", "HEAD")
def show(request: HttpRequest, visit: EmbeddedSending, token: str) -> HttpResponse:
    """The documents with their fields, to place more, and to send."""
    return _preview(request, visit, token, Form(request))


@framed("POST")
def arrange(request: HttpRequest, visit: EmbeddedSending, token: str) -> HttpResponse:
    """What the editor changed."""
    put, removed = sent_fields(request)
    made = placing.arrange_fields(
        _actor(request, visit), visit.envelope_id, put=put, removed=removed
    )
    without = queries.signers_without_place(visit.envelope_id)
    return JsonResponse({"warnings": made.warnings, "files": made.files, "without_place": without})


@framed("POST")
def send(request: HttpRequest, visit: EmbeddedSending, token: str) -> HttpResponse:
    """Send it; the site is told."""
    form = Form(request)
    with form:
        sending.send_here(_actor(request, visit), visit)
        return _told(request, visit.origin, "sent", visit=visit)
    return _preview(request, visit, token, form)


@framed("POST")
def close(request: HttpRequest, visit: EmbeddedSending, token: str) -> HttpResponse:
    """Leave it as a draft; the site is told."""
    sending.close_visit(visit)
    return _told(request, visit.origin, "closed", visit=visit)


@framed("GET", "HEAD")
def picture(
    request: HttpRequest, visit: EmbeddedSending, token: str, document_id: UUID, page: int
) -> HttpResponse:
    """One page of a document of the draft."""
    document = queries.find_document(_actor(request, visit), visit.envelope_id, document_id)
    return picture_of(request, document, page)


def guarded(origin: str, response: HttpResponseBase) -> HttpResponseBase:
    """Only the named origin may frame it; without one nothing may."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    policy = dict(settings.SECURE_CSP)
    if origin:
        policy["frame-ancestors"] = [origin]
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
    response._csp_config = policy  # type: ignore[attr-defined]
    return response


def _preview(request: HttpRequest, visit: EmbeddedSending, token: str, form: Form) -> HttpResponse:
    envelope = get_changeable_or_visible(_actor(request, visit), visit.envelope_id)
    recipients = queries.recipients_of(envelope.pk)
    return render(
        request,
        f"{_TEMPLATES}sending.html",
        {
            "form": form,
            "visit": visit,
            "envelope": envelope,
            "address": f"/embedded-sending/{token}",
            "recipients": recipients,
            "documents": queries.preview_of(envelope, hidden=[each["id"] for each in recipients]),
            "editor": queries.editor_of(envelope),
            "without_place": queries.signers_without_place(envelope.pk),
            "company_stamp": signing_settings().stamp_id is not None,
            "exclusions": exclusion_hints(
                envelope.title,
                ("\n".join(each.texts[:2]) for each in envelope.documents.all()),
            ),
            "event": "opened" if form.ok else "error",
        },
        status=200 if form.ok else 422,
    )


def _told(
    request: HttpRequest,
    origin: str,
    event: str,
    said: str = "",
    *,
    visit: EmbeddedSending | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page at the end of the way; its script tells the site."""
    context = {"origin": origin, "event": event, "said": said, "visit": visit}
    response = render(request, f"{_TEMPLATES}told.html", context, status)
    guarded(origin, response)
    return response


def _actor(request: HttpRequest, visit: EmbeddedSending) -> Any:
    return sending.actor_of_visit(visit, getattr(request, "request_id", ""))
