"""What surrounds every request: its id and log line, the person's zone and language, errors."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from dealwright.base.errors import DealwrightError, Invalid, NotAllowed, NotFound, Unavailable
from dealwright.base.identifiers import uuid7
from dealwright.base.operations.logs import configure_logging

_GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

log = structlog.get_logger("dealwright.request")

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestMiddleware:
    """Gives each request an id, bound to every log line it causes, and logs how it ended.

    The log names the route, never the address: addresses hold signing links and searches.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        configure_logging()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN_ID.fullmatch(given) else uuid7().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        match = request.resolver_match
        if match is not None:
            log.info(
                "request",
                method=request.method,
                route=f"/{match.route}",
                status=response.status_code,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
            )
        return response


class PersonMiddleware:
    """Speaks the signed-in person's language in their zone; sets ``request.actor``."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        from dealwright.base.web.pages import actor_of

        timezone.deactivate()
        user: Any = request.user
        if user.is_authenticated:
            structlog.contextvars.bind_contextvars(user_id=str(user.pk))
            # A zone that the machine no longer knows must not lock the person out.
            with contextlib.suppress(KeyError, ValueError, OSError):
                timezone.activate(ZoneInfo(user.timezone))
            if user.language in dict(settings.LANGUAGES):
                translation.activate(user.language)
                request.LANGUAGE_CODE = user.language
        request.actor = SimpleLazyObject(lambda: actor_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


class ErrorMiddleware:
    """Turns what a page raises into an answer a person can use, with the right status.

    htmx requests get a toast and no swap, programs that ask for JSON get problem details
    (RFC 9457), everyone else a calm page. The API room answers for itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        from dealwright.base.web.errors import answer_error

        if request.path.startswith("/api/"):
            return None
        known = as_domain_error(exception)
        if known is not None:
            if known.status >= 500:
                log.warning("unavailable", error=repr(exception))
            return answer_error(request, known)
        log.error("crash", exc_info=exception)
        if settings.DEBUG:
            return None
        got_request_exception.send(sender=type(self), request=request)
        return answer_error(request, None)


# How PostgreSQL and its driver say that text and JSON hold no NUL.
_NUL = re.compile(r"NUL \(0x00\)|\\u0000 cannot be converted")


def as_domain_error(exception: Exception) -> DealwrightError | None:
    """The product's own error for an exception that has one, else None."""
    if isinstance(exception, DealwrightError):
        return exception
    if isinstance(exception, Http404):
        return NotFound("There is nothing at this address.")
    if isinstance(exception, PermissionDenied):
        return NotAllowed("You may not do this.")
    if isinstance(exception, BadRequest | SuspiciousOperation):
        return Invalid("This request could not be understood.")
    if isinstance(exception, DataError | ValueError) and _NUL.search(str(exception)):
        return Invalid("A text contains a character that cannot be stored.")
    if isinstance(exception, OperationalError | InterfaceError):
        return Unavailable("The database does not answer just now. Try again in a moment.")
    return None
