"""The API at ``/api/v1``; the site mounts each system's router here."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponseBase, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from dealwright import __version__
from dealwright.base.api import problems
from dealwright.base.api.authentication import (
    SessionAuthentication,
    TokenAuthentication,
    let_in_before,
)
from dealwright.base.errors import DealwrightError

log = logging.getLogger("dealwright.api")


class FastRenderer(BaseRenderer):
    """JSON by orjson; Decimals as strings, so that no cent passes through a float."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:
        return orjson.dumps(data, default=str)


class FastParser(Parser):
    """JSON by orjson; what is not JSON is the caller's mistake, not ours."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise HttpError(400, f"The body is not JSON: {error}.") from None


api = NinjaAPI(
    title="Dealwright",
    version=__version__,
    description=(
        "Every object has list, read, create, change, delete, restore, upsert by external id "
        "and bulk; what else can be done with it has a path of its own. Errors are problem "
        "details (RFC 9457). Money is a decimal string beside its currency. Lists are paged by "
        "cursor. Writes take `If-Match` and `Idempotency-Key`."
    ),
    urls_namespace="api",
    docs_url=None,
    auth=[let_in_before, TokenAuthentication(), SessionAuthentication()],
    renderer=FastRenderer(),
    parser=FastParser(),
)


@api.exception_handler(DealwrightError)
def _refuse(request: HttpRequest, error: Any) -> HttpResponseBase:
    return problems.of_error(request, error)


@api.exception_handler(ValidationError)
def _refuse_form(request: HttpRequest, error: Any) -> HttpResponseBase:
    return problems.of_validation(request, error.errors)


@api.exception_handler(AuthenticationError)
def _refuse_stranger(request: HttpRequest, error: Any) -> HttpResponseBase:
    return problems.problem(
        request,
        401,
        "Send a valid token as “Authorization: Bearer …”.",
        code="not_authenticated",
        headers={"WWW-Authenticate": "Bearer"},
    )


@api.exception_handler(HttpError)
def _refuse_http(request: HttpRequest, error: Any) -> HttpResponseBase:
    return problems.problem(request, error.status_code, str(error))


@api.exception_handler(Http404)
def _refuse_absent(request: HttpRequest, error: Any) -> HttpResponseBase:
    return problems.problem(request, 404, "There is nothing at this address.")


@api.exception_handler(UnreadablePostError)
def _refuse_broken(request: HttpRequest, error: Any) -> HttpResponseBase:
    return problems.problem(request, 400, "The body broke off while it was read.")


@api.exception_handler(Exception)
def _own_up(request: HttpRequest, error: Any) -> HttpResponseBase:
    log.exception("unhandled error at %s", request.path, exc_info=error)
    return problems.problem(
        request, 500, "This is our mistake; it is in the log under the request id."
    )
