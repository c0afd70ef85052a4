"""OpenID Connect both ways, against a real provider and as one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from allauth.socialaccount.models import SocialApp
from django.core.cache import cache
from django.test import Client

from base.people.identity_provider import Provider, identity_provider
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.people.adapter import signing_key
from dealwright.base.people.identity import (
    NewClient,
    add_client,
    add_provider,
    remove_client,
    remove_provider,
)
from dealwright.base.people.invitations import invite_user
from dealwright.base.people.models import User
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db

BACK = "https://wiki.example.com/oidc/callback"


@pytest.fixture(autouse=True)
def _limits_anew() -> None:
    cache.clear()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as running:
        yield running


def trust(provider: Provider) -> Any:
    return add_provider(
        acting(make_administrator()),
        name="Company login",
        issuer=provider.url,
        client_id="dealwright",
        secret="the client's secret",
    )


def come_through(provider: Provider) -> tuple[Client, Any]:
    """Press the button on the sign-in page and follow the way there and back."""
    client = Client()
    leave = client.post("/me/oidc/company-login/login/")
    assert leave.headers["Location"].startswith(f"{provider.url}/authorize?")
    back = httpx.get(leave.headers["Location"]).headers["Location"]
    parts = urlsplit(back)
    return client, client.get(f"{parts.path}?{parts.query}")


def is_in(client: Client) -> bool:
    return client.get("/settings/profile").status_code == 200


def test_the_sign_in_page_offers_the_provider_and_may_send_people_there(
    provider: Provider,
) -> None:
    trust(provider)
    answer = Client().get("/me/login/")
    assert "Sign in with Company login" in answer.content.decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"form-action 'self' {provider.url};" in f"{policy};"
    elsewhere = signed_in(make_user()).get("/settings/profile")
    assert provider.url not in elsewhere.headers["Content-Security-Policy"]


def test_a_person_comes_in_through_the_provider_by_the_address(provider: Provider) -> None:
    trust(provider)
    user = make_user(email="rita@example.com")
    provider.email = "Rita@example.com"
    client, answer = come_through(provider)
    assert answer.headers["Location"] == "/"
    assert is_in(client)
    assert client.get("/settings/profile").wsgi_request.user == user
    assert provider.secrets == ["the client's secret"]


def test_a_stranger_does_not_come_in(provider: Provider) -> None:
    trust(provider)
    client, answer = come_through(provider)
    assert "by invitation" in answer.content.decode().lower()
    assert not is_in(client)
    assert not User.objects.filter(email=provider.email).exists()


def test_an_invited_person_joins_by_proving_the_address(provider: Provider) -> None:
    trust(provider)
    invite_user(acting(make_administrator()), email=provider.email)
    client, _ = come_through(provider)
    assert is_in(client)
    assert not User.objects.get(email=provider.email).is_placeholder


def test_who_is_not_active_does_not_come_in(provider: Provider) -> None:
    trust(provider)
    make_user(email=provider.email, is_active=False)
    client, _ = come_through(provider)
    assert not is_in(client)


def test_the_clients_secret_rests_encrypted(provider: Provider) -> None:
    app = trust(provider)
    assert "secret" not in SocialApp.objects.get(pk=app.pk).secret


def test_a_provider_must_be_one(provider: Provider) -> None:
    administrator = acting(make_administrator())
    values = {"name": "Company login", "client_id": "x", "secret": "y"}
    with pytest.raises(Invalid, match="no description of an identity provider"):
        add_provider(administrator, issuer=f"{provider.url}/elsewhere", **values)
    with pytest.raises(Invalid, match="must start with https://"):
        add_provider(administrator, issuer="http://login.example.com", **values)
    with pytest.raises(Invalid) as refusal:
        add_provider(administrator, name="", issuer="x", client_id="", secret="")
    assert set(refusal.value.fields) == {"name", "issuer", "client_id", "secret"}
    trust(provider)
    with pytest.raises(Conflict, match="already"):
        trust(provider)


def test_a_removed_provider_lets_nobody_in(provider: Provider) -> None:
    app = trust(provider)
    make_user(email=provider.email)
    come_through(provider)
    remove_provider(acting(make_administrator()), app.pk)
    assert Client().post("/me/oidc/company-login/login/").status_code == 404
    with pytest.raises(NotFound):
        remove_provider(acting(make_administrator()), app.pk)


# ---- The other way: a program signs its people in with Dealwright.


def program(**options: Any) -> NewClient:
    return add_client(acting(make_administrator()), name="Wiki", redirect_uris=BACK, **options)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def code_for(client: Client, made: NewClient, **more: str) -> str:
    answer = client.get(
        "/identity/o/authorize",
        {
            "client_id": made.client.id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid profile email",
            "state": "the-state",
            **more,
        },
    )
    assert answer.status_code == 302, answer.content.decode()[:500]
    back = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(BACK)
    query = parse_qs(back.query)
    assert query["state"] == ["the-state"]
    return query["code"][0]


def exchange(made: NewClient, code: str, **more: str) -> Any:
    return Client().post(
        "/identity/o/api/token",
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "client_id": made.client.id,
            **({"client_secret": made.secret} if made.secret else {}),
            **more,
        },
    )


def test_a_program_learns_who_signed_in() -> None:
    made = program()
    user = make_user("Rita Rep", email="rita@example.com")
    client = Client()
    client.post("/me/login/", {"login": user.email, "password": "a good long password"})
    tokens = exchange(made, code_for(client, made)).json()

    keys = jwt.PyJWKSet.from_dict(Client().get("/.well-known/jwks.json").json())
    claims = jwt.decode(
        tokens["id_token"], keys.keys[0].key, algorithms=["RS256"], audience=made.client.id
    )
    configuration = Client().get("/.well-known/openid-configuration").json()
    assert claims["iss"] == configuration["issuer"] == "http://localhost:8000"
    info = (
        Client()
        .get(
            "/identity/o/api/userinfo",
            HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}",
        )
        .json()
    )
    assert info["sub"] == claims["sub"]
    assert (info["email"], info["name"]) == ("rita@example.com", "Rita Rep")


def test_a_code_is_good_once_and_for_its_program_alone() -> None:
    made = program()
    client = signed_in(make_user())
    code = code_for(client, made)
    assert exchange(made, code, client_secret="wrong").status_code in (400, 401)
    other = add_client(acting(make_administrator()), name="Other", redirect_uris=BACK)
    assert exchange(other, code).status_code == 400
    code = code_for(client, made)
    assert exchange(made, code).status_code == 200
    assert exchange(made, code).status_code == 400


def test_a_public_program_proves_itself_by_pkce() -> None:
    made = program(public=True)
    assert made.secret == ""
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    pkce = {
        "code_challenge": challenge.decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    client = signed_in(make_user())
    assert exchange(made, code_for(client, made, **pkce), code_verifier="w" * 64).status_code == 400
    answer = exchange(made, code_for(client, made, **pkce), code_verifier=verifier)
    assert answer.status_code == 200


def test_nobody_is_sent_anywhere_else() -> None:
    made = program()
    answer = signed_in(make_user()).get(
        "/identity/o/authorize",
        {
            "client_id": made.client.id,
            "redirect_uri": "https://evil.example/",
            "response_type": "code",
            "scope": "openid",
        },
    )
    assert answer.status_code != 302
    assert "That did not work" in answer.content.decode()


def test_people_may_be_asked_first() -> None:
    made = program(ask=True)
    client = signed_in(make_user())
    query = {
        "client_id": made.client.id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s",
    }
    page = client.get("/identity/o/authorize", query)
    assert page.status_code == 200
    assert "Wiki asks Dealwright who you are" in page.content.decode()
    assert "https://wiki.example.com" in page.headers["Content-Security-Policy"]


def test_a_removed_program_signs_nobody_in() -> None:
    made = program()
    remove_client(acting(make_administrator()), made.client.id)
    answer = signed_in(make_user()).get(
        "/identity/o/authorize", {"client_id": made.client.id, "response_type": "code"}
    )
    assert answer.status_code != 302
    with pytest.raises(NotFound):
        remove_client(acting(make_administrator()), made.client.id)


@pytest.mark.parametrize(
    "address", ["", "wiki", "http://wiki.example.com/", "https://*.example.com/", "javascript:x"]
)
def test_addresses_to_come_back_to_are_checked(address: str) -> None:
    with pytest.raises(Invalid) as refusal:
        add_client(acting(make_administrator()), name="Wiki", redirect_uris=address)
    assert list(refusal.value.fields) == ["redirect_uris"]


def test_only_administrators_connect_programs() -> None:
    rep = acting(make_user())
    with pytest.raises(NotAllowed):
        add_client(rep, name="Wiki", redirect_uris=BACK)
    with pytest.raises(NotAllowed):
        add_provider(rep, name="X", issuer="https://x.example", client_id="x", secret="x")


def test_the_signing_key_is_made_once_and_for_us_alone(settings: Any) -> None:
    first = signing_key()
    assert signing_key() == first
    path = settings.DATA_DIR / "secrets" / "oidc-key"
    assert path.stat().st_mode & 0o777 == 0o600
