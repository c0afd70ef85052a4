"""A person lets a program act for them: OAuth 2.1 by the official client, and taking it back."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest
from allauth.idp.oidc.models import Token
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from crm.make import make_account
from dealwright.base.errors import Invalid
from dealwright.base.people.identity import NewClient, add_client
from dealwright.base.people.models import User
from dealwright.base.records.models import AuditEvent
from make import acting, make_administrator, make_user

from .caller import run_apart

BACK = "http://127.0.0.1/callback"
HERE = "http://127.0.0.1:41234/callback"  # a program of one's own machine takes any port


@pytest.fixture(autouse=True)
def _limits_anew() -> None:
    cache.clear()


def make_program(*scopes: str) -> NewClient:
    return add_client(
        acting(make_administrator()), name="Desk", redirect_uris=BACK, public=True, scopes=scopes
    )


class Kept:
    """Where the client keeps what it got."""

    def __init__(self, made: NewClient) -> None:
        self.tokens: OAuthToken | None = None
        self.info = OAuthClientInformationFull(
            client_id=made.client.id, redirect_uris=[HERE], token_endpoint_auth_method="none"
        )

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.info

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.info = client_info


class Person:
    """Opens the address that the program shows, reads what it asks for, and allows it."""

    def __init__(self, user: User, *, leave_out: str = "") -> None:
        self.browser = Browser(enforce_csrf_checks=True)
        self.browser.force_login(user)
        self.leave_out = leave_out
        self.page = ""
        self.back = ""

    async def open(self, address: str) -> None:
        await anyio.to_thread.run_sync(self._open, address)

    def _open(self, address: str) -> None:
        try:
            self._allow(address)
        finally:
            connection.close()  # it is the thread's own

    def _allow(self, address: str) -> None:
        parts = urlsplit(address)
        answer: Any = self.browser.get(f"{parts.path}?{parts.query}", follow=True)
        self.page = answer.content.decode()
        assert answer.status_code == 200, self.page[:500]
        given = {
            name: unescape(value)
            for name, value in re.findall(
                r'name="(request|csrfmiddlewaretoken)" value="([^"]+)"', self.page
            )
        }
        scopes = [
            each
            for each in re.findall(r'name="scopes" value="([^"]+)"', self.page)
            if each != self.leave_out
        ]
        allowed = self.browser.post(
            "/identity/o/authorize", {**given, "scopes": scopes, "action": "grant"}
        )
        assert allowed.status_code == 302, allowed.content[:500]
        self.back = allowed["Location"]

    async def come_back(self) -> AuthorizationCodeResult:
        query = parse_qs(urlsplit(self.back).query)
        return AuthorizationCodeResult(code=query["code"][0], state=query["state"][0])


def work_as(url: str, made: NewClient, person: Person, use: Any) -> Any:
    kept = Kept(made)

    async def run() -> Any:
        provider = OAuthClientProvider(
            server_url=f"{url}/mcp",
            client_metadata=OAuthClientMetadata(
                client_name="Desk", redirect_uris=[HERE], token_endpoint_auth_method="none"
            ),
            storage=kept,
            redirect_handler=person.open,
            callback_handler=person.come_back,
        )
        async with httpx2.AsyncClient(auth=provider, timeout=60) as http:
            transport = streamable_http_client(f"{url}/mcp", http_client=http)
            async with Client(transport) as client:
                return await use(client)

    return run_apart(run), kept


@pytest.mark.django_db(transaction=True)
def test_a_program_acts_for_whoever_lets_it(live_server: Any, settings: Any) -> None:
    settings.PUBLIC_URL = live_server.url
    made = make_program("crm:read", "crm:write", "signing:read")
    rita = make_user("Rita Rep")
    person = Person(rita, leave_out="signing:read")

    async def use(client: Client) -> Any:
        tools = {each.name for each in (await client.list_tools()).tools}
        done = await client.call_tool(
            "create_record", {"object": "account", "values": {"name": "Acme"}}
        )
        hidden = await client.call_tool("find_records", {"object": "envelope"})
        return tools, done, hidden

    (tools, done, hidden), kept = work_as(live_server.url, made, person, use)
    assert "Let Desk act for you?" in person.page
    assert "Read accounts, contacts" in person.page
    assert "compensation" not in person.page
    assert {"create_record", "read_timeline"} <= tools
    assert not {"read_envelope_progress", "get_statement"} & tools
    line = AuditEvent.objects.get(record_id=done.structured_content["id"], action="insert")
    assert (line.actor_id, line.actor_name) == (rita.pk, "Rita Rep (Desk)")
    assert hidden.structured_content["code"] == "scope_missing"
    secret = kept.tokens.access_token

    # The person sees it, and takes it back.
    page = person.browser.get("/settings/tokens").content.decode()
    assert "Programs that act for you" in page
    assert "crm:read" in shown_as_granted(page)
    assert "signing:read" not in shown_as_granted(page)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    address = f"/settings/tokens/programs/{made.client.id}/revoke"
    assert ask(secret).status_code == 200
    other = Browser()
    other.force_login(make_user())
    assert other.post(address).status_code == 404
    assert ask(secret).status_code == 200
    ended = person.browser.post(address, {"csrfmiddlewaretoken": token[1]})
    assert ended.status_code == 303
    assert ask(secret).status_code == 401
    assert not Token.objects.filter(user=rita).exists()
    assert person.browser.post(address, {"csrfmiddlewaretoken": token[1]}).status_code == 404


def shown_as_granted(page: str) -> str:
    """The table of programs, without the form below that names every scope."""
    return page.partition("Programs that act for you")[2].partition("</table>")[0]


def ask(secret: str) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    return Browser().post(
        "/mcp", body, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )


def grant(user: User, *scopes: str, **fields: Any) -> Token:
    """An access token as the library keeps it, for a secret “s3cret”."""
    token = Token(
        type=Token.Type.ACCESS_TOKEN,
        client=make_program("crm:read").client,
        user=user,
        expires_at=timezone.now() + timedelta(hours=1),
    )
    token.set_value("s3cret")
    token.set_scopes(list(scopes))
    token.set_resources(fields.pop("resources", ["http://localhost:8000/mcp"]))
    for name, value in fields.items():
        setattr(token, name, value)
    token.save()
    return token


@pytest.mark.django_db
def test_a_grant_counts_for_these_tools_and_while_it_lasts() -> None:
    user = make_user()
    token = grant(user, "openid", "crm:read")
    assert ask("s3cret").status_code == 200
    for resources in ([], ["http://localhost:8000"], ["https://elsewhere.example/mcp"]):
        token.set_resources(resources)
        token.save()
        assert ask("s3cret").status_code == 401, resources
    token.set_resources(["http://localhost:8000/mcp"])
    token.save()
    assert ask("s3cret").status_code == 200
    token.expires_at = timezone.now()
    token.save()
    assert ask("s3cret").status_code == 401


@pytest.mark.django_db
def test_a_refresh_token_is_no_access_token_and_who_left_lets_nobody_in() -> None:
    user = make_user()
    token = grant(user, "crm:read", type=Token.Type.REFRESH_TOKEN)
    assert ask("s3cret").status_code == 401
    token.type = Token.Type.ACCESS_TOKEN
    token.save()
    assert ask("s3cret").status_code == 200
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert ask("s3cret").status_code == 401


@pytest.mark.django_db
def test_what_nobody_may_grant_counts_for_nothing() -> None:
    make_account(name="Acme")
    grant(make_administrator(), "admin")
    names = [each["name"] for each in ask("s3cret").json()["result"]["tools"]]
    assert "create_record" not in names
    assert "get_statement" not in names
    with pytest.raises(Invalid, match="no scope “admin”"):
        make_program("admin")


@pytest.mark.django_db
def test_a_grant_does_not_open_the_api() -> None:
    """It was given for the tools alone."""
    grant(make_user(), "crm:read")
    answer = Browser().get("/api/v1/accounts", headers={"Authorization": "Bearer s3cret"})
    assert answer.status_code == 401


@pytest.mark.django_db
def test_a_program_that_reaches_data_always_asks() -> None:
    assert not make_program("crm:read").client.skip_consent
    assert make_program().client.skip_consent


@pytest.mark.django_db
def test_administrators_choose_how_far_a_program_reaches() -> None:
    browser = Browser()
    browser.force_login(make_administrator())
    form = {"name": "Desk", "redirect_uris": BACK, "public": "on", "reaches": "read"}
    assert browser.post("/settings/identity/programs/add", form).status_code == 200
    page = browser.get("/settings/identity").content.decode()
    assert "Reads what a person lets it read" in page
    from allauth.idp.oidc.models import Client as Registered

    scopes = Registered.objects.get(name="Desk").get_scopes()
    assert "crm:read" in scopes
    assert not [scope for scope in scopes if scope.endswith(":write")]
