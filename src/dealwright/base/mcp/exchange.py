"""One message of the Model Context Protocol in, one answer out; nothing is kept between them.

Two ways of asking are understood. From revision 2026-07-28 on every request carries the revision
and what the client can do in ``_meta``, repeated in headers; before, ``initialize`` agrees on a
revision. Neither needs a session here: whoever asks is known by the token of each request.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
import orjson
from django.conf import settings
from mcp_types import methods
from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    KNOWN_PROTOCOL_VERSIONS,
    LATEST_HANDSHAKE_VERSION,
    MODERN_PROTOCOL_VERSIONS,
)
from pydantic import BaseModel, ValidationError

from dealwright import __version__
from dealwright.base.api.problems import TITLES
from dealwright.base.errors import DealwrightError, Invalid
from dealwright.base.mcp.tools import Caller, Refused, find_tool, tools_for
from dealwright.base.web.middleware import as_domain_error

log = logging.getLogger("dealwright.mcp")

INSTRUCTIONS = (
    "Dealwright holds a company's accounts, deals, contracts, signatures and pay. You act as the "
    "person whose token this is and see what they see. list_objects and describe_object tell "
    "which records and fields there are; search and find_records find them. Ask the person before "
    "anything is sent, voided or deleted: people outside of the company get mail from it. Amounts "
    "are decimal text beside their currency, times are UTC."
)
UNSTATED_VERSION = types.DEFAULT_NEGOTIATED_VERSION
# By the transport of 2026-07-28; older revisions answer what was understood with 200.
_STATUS = {
    types.PARSE_ERROR: 400,
    types.INVALID_REQUEST: 400,
    types.INVALID_PARAMS: 400,
    types.HEADER_MISMATCH: 400,
    types.UNSUPPORTED_PROTOCOL_VERSION: 400,
    types.METHOD_NOT_FOUND: 404,
    types.INTERNAL_ERROR: 500,
}
_ALWAYS = (types.PARSE_ERROR, types.INVALID_REQUEST, types.INTERNAL_ERROR)
_ENCODED = re.compile(r"=\?base64\?([A-Za-z0-9+/=]*)\?=")


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: an HTTP status and a JSON-RPC message, none for a notification."""

    status: int
    body: Mapping[str, Any] | None = None


