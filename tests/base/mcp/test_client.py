"""The official client of the protocol, at a real server."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from crm.make import make_account
from dealwright.base.access.models import ObjectAccess
from dealwright.base.people.models import Profile
from make import make_administrator, make_user

from .caller import MODERN, Program, with_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("mode", "revision"), [("auto", MODERN), ("legacy", HANDSHAKE_PROTOCOL_VERSIONS[-1])]
)
def test_it_finds_its_tools_and_works_with_them(live_server: Any, mode: str, revision: str) -> None:
    secret = Program(make_administrator()).secret

    async def work(client: Client) -> Any:
        assert client.protocol_version == revision
        assert client.instructions and "list_objects" in client.instructions
        tools = {each.name: each for each in (await client.list_tools()).tools}
        assert tools["find_records"].annotations.read_only_hint
        assert tools["void_envelope"].annotations.destructive_hint
        made = await client.call_tool(
            "create_record", {"object": "account", "values": {"name": "Acme"}}
        )
        found = await client.call_tool("search", {"text": "acme"})
        refused = await client.call_tool(
            "create_record", {"object": "account", "values": {"name": ""}}
        )
        with pytest.raises(MCPError, match="no tool"):
            await client.call_tool("no_such_tool", {})
        return made, found, refused

    made, found, refused = with_client(live_server.url, secret, work, mode=mode)
    assert made.structured_content["name"] == "Acme"
    (hit,) = found.structured_content["records"]
    assert hit["id"] == made.structured_content["id"]
    assert refused.is_error
    assert refused.structured_content["errors"] == {"name": ["Name is required."]}
    assert "Name is required." in refused.content[0].text


def test_two_people_see_what_is_theirs(live_server: Any) -> None:
    ObjectAccess.objects.create(object="account", profile=Profile.REP, level="own")
    rita, sam = make_user("Rita Rep"), make_user("Sam Stranger")
    for user in (rita, sam):
        make_account(name=f"Account of {user.name}", owner=user)

    async def names(client: Client) -> list[str]:
        found = await client.call_tool("find_records", {"object": "account"})
        return [row["name"] for row in found.structured_content["records"]]

    for user in (rita, sam):
        secret = Program(user).secret
        assert with_client(live_server.url, secret, names) == [f"Account of {user.name}"]


def test_without_a_token_it_does_not_come_in(live_server: Any) -> None:
    async def never(client: Client) -> None:
        raise AssertionError

    with pytest.raises(BaseExceptionGroup) as refused:
        with_client(live_server.url, "dw_nonsense", never, mode="legacy")
    assert refused.group_contains(MCPError) or "401" in str(refused.value.exceptions)
