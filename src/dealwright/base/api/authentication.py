"""Who calls the API: a token with scopes, or the browser's own session."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotAllowed


class TokenAuthentication(HttpBearer):
    """``Authorization: Bearer dw_…``; a token acts as its user within its scopes."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        from dealwright.base.people.tokens import authenticate_token

        actor: Actor | None = authenticate_token(
            token, request_id=getattr(request, "request_id", "")
        )
        if actor is not None:
            request.api_actor = actor  # type: ignore[attr-defined]
        return actor


class SessionAuthentication(APIKeyCookie):
    """The pages' own calls: the session cookie, with the CSRF token on every write."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        user: Any = request.user
        if not (key and user.is_authenticated and user.is_active):
            return None
        actor = Actor(user=user, via="web", request_id=getattr(request, "request_id", ""))
        request.api_actor = actor  # type: ignore[attr-defined]
        return actor


def let_in_before(request: HttpRequest) -> Actor | None:
    """Who another door of the product let in, which then calls the API from within."""
    actor: Actor | None = getattr(request, "api_actor", None)
    return actor


def current_actor(request: HttpRequest) -> Actor:
    """Who calls; only for endpoints behind authentication."""
    actor: Actor = request.api_actor  # type: ignore[attr-defined]
    return actor


def require_scope(request: HttpRequest, scope: str) -> Actor:
    """The actor, if its token carries ``scope`` (``crm:read``); a session carries all.

    ``<system>:write`` includes ``<system>:read``. Raises NotAllowed naming what is missing.
    """
    actor = current_actor(request)
    check_scope(actor, scope)
    return actor


def check_scope(actor: Actor, scope: str) -> None:
    """Raises NotAllowed, naming what is missing, where the actor's token lacks the scope."""
    from dealwright.base.people.scopes import has_scope

    if not has_scope(actor, scope):
        raise NotAllowed(f"This token lacks the scope “{scope}”.", code="scope_missing")