class _Fault(Exception):
    """A JSON-RPC error: the request itself is wrong, no tool was reached."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data


def answer(caller: Caller, content: bytes) -> Reply:
    """Answers one message."""
    headers = caller.request.headers
    version = headers.get("Mcp-Protocol-Version", UNSTATED_VERSION)
    modern = version not in HANDSHAKE_PROTOCOL_VERSIONS
    message: Any = None
    try:
        message = _read(content)
        if modern and version not in MODERN_PROTOCOL_VERSIONS:
            _check_version(version)
        if "id" not in message:
            _model(types.JSONRPCNotification, message)
            return Reply(202)
        request = _model(types.JSONRPCRequest, message)
        if modern:
            _check_envelope(request, headers)
        result = _dispatch(caller, request, version)
    except _Fault as fault:
        error = types.ErrorData(code=fault.code, message=fault.message, data=fault.data)
        failed = types.JSONRPCError(jsonrpc="2.0", id=_id_of(message), error=error)
        body = failed.model_dump(mode="json", by_alias=True, exclude_none=True)
        status = _STATUS[fault.code] if modern or fault.code in _ALWAYS else 200
        return Reply(status, {**body, "id": body.get("id")})
    return Reply(200, {"jsonrpc": "2.0", "id": request.id, "result": result})


def _read(content: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise _Fault(types.PARSE_ERROR, f"The body is not JSON: {error}.") from None
    if isinstance(message, list):
        raise _Fault(types.INVALID_REQUEST, "Send one message at a time: batches are not taken.")
    if not isinstance(message, dict):
        raise _Fault(types.INVALID_REQUEST, "The body is not a JSON-RPC message.")
    if "method" not in message and ("result" in message or "error" in message):
        raise _Fault(types.INVALID_REQUEST, "Nothing was asked that this could answer.")
    return message


def _model[M: BaseModel](model: type[M], message: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(message)
    except ValidationError:
        text = "The body is not a JSON-RPC 2.0 message."
        raise _Fault(types.INVALID_REQUEST, text) from None


def _id_of(message: Any) -> Any:
    given = message.get("id") if isinstance(message, dict) else None
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def _check_version(version: str) -> None:
    if version not in MODERN_PROTOCOL_VERSIONS:
        raise _Fault(
            types.UNSUPPORTED_PROTOCOL_VERSION,
            "This revision of the protocol is not spoken here.",
            {"supported": list(KNOWN_PROTOCOL_VERSIONS), "requested": version[:40]},
        )


def _check_envelope(request: types.JSONRPCRequest, headers: Mapping[str, str]) -> None:
    """What the request says of itself must be there, and be what its headers say."""
    meta = (request.params or {}).get("_meta")
    needed = (types.PROTOCOL_VERSION_META_KEY, types.CLIENT_CAPABILITIES_META_KEY)
    missing = [key for key in needed if not isinstance(meta, dict) or key not in meta]
    if missing:
        raise _Fault(types.INVALID_PARAMS, f"params._meta lacks {' and '.join(missing)}.")
    assert isinstance(meta, dict)
    said = {"Mcp-Protocol-Version": meta[needed[0]], "Mcp-Method": request.method}
    if request.method == "tools/call":
        said["Mcp-Name"] = (request.params or {}).get("name")
    for name, value in said.items():
        if value is not None and _decoded(headers.get(name)) != value:
            raise _Fault(types.HEADER_MISMATCH, f"The header {name} is not what the body says.")


def _decoded(value: str | None) -> str | None:
    """A header's value; text that no header can hold comes as base64."""
    encoded = _ENCODED.fullmatch(value or "")
    if encoded is None:
        return value
    try:
        return base64.b64decode(encoded[1], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def _dispatch(caller: Caller, request: types.JSONRPCRequest, version: str) -> dict[str, Any]:
    method = request.method
    if method not in _METHODS:
        raise _Fault(types.METHOD_NOT_FOUND, f"There is no method “{method[:80]}” here.")
    try:
        methods.validate_client_request(method, version, request.params)
    except KeyError:
        text = f"The revision {version} has no method “{method}”."
        raise _Fault(types.METHOD_NOT_FOUND, text) from None
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
        text = f"The parameters are not of the documented form: {', '.join(places)[:300]}."
        raise _Fault(types.INVALID_PARAMS, text) from None
    result = _METHODS[method](caller, request.params or {})
    data = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    if version in MODERN_PROTOCOL_VERSIONS:
        data["_meta"] = {types.SERVER_INFO_META_KEY: _server_info()}
    return methods.serialize_server_result(method, version, data)


def _implementation() -> types.Implementation:
    return types.Implementation(
        name="dealwright", title="Dealwright", version=__version__, website_url=settings.PUBLIC_URL
    )


def _server_info() -> dict[str, Any]:
    return _implementation().model_dump(mode="json", by_alias=True, exclude_none=True)


def _capabilities() -> types.ServerCapabilities:
    return types.ServerCapabilities(tools=types.ToolsCapability(list_changed=False))


def _initialize(caller: Caller, params: Mapping[str, Any]) -> types.Result:
    """The revision that was asked for, if it is known; else the newest that is agreed on so."""
    asked = params.get("protocolVersion")
    return types.InitializeResult(
        protocol_version=(
            str(asked) if asked in HANDSHAKE_PROTOCOL_VERSIONS else LATEST_HANDSHAKE_VERSION
        ),
        capabilities=_capabilities(),
        server_info=_implementation(),
        instructions=INSTRUCTIONS,
    )


def _ping(caller: Caller, params: Mapping[str, Any]) -> types.Result:
    return types.EmptyResult()


def _discover(caller: Caller, params: Mapping[str, Any]) -> types.Result:
    return types.DiscoverResult(
        supported_versions=list(KNOWN_PROTOCOL_VERSIONS),
        capabilities=_capabilities(),
        instructions=INSTRUCTIONS,
    )


def _list_tools(caller: Caller, params: Mapping[str, Any]) -> types.Result:
    """All at once: there is no second page."""
    if params.get("cursor"):
        raise _Fault(types.INVALID_PARAMS, "There is no such cursor.")
    return types.ListToolsResult(
        tools=[
            types.Tool(
                name=each.name,
                title=each.title,
                description=each.description(),
                input_schema=dict(each.schema()),
                annotations=types.ToolAnnotations(
                    title=each.title,
                    read_only_hint=each.reads,
                    destructive_hint=each.destructive,
                    idempotent_hint=each.idempotent or each.reads,
                    open_world_hint=each.reaches_out,
                ),
            )
            for each in tools_for(caller.actor)
        ]
    )


def _call_tool(caller: Caller, params: Mapping[str, Any]) -> types.Result:
    """What the tool gives, as JSON and as the same JSON in text; a refusal is a result as well,
    which tells what to do about it in the words of the API's problems."""
    name = str(params["name"])
    found = find_tool(name)
    if found is None:
        raise _Fault(types.INVALID_PARAMS, f"There is no tool “{name[:80]}”.")
    arguments = params.get("arguments") or {}
    try:
        if _holds_nul(arguments):
            raise Invalid("A text contains a character that cannot be stored.")
        data = found.run(caller, arguments)
    except Refused as refused:
        return _refusal(refused.problem)
    except Exception as error:
        known = as_domain_error(error)
        if known is None:
            log.exception("a tool failed: %s", name)
            text = "This is our mistake; it is in the log under the request id."
            request_id = {"request_id": caller.actor.request_id}
            raise _Fault(types.INTERNAL_ERROR, text, request_id) from None
        return _refusal(_problem_of(known))
    return _result(data if isinstance(data, dict) else {"items": data})


def _result(data: Mapping[str, Any], *, text: str = "", failed: bool = False) -> types.Result:
    content = orjson.dumps(data, default=str)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text or content.decode())],
        structured_content=orjson.loads(content),
        is_error=failed,
    )


def _problem_of(error: DealwrightError) -> Mapping[str, Any]:
    told = {
        "title": TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.message,
        "code": error.code,
    }
    return {**told, "errors": error.fields} if error.fields else told


def _refusal(problem: Mapping[str, Any]) -> types.Result:
    keys = ("title", "status", "detail", "code", "errors")
    told = {key: problem[key] for key in keys if key in problem}
    lines = [f"{told['title']}: {told['detail']}"]
    for place, sentences in told.get("errors", {}).items():
        lines += [f"- {place}: {sentence}" for sentence in sentences]
    return _result(told, text="\n".join(lines), failed=True)


def _holds_nul(value: Any) -> bool:
    """Text with a NUL, which no database column can hold, anywhere below."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(each) for pair in value.items() for each in pair)
    return isinstance(value, list) and any(_holds_nul(each) for each in value)


_METHODS = {
    "initialize": _initialize,
    "ping": _ping,
    "server/discover": _discover,
    "tools/list": _list_tools,
    "tools/call": _call_tool,
}
