"""Errors as RFC 9457 problem details: one shape for every refusal, of the API and to scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from dealwright.base.errors import DealwrightError

TITLES = {
    400: "The request cannot be read",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Not a type that is taken",
    422: "Not valid",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available now",
}

WRONG_FORM = "The request is not of the documented form."


def problem(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    code: str = "",
    fields: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """A response of type ``application/problem+json`` (RFC 9457).

    Members beside the standard's: ``code`` (stable), ``errors`` (sentences per field),
    ``request_id``, and what ``more`` says, which a client of that one address understands.
    """
    body: dict[str, Any] = {
        **(more or {}),
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code or f"http_{status}",
        "instance": request.path,
    }
    request_id = getattr(request, "request_id", "")
    if request_id:
        body["request_id"] = request_id
    if fields:
        body["errors"] = {key: list(sentences) for key, sentences in fields.items()}
    return HttpResponse(
        orjson.dumps(body),
        status=status,
        content_type="application/problem+json",
        headers=dict(headers or {}),
    )


def of_error(request: HttpRequest, error: DealwrightError) -> HttpResponseBase:
    """The problem that one of the house's own errors is."""
    return problem(request, error.status, error.message, code=error.code, fields=error.fields)


def of_validation(request: HttpRequest, errors: Sequence[Mapping[str, Any]]) -> HttpResponseBase:
    """The problem that a request not of the documented form is; names every place."""
    return problem(request, 422, WRONG_FORM, code="invalid", fields=sentences_by_place(errors))


def sentences_by_place(errors: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What pydantic says of a request, by the place in it."""
    fields: dict[str, list[str]] = {}
    for each in errors:
        place = [str(part) for part in each.get("loc", ())]
        while len(place) > 1 and place[0] in (
            "body",
            "query",
            "path",
            "header",
            "payload",
            "values",
        ):
            place.pop(0)
        fields.setdefault(".".join(place) or "body", []).append(
            str(each.get("msg", "is not valid"))
        )
    return fields
