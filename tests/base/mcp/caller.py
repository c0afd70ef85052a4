"""A program that calls the tools with a token: message by message, or with the official client."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx2
import mcp_types as types
from django.test import Client as DjangoClient
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from make import acting

MODERN = "2026-07-28"


class Program:
    """Calls as ``user``, with the scopes given."""

    def __init__(self, user: User, *scopes: str, name: str = "Desk helper") -> None:
        made = create_token(acting(user), name=name, scopes=scopes or ["admin"])
        self.secret = made.secret
        self.token = made.token
        self.client = DjangoClient(raise_request_exception=False)

    def send(self, body: Any, **headers: str) -> Any:
        """The answer to a body, which is sent as it is if it is bytes."""
        given = {"Authorization": f"Bearer {self.secret}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            "POST",
            "/mcp",
            body if isinstance(body, bytes) else json.dumps(body),
            content_type=given.pop("Content-Type", "application/json"),
            headers=given,
        )

    def ask(self, method: str, params: dict[str, Any] | None = None, **headers: str) -> Any:
        """The answer to a request of the newest revision."""
        meta = {
            types.PROTOCOL_VERSION_META_KEY: MODERN,
            types.CLIENT_CAPABILITIES_META_KEY: {},
        }
        said = {"Mcp_Protocol_Version": MODERN, "Mcp_Method": method}
        if method == "tools/call" and params:
            said["Mcp_Name"] = str(params["name"])
        body = {"jsonrpc": "2.0", "id": 1, "method": method}
        return self.send({**body, "params": {**(params or {}), "_meta": meta}}, **said | headers)

    def tools(self) -> dict[str, Any]:
        """The tools offered, by name."""
        listed = self.ask("tools/list").json()["result"]["tools"]
        return {each["name"]: each for each in listed}

    def call(self, tool: str, **arguments: Any) -> Any:
        """What a tool gives."""
        result = self._result(tool, arguments)
        assert not result["isError"], result["content"][0]["text"]
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def refused(self, tool: str, **arguments: Any) -> Any:
        """The problem with which a tool refuses."""
        result = self._result(tool, arguments)
        assert result["isError"], result["structuredContent"]
        assert result["structuredContent"]["detail"] in result["content"][0]["text"]
        return result["structuredContent"]

    def _result(self, tool: str, arguments: dict[str, Any]) -> Any:
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status_code == 200, (answer.status_code, answer.content)
        return answer.json()["result"]


def with_client[T](
    url: str, secret: str, use: Callable[[Client], Awaitable[T]], *, mode: str = "auto"
) -> T:
    """What ``use`` does with the official client of the protocol."""

    async def run() -> T:
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx2.AsyncClient(headers=headers) as http:
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return await use(client)

    return run_apart(run)


def run_apart[T](work: Callable[[], Awaitable[T]]) -> T:
    """Runs it in a thread of its own: the loop of Playwright may run in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, work).result()
