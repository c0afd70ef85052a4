"""How a refusal looks: a toast, problem details, or a calm page that says what to do next."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _

from dealwright.base.api.problems import problem
from dealwright.base.errors import DealwrightError, Invalid, NotAllowed, NotFound


def answer_error(request: HttpRequest, error: DealwrightError | None) -> HttpResponse:
    """The answer to a domain error; None stands for a fault of ours (status 500)."""
    status = error.status if error else 500
    message = error.message if error else _("Something broke on our side. Nothing was saved.")
    if wants_json(request):
        code = error.code if error else "crash"
        return problem(request, status, message, code=code, fields=error.fields if error else {})
    if getattr(request, "htmx", False):
        response = HttpResponse(status=status)
        response["HX-Reswap"] = "none"
        response["HX-Trigger"] = json.dumps(
            {
                "dw:toast": {
                    "message": message,
                    "tone": "danger",
                    "code": error.code if error else "",
                }
            }
        )
        return response
    return _page(request, error, status, message)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of ours asks, rather than a person's browser."""
    return request.headers.get("Accept", "").startswith("application/json")


def _page(
    request: HttpRequest, error: DealwrightError | None, status: int, message: str
) -> HttpResponse:
    from dealwright.base.web.pages import render

    titles = {
        403: _("You may not do this"),
        404: _("Not found"),
        409: _("Something changed meanwhile"),
        410: _("No longer kept"),
        422: _("This did not work"),
        503: _("Not available just now"),
    }
    context = {
        "heading": titles.get(status, _("Something went wrong")),
        "message": message,
        "fields": error.fields if error else {},
        "status": status,
        "request_id": getattr(request, "request_id", ""),
        "again": _page_to_load_again(request, error, status),
    }
    return render(request, "base/web/error.html", context, status=status)


def _page_to_load_again(request: HttpRequest, error: DealwrightError | None, status: int) -> str:
    """The address that shows what is there now, where that is the way on; else empty.

    What was sent is not sent again: a person looks first.
    """
    is_stale = error is not None and error.code == "csrf_failed"
    if status not in (409, 500, 503) and not is_stale:
        return ""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("Referer", ""))
    if came_from.netloc != request.get_host():
        return ""
    address = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return escape_leading_slashes(address)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's ``handler404``: no address matched."""
    return answer_error(request, NotFound(_("There is nothing at this address.")))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's ``handler403``."""
    return answer_error(request, NotAllowed(_("You may not do this.")))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's ``handler400``."""
    return answer_error(request, Invalid(_("This request could not be understood.")))


def crashed(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``."""
    return answer_error(request, None)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Named as ``CSRF_FAILURE_VIEW``: the form is older than the session."""
    return answer_error(
        request,
        NotAllowed(_("This page is out of date. Reload it and try again."), code="csrf_failed"),
    )
