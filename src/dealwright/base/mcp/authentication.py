"""Who may call the tools: a token of the API, or an access token of a program that a person let
act for them (OAuth 2.1), within its scopes."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.idp.oidc.models import Token
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.mcp.tools import Caller
from dealwright.base.people.credentials import ApiToken
from dealwright.base.people.grants import GRANTABLE
from dealwright.base.people.models import User
from dealwright.base.people.tokens import PREFIX, authenticate_token, find_token

LONGEST_LABEL = 200


def resource_address() -> str:
    """What an access token must have been asked for (RFC 8707): the address of the tools."""
    return f"{settings.PUBLIC_URL}/mcp"


def caller_of(request: HttpRequest) -> Caller | None:
    """Who calls, by ``Authorization: Bearer …``; None for whom nobody knows. Cookies say nothing
    here: no page of another site can make a browser call the tools."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or len(secret) > 500:
        return None
    if secret.startswith(PREFIX):
        actor = authenticate_token(secret)
        token = find_token(secret) if actor is not None else None
        return None if token is None else _with_token(token, request)
    found = Token.objects.lookup(Token.Type.ACCESS_TOKEN, secret)
    return None if found is None else _with_grant(found, request)


def recall(credential: str, request: HttpRequest) -> Caller | None:
    """Whoever called with that credential, if it still holds."""
    kind, _, key = credential.partition(":")
    if kind == "token":
        living = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        tokens = ApiToken.objects.select_related("user").filter(living, revoked_at__isnull=True)
        token = tokens.filter(pk=key, user__is_active=True).first()
        return None if token is None else _with_token(token, request)
    grant = Token.objects.valid().filter(pk=key, type=Token.Type.ACCESS_TOKEN).first()
    return None if grant is None else _with_grant(grant, request)


def _with_token(token: ApiToken, request: HttpRequest) -> Caller:
    actor = _actor(token.user, token.name, token.scopes, request)
    return Caller(actor=actor, credential=f"token:{token.pk}", request=request)


def _with_grant(grant: Token, request: HttpRequest) -> Caller | None:
    """A grant counts only for the resource that it was asked for, and for the house's scopes."""
    user, client = grant.user, grant.client
    if not isinstance(user, User) or not user.is_active or client is None:
        return None
    if resource_address() not in grant.get_resources():
        return None
    scopes = [scope for scope in grant.get_scopes() if scope in GRANTABLE]
    actor = _actor(user, client.name, scopes, request)
    return Caller(actor=actor, credential=f"grant:{grant.pk}", request=request)


def _actor(user: User, through: str, scopes: Iterable[str], request: HttpRequest) -> Actor:
    """The user; the audit tells by which token or program."""
    label = f"{user.name} ({through})".replace("|", "/")
    return Actor(
        user=user,
        via="api",
        request_id=getattr(request, "request_id", ""),
        scopes=frozenset(scopes),
        label=label[:LONGEST_LABEL],
    )
