"""The address of the tools: streamable HTTP without sessions, each request answered with JSON."""

from __future__ import annotations

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from dealwright.base.api.problems import problem
from dealwright.base.mcp.authentication import caller_of, resource_address
from dealwright.base.mcp.exchange import answer
from dealwright.base.people.grants import GRANTABLE


@csrf_exempt
def endpoint(request: HttpRequest) -> HttpResponse:
    """``POST /mcp``: one JSON-RPC message by whoever the token belongs to.

    A browser's page of another origin is refused, also one that reached us by a name that it
    made lead here (DNS rebinding): what counts are the origins of the settings.
    """
    origin = request.headers.get("Origin")
    if origin and origin not in settings.CSRF_TRUSTED_ORIGINS:
        text = "Pages of other sites may not call the tools."
        return problem(request, 403, text, code="wrong_origin")
    caller = caller_of(request)
    if caller is None:
        return problem(
            request,
            401,
            "Send a valid token as “Authorization: Bearer …”.",
            code="not_authenticated",
            headers={"WWW-Authenticate": _challenge(request)},
        )
    if request.method != "POST":
        text = "Send messages by POST: there is no stream and no session to end here."
        return problem(request, 405, text, headers={"Allow": "POST"})
    if request.content_type != "application/json":
        return problem(request, 415, "Send JSON, as “Content-Type: application/json”.")
    if not request.accepts("application/json"):
        return problem(request, 406, "Answers are JSON; accept “application/json”.")
    try:
        content = request.body
    except RequestDataTooBig:
        most = (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0) // (1024 * 1024)
        return problem(request, 413, f"A message may have at most {most} MB.", code="too_large")
    except UnreadablePostError:
        return problem(request, 400, "The body broke off while it was read.")
    reply = answer(caller, content)
    if reply.body is None:
        return HttpResponse(status=reply.status)
    return HttpResponse(
        orjson.dumps(reply.body), status=reply.status, content_type="application/json"
    )


def resource_metadata(request: HttpRequest) -> HttpResponse:
    """Where a program gets a token for the tools (RFC 9728)."""
    described = {
        "resource": resource_address(),
        "resource_name": "Dealwright",
        "authorization_servers": [settings.PUBLIC_URL],
        "scopes_supported": list(GRANTABLE),
        "bearer_methods_supported": ["header"],
    }
    response = HttpResponse(orjson.dumps(described), content_type="application/json")
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _challenge(request: HttpRequest) -> str:
    where = f"{settings.PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"
    said = f'Bearer resource_metadata="{where}"'
    if request.headers.get("Authorization"):
        said += ', error="invalid_token"'
    return said
