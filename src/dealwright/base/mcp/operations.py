"""Tools made of the API's own operations: the same form, the same checks, the same answer."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponseBase
from ninja.operation import Operation
from ninja.schema import NinjaGenerateJsonSchema

from dealwright.base.api.application import api
from dealwright.base.api.problems import WRONG_FORM
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.mcp.tools import Caller, Refused, Tool, offer
from dealwright.base.people.scopes import has_scope
from dealwright.base.spelling import did_you_mean

_PLACE = re.compile(r"\{(?:\w+:)?(\w+)\}")
# Of the caller's request; the rest of its headers was meant for the tools' own address.
_KEPT = (
    "REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST", "SERVER_NAME",
    "SERVER_PORT", "HTTP_USER_AGENT", "HTTP_AUTHORIZATION", "HTTP_ACCEPT_LANGUAGE",
    "wsgi.url_scheme", "wsgi.errors", "wsgi.version", "wsgi.multithread", "wsgi.multiprocess",
    "wsgi.run_once",
)  # fmt: skip


def offer_operation(
    operation_id: str,
    *,
    scope: str,
    more: str = "",
    reads: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
    reaches_out: bool = False,
) -> None:
    """Offer an operation of the API under its own id.

    Its arguments are those of the address and the query, and the members of its body. ``more``
    adds a sentence to what the API's document says of it. ``scope`` is what the operation asks
    for, if it does; here it only decides who is shown the tool.
    """

    def run(caller: Caller, arguments: Mapping[str, Any]) -> Any:
        return _result(call_operation(caller, operation_id, arguments))

    offer(
        Tool(
            name=operation_id,
            title=operation_id.replace("_", " ").capitalize(),
            description=lambda: _description(operation_id, more),
            schema=lambda: _address(operation_id).schema,
            run=run,
            offered_to=lambda actor: not scope or has_scope(actor, scope),
            reads=reads,
            destructive=destructive,
            idempotent=idempotent,
            reaches_out=reaches_out,
        )
    )


def _description(operation_id: str, more: str) -> str:
    operation = _address(operation_id).operation
    summary = str(operation.summary)
    if summary == operation.view_func.__name__.title().replace("_", " "):
        summary = ""  # made up from the name of the function
    said = " ".join((operation.description or "").split())
    return " ".join(filter(None, (summary and f"{summary}.", said, more)))


def call_operation(
    caller: Caller, operation_id: str, arguments: Mapping[str, Any]
) -> HttpResponseBase:
    """What the API answers the caller; raises Invalid for arguments that it does not know."""
    at = _address(operation_id)
    unknown = [name for name in arguments if name not in at.schema["properties"]]
    missing = [name for name in at.schema.get("required", ()) if name not in arguments]
    if unknown or missing:
        raise Invalid(
            WRONG_FORM,
            fields={
                **{
                    name[:80]: [
                        "There is no such argument." + did_you_mean(name, at.schema["properties"])
                    ]
                    for name in unknown[:20]
                },
                **{name: ["Field required"] for name in missing},
            },
        )
    given = {name: arguments[name] for name in arguments if name in at.in_path}
    asked = {name: arguments[name] for name in arguments if name in at.in_query}
    body = {
        name: value for name, value in arguments.items() if name not in given and name not in asked
    }
    wrong = [name for name, value in given.items() if not isinstance(value, str | int)]
    if wrong:
        raise Invalid(WRONG_FORM, fields={name: ["Must be text or a number."] for name in wrong})
    request = _request(caller, at, given, asked, body)
    return at.operation.run(request, **{name: str(value) for name, value in given.items()})


@dataclass(frozen=True, slots=True)
class _Address:
    """An operation with where its arguments go, and the JSON Schema of all of them."""

    operation: Operation
    path: str
    in_path: frozenset[str]
    in_query: frozenset[str]
    schema: Mapping[str, Any]


@cache
def _mounted() -> Mapping[str, tuple[str, Operation]]:
    """Every operation of the API by its id, with its path."""
    return {
        str(operation.operation_id): (f"/api/v1{router.prefix}{path}", operation)
        for router in api._get_bound_routers()
        for path, view in router.path_operations.items()
        for operation in view.operations
    }


@cache
def _address(operation_id: str) -> _Address:
    path, operation = _mounted()[operation_id]
    places: dict[str, set[str]] = {"path": set(), "query": set(), "body": set()}
    properties: dict[str, Any] = {}
    required: list[str] = []
    definitions: dict[str, Any] = {}
    for model in operation.models:
        source = model.__ninja_param_source__
        if source in ("header", "cookie"):
            continue
        if source not in places:
            raise RuntimeError(f"{operation_id} takes a {source}, which no tool can give.")
        schema = model.model_json_schema(schema_generator=NinjaGenerateJsonSchema)
        found = schema.pop("$defs", {})
        if source == "body":
            (reference,) = schema["properties"].values()
            schema = found.pop(reference["$ref"].rpartition("/")[2])
        if source == "path":
            _say_which(path, schema["properties"])
        definitions |= found
        if again := properties.keys() & schema["properties"].keys():
            raise RuntimeError(f"{operation_id} takes {sorted(again)} in two places.")
        places[source] |= schema["properties"].keys()
        properties |= schema["properties"]
        required += schema.get("required", [])
    return _Address(
        operation=operation,
        path=path,
        in_path=frozenset(places["path"]),
        in_query=frozenset(places["query"]),
        schema={
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
            **({"$defs": definitions} if definitions else {}),
        },
    )


def _say_which(path: str, properties: dict[str, Any]) -> None:
    """Tell of each id in the address whose it is: ``/envelopes/{uuid:id}`` of the envelopes."""
    parts = path.split("/")
    for before, part in pairwise(parts):
        place = _PLACE.fullmatch(part)
        if place and place[1] in properties and part.startswith(("{uuid", "{int")):
            whose = before.replace("-", " ")
            properties[place[1]] = {**properties[place[1]], "description": f"Id, of the {whose}."}


def _request(
    caller: Caller,
    at: _Address,
    given: Mapping[str, Any],
    asked: Mapping[str, Any],
    body: Mapping[str, Any],
) -> WSGIRequest:
    """The request as if it had come to the API, with the caller let in already."""
    content = orjson.dumps(body) if at.operation.methods != ["GET"] else b""
    query = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in asked.items()
        if value is not None
    }
    environ = {key: caller.request.META[key] for key in _KEPT if key in caller.request.META}
    request = WSGIRequest(
        {
            **environ,
            "REQUEST_METHOD": at.operation.methods[0],
            "PATH_INFO": _PLACE.sub(lambda place: quote(str(given[place[1]]), safe=""), at.path),
            "QUERY_STRING": urlencode(query, doseq=True),
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
        }
    )
    request.request_id = caller.actor.request_id  # type: ignore[attr-defined]
    request.api_actor = caller.actor  # type: ignore[attr-defined]
    request.user = caller.actor.require_user()
    return request


def _result(response: HttpResponseBase) -> Any:
    """The JSON of an answer; raises Refused for a problem."""
    content = response.getvalue()
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if response.status_code >= 400:
        if kind != "application/problem+json":
            raise NotFound("There is nothing at this address.")
        raise Refused(orjson.loads(content))
    if not content:
        return {"done": True}
    if kind != "application/json":
        raise RuntimeError(f"A tool cannot answer with {kind}.")
    return orjson.loads(content)
