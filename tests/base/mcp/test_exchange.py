"""The protocol at its address: who is let in, what is understood, and what wrong input is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from django.test import Client
from django.utils import timezone
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, KNOWN_PROTOCOL_VERSIONS

from dealwright.base.mcp import exchange
from dealwright.base.mcp.tools import Tool, find_tool
from dealwright.base.people.tokens import revoke_token
from make import acting, make_administrator, make_user

from .caller import MODERN, Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Program:
    return Program(make_administrator())


def legacy(method: str, params: Any = None, **more: Any) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 7, "method": method}
    return {**body, **({"params": params} if params is not None else {}), **more}


def test_who_has_no_token_is_told_where_to_get_one() -> None:
    answer = Client().post("/mcp", legacy("ping"), content_type="application/json")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == (
        'Bearer resource_metadata="http://localhost:8000/.well-known/oauth-protected-resource/mcp"'
    )
    assert answer.json()["code"] == "not_authenticated"
    described = Client().get("/.well-known/oauth-protected-resource/mcp").json()
    assert described["resource"] == "http://localhost:8000/mcp"
    assert described["authorization_servers"] == ["http://localhost:8000"]
    assert "crm:read" in described["scopes_supported"]
    assert "admin" not in described["scopes_supported"]
    server = Client().get("/.well-known/oauth-authorization-server").json()
    assert server["issuer"] == "http://localhost:8000"
    assert "S256" in server["code_challenge_methods_supported"]


@pytest.mark.parametrize(
    "authorization", ["Bearer dw_nonsense", "Bearer ", "Basic YTpi", "Bearer x"]
)
def test_what_is_no_living_token_lets_nobody_in(program: Program, authorization: str) -> None:
    answer = program.send(legacy("ping"), Authorization=authorization)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_a_session_is_not_enough() -> None:
    signed_in = Client()
    signed_in.force_login(make_administrator())
    answer = signed_in.post("/mcp", legacy("ping"), content_type="application/json")
    assert answer.status_code == 401


def test_a_revoked_token_and_a_person_who_left_are_refused_at_once() -> None:
    user = make_user()
    first, second = Program(user), Program(user)
    assert first.send(legacy("ping")).status_code == 200
    revoke_token(acting(user), first.token.pk)
    assert first.send(legacy("ping")).status_code == 401
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert second.send(legacy("ping")).status_code == 401


@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver", "null"])
def test_pages_of_other_origins_are_refused(program: Program, origin: str) -> None:
    """Also one whose name was made to lead here: what it says of itself counts for nothing."""
    answer = program.send(legacy("ping"), Origin=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_origin")
    assert program.send(legacy("ping"), Origin="http://localhost:8000").status_code == 200


def test_an_unknown_name_of_the_house_is_refused(program: Program, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["desk.example"]
    answer = program.send(legacy("ping"), Host="evil.example", Accept="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert program.send(legacy("ping"), Host="desk.example").status_code == 200


def test_only_posts_of_json_are_taken(program: Program) -> None:
    bearer = {"Authorization": f"Bearer {program.secret}"}
    for method in ("get", "delete", "put"):
        answer = getattr(Client(), method)("/mcp", headers=bearer)
        assert (answer.status_code, answer["Allow"]) == (405, "POST")
    plain = {"Content-Type": "text/plain"}
    assert program.send(legacy("ping"), **plain).status_code == 415
    assert program.send(legacy("ping"), Accept="text/html").status_code == 406
    assert program.send(legacy("ping"), Accept="application/json, */*").status_code == 200


def test_a_message_may_not_be_endless(program: Program) -> None:
    long = legacy("tools/call", {"name": "search", "arguments": {"text": "x" * 6_000_000}})
    answer = program.send(long)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", types.PARSE_ERROR),
        (b"\xff\xfe", types.PARSE_ERROR),
        (b'{"jsonrpc": NaN}', types.PARSE_ERROR),
        (b"[" * 100_000, types.PARSE_ERROR),
        (b'"text"', types.INVALID_REQUEST),
        (b"null", types.INVALID_REQUEST),
        (b"{}", types.INVALID_REQUEST),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "result": {}}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "ping"}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}', types.INVALID_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', types.INVALID_REQUEST),
    ],
)
def test_what_is_no_message_is_told_so(program: Program, body: bytes, code: int) -> None:
    for headers in ({}, {"Mcp_Protocol_Version": MODERN}):
        answer = program.send(body, **headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
def test_a_revision_is_agreed_on(program: Program, version: str) -> None:
    hello = {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    }
    answer = program.send(legacy("initialize", hello))
    result = answer.json()["result"]
    assert result["protocolVersion"] == version
    assert result["serverInfo"]["name"] == "dealwright"
    assert "Mcp-Session-Id" not in answer
    told = program.send(
        {"jsonrpc": "2.0", "method": "notifications/initialized"}, Mcp_Protocol_Version=version
    )
    assert (told.status_code, told.content) == (202, b"")
    listed = program.send(legacy("tools/list"), Mcp_Protocol_Version=version).json()["result"]
    assert {"search", "send_envelope"} <= {each["name"] for each in listed["tools"]}
    newer = program.send(legacy("initialize", {**hello, "protocolVersion": "2031-01-01"}))
    assert newer.json()["result"]["protocolVersion"] == HANDSHAKE_PROTOCOL_VERSIONS[-1]


def test_the_newest_revision_needs_no_beginning(program: Program) -> None:
    found = program.ask("server/discover").json()["result"]
    assert found["supportedVersions"] == list(KNOWN_PROTOCOL_VERSIONS)
    assert found["resultType"] == "complete"
    assert found["cacheScope"] == "private"
    assert found["_meta"][types.SERVER_INFO_META_KEY]["name"] == "dealwright"
    assert program.call("list_objects")["objects"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Mcp_Protocol_Version": "2031-01-01"}, 400, types.UNSUPPORTED_PROTOCOL_VERSION),
        ({"Mcp_Protocol_Version": "nonsense"}, 400, types.UNSUPPORTED_PROTOCOL_VERSION),
        ({"Mcp_Method": "tools/list"}, 400, types.HEADER_MISMATCH),
        ({"Mcp_Name": "delete_record"}, 400, types.HEADER_MISMATCH),
        ({"Mcp_Name": "=?base64?////?="}, 400, types.HEADER_MISMATCH),
    ],
)
def test_headers_must_say_what_the_body_says(
    program: Program, headers: dict[str, str], status: int, code: int
) -> None:
    params = {"name": "list_objects", "arguments": {}}
    answer = program.ask("tools/call", params, **headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if code == types.UNSUPPORTED_PROTOCOL_VERSION:
        assert MODERN in answer.json()["error"]["data"]["supported"]


def test_the_name_of_a_tool_may_come_encoded(program: Program) -> None:
    params = {"name": "list_objects", "arguments": {}}
    answer = program.ask("tools/call", params, Mcp_Name="=?base64?bGlzdF9vYmplY3Rz?=")
    assert answer.json()["result"]["isError"] is False


def test_a_request_of_the_newest_revision_says_what_it_is(program: Program) -> None:
    answer = program.send(
        legacy("tools/list", {}), Mcp_Protocol_Version=MODERN, Mcp_Method="tools/list"
    )
    assert answer.status_code == 400
    assert "protocolVersion" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("resources/list", {}, types.METHOD_NOT_FOUND),
        ("nonsense", {}, types.METHOD_NOT_FOUND),
        ("initialize", {}, types.METHOD_NOT_FOUND),
        ("tools/call", {"name": "no_such_tool"}, types.INVALID_PARAMS),
        ("tools/call", {"name": 5}, types.HEADER_MISMATCH),
        ("tools/call", {"name": "search", "arguments": "text"}, types.INVALID_PARAMS),
        ("tools/list", {"cursor": "x"}, types.INVALID_PARAMS),
        ("tools/list", {"cursor": {"a": 1}}, types.INVALID_PARAMS),
    ],
)
def test_what_cannot_be_done_is_named(
    program: Program, method: str, params: dict[str, Any], code: int
) -> None:
    answer = program.ask(method, params)
    assert answer.json()["error"]["code"] == code
    assert answer.status_code == (404 if code == types.METHOD_NOT_FOUND else 400)
    assert answer.json()["id"] == 1


def test_older_revisions_answer_what_was_understood_with_200(program: Program) -> None:
    answer = program.send(legacy("nonsense"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, types.METHOD_NOT_FOUND)
    answer = program.send(legacy("server/discover"))
    assert answer.json()["error"]["code"] == types.METHOD_NOT_FOUND
    answer = program.send(legacy("tools/call", {"arguments": {}}))
    assert "name" in answer.json()["error"]["message"]


def test_what_breaks_is_owned_up_to_without_telling_what(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(caller: Any, arguments: Any) -> Any:
        raise ZeroDivisionError("secret inside")

    known = find_tool("get_me")
    assert known is not None
    broken = Tool(
        name="get_me", title="", description=str, schema=known.schema, run=breaks, reads=True
    )
    monkeypatch.setattr(exchange, "find_tool", lambda name: broken)
    answer = program.ask("tools/call", {"name": "get_me", "arguments": {}})
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == types.INTERNAL_ERROR
    assert "secret" not in answer.content.decode()
    assert answer.json()["error"]["data"]["request_id"] == answer["X-Request-ID"]


def test_every_tool_says_what_it_takes_and_does(program: Program) -> None:
    tools = program.tools()
    assert len(tools) > 35
    for name, tool in tools.items():
        assert tool["description"].endswith((".", ")")), name
        assert tool["inputSchema"]["type"] == "object", name
        assert tool["inputSchema"]["additionalProperties"] is False, name
        assert "$ref" not in json.dumps(tool["inputSchema"]) or tool["inputSchema"]["$defs"], name
        reads = tool["annotations"]["readOnlyHint"]
        assert not (reads and tool["annotations"]["destructiveHint"]), name
    for name in ("void_envelope", "send_envelope", "delete_record", "update_record"):
        assert tools[name]["annotations"]["destructiveHint"], name
    for name in ("search", "find_records", "get_statement", "verify_pdf", "read_timeline"):
        assert tools[name]["annotations"]["readOnlyHint"], name
    assert tools["upsert_record"]["annotations"]["idempotentHint"]
    whose = tools["send_envelope"]["inputSchema"]["properties"]["id"]["description"]
    assert whose == "Id, of the envelopes."


def test_the_docs_name_every_tool(program: Program) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "mcp.md").read_text()
    table = page.partition("| For | Tools |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(program.tools())


def test_a_token_is_shown_what_its_scopes_reach() -> None:
    user = make_administrator()
    reader = Program(user, "crm:read").tools()
    assert {"search", "find_records", "read_timeline", "get_me"} <= reader.keys()
    assert not {"create_record", "add_note", "send_envelope", "get_statement"} & reader.keys()
    sender = Program(user, "signing:write").tools()
    assert {"send_envelope", "read_envelope_progress", "create_record"} <= sender.keys()
    assert "read_timeline" not in sender


def test_the_use_of_a_token_is_noted(program: Program) -> None:
    before = timezone.now()
    program.send(legacy("ping"))
    program.token.refresh_from_db()
    assert program.token.last_used_at is not None
    assert program.token.last_used_at >= before
