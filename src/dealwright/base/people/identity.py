"""OpenID Connect both ways: providers people come from, programs that sign in with us."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from allauth.idp.oidc.models import Client
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.utils.text import slugify

from dealwright.base.access.actor import Actor, change
from dealwright.base.encrypted_text import encrypt_text
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.people.adapter import CLIENT_PURPOSE, SIGNERS_ONLY
from dealwright.base.people.grants import GRANTABLE
from dealwright.base.people.policy import origin_of

LONGEST_SECRET = 90  # encrypted it must fit the library's column of 191 characters


@dataclass(frozen=True, slots=True)
class NewClient:
    """A program with its secret, which is shown this once; empty for a public program."""

    client: Any
    secret: str


def providers() -> list[Any]:
    """The identity providers through which people may sign in."""
    return list(SocialApp.objects.filter(provider="openid_connect").order_by("name"))


def add_provider(
    actor: Actor,
    *,
    name: str,
    issuer: str,
    client_id: str,
    secret: str,
    signers_only: bool = False,
) -> Any:
    """Trust another identity provider: who proves an address there is let in as that person.

    ``issuer`` is its address, below which ``.well-known/openid-configuration`` lies. With
    ``signers_only`` it is asked about people who sign documents, and lets nobody in.
    """
    actor.require_administrator()
    name, issuer, client_id = " ".join(name.split()), issuer.strip(), client_id.strip()
    wrong: dict[str, list[str]] = {}
    if not name or len(name) > 40:
        wrong["name"] = ["Give it a name of at most 40 characters, as people know it."]
    if sentence := _wrong_address(issuer):
        wrong["issuer"] = [sentence]
    if not client_id or len(client_id) > 191:
        wrong["client_id"] = ["Enter the client id that the provider gave."]
    if not secret or len(secret) > LONGEST_SECRET:
        wrong["secret"] = [f"Enter the client secret, at most {LONGEST_SECRET} characters."]
    if wrong:
        raise Invalid(_all(wrong), fields=wrong)
    authorization_origin = _look_at(issuer)
    slug = slugify(name) or "provider"
    with change(actor):
        if SocialApp.objects.filter(provider_id=slug).exists():
            raise Conflict(f"There is a provider “{name}” already.")
        return SocialApp.objects.create(
            provider="openid_connect",
            provider_id=slug,
            name=name,
            client_id=client_id,
            secret=encrypt_text(secret, purpose=CLIENT_PURPOSE),
            settings={
                "server_url": issuer,
                "authorization_origin": authorization_origin,
                "oauth_pkce_enabled": True,
                # An administrator chose to trust it: its word on an address counts.
                "verified_email": True,
                "email_authentication": True,
                SIGNERS_ONLY: signers_only,
            },
        )


def restrict_provider(actor: Actor, provider_pk: int, *, signers_only: bool) -> None:
    """Say whether people sign in through a provider, or it is asked about signers alone."""
    actor.require_administrator()
    with change(actor):
        app = (
            SocialApp.objects.select_for_update()
            .filter(provider="openid_connect", pk=provider_pk)
            .first()
        )
        if app is None:
            raise NotFound("There is no such provider.")
        app.settings = {**app.settings, SIGNERS_ONLY: signers_only}
        app.save(update_fields=["settings"])


def remove_provider(actor: Actor, provider_pk: int) -> None:
    """Trust it no longer; who signed in through it needs another way."""
    actor.require_administrator()
    with change(actor):
        app = SocialApp.objects.filter(provider="openid_connect", pk=provider_pk).first()
        if app is None:
            raise NotFound("There is no such provider.")
        SocialAccount.objects.filter(provider=app.provider_id).delete()
        app.delete()


def clients() -> list[Any]:
    """The programs that sign their people in with Dealwright."""
    return list(Client.objects.order_by("name"))


def add_client(
    actor: Actor,
    *,
    name: str,
    redirect_uris: str,
    public: bool = False,
    ask: bool = False,
    scopes: Sequence[str] = (),
) -> NewClient:
    """Let a program sign people in with Dealwright.

    Args:
        redirect_uris: where people may be sent back to, one address per line.
        public: it cannot keep a secret (runs in a browser or on a phone); it then uses PKCE.
        ask: people are asked before it learns who they are.
        scopes: what people may let it do for them by the tools at ``/mcp``; they are always asked.
    """
    actor.require_administrator()
    name = " ".join(name.split())
    addresses = [line.strip() for line in redirect_uris.splitlines() if line.strip()]
    wrong: dict[str, list[str]] = {}
    if not name or len(name) > 100:
        wrong["name"] = ["Give the program a name of at most 100 characters."]
    if not addresses:
        wrong["redirect_uris"] = ["Enter at least one address to come back to."]
    for address in addresses:
        if sentence := _wrong_address(address):
            wrong["redirect_uris"] = [sentence]
    if unknown := [scope for scope in scopes if scope not in GRANTABLE]:
        wrong["scopes"] = [f"There is no scope “{unknown[0][:60]}”."]
    if wrong:
        raise Invalid(_all(wrong), fields=wrong)
    with change(actor):
        client = Client(
            name=name,
            type=Client.Type.PUBLIC if public else Client.Type.CONFIDENTIAL,
            skip_consent=not (ask or scopes),
            owner=actor.user,
        )
        secret = "" if public else _secret()
        client.set_secret(secret or _secret())
        client.set_scopes(["openid", "profile", "email", *scopes])
        client.set_default_scopes(list(scopes) or ["openid"])
        client.set_grant_types(["authorization_code", "refresh_token"])
        client.set_response_types(["code"])
        client.set_redirect_uris(addresses)
        client.save()
    return NewClient(client, secret)


def remove_client(actor: Actor, client_id: str) -> None:
    """The program can no longer sign anyone in; its tokens end."""
    actor.require_administrator()
    with change(actor):
        deleted, _ = Client.objects.filter(pk=client_id).delete()
        if not deleted:
            raise NotFound("There is no such program.")


def _look_at(issuer: str) -> str:
    """Where the provider asks people to sign in, by its own description of itself.

    Raises Invalid where nothing of the kind lies at the address.
    """
    address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        found = httpx.get(address, timeout=10, follow_redirects=True).raise_for_status().json()
        endpoints = [found["authorization_endpoint"], found["token_endpoint"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        sentence = f"There is no description of an identity provider at {address}."
        raise Invalid(sentence, fields={"issuer": [sentence]}) from None
    return origin_of(str(endpoints[0]))


def _secret() -> str:
    from allauth.idp.oidc.adapter import get_adapter

    return str(get_adapter().generate_client_secret())


def _wrong_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return f"“{address[:80]}” is not a web address."
    local = host in ("localhost", "127.0.0.1", "::1")
    if parts.scheme not in ("https", "http") or not host or re.search(r"[\s*#]", address):
        return f"“{address[:80]}” is not a web address."
    if parts.scheme == "http" and not local:
        return f"“{address[:80]}” must start with https://."
    return ""


def _all(wrong: dict[str, list[str]]) -> str:
    return " ".join(each for said in wrong.values() for each in said)
