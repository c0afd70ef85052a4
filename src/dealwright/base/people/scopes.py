"""What an API token may be limited to: one pair of scopes per system, and ``admin``."""

from __future__ import annotations

from collections.abc import Mapping

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound

SCOPES: Mapping[str, str] = {
    "crm:read": "Read accounts, contacts, leads, opportunities, products, quotes and activities",
    "crm:write": "Change them",
    "signing:read": "Read envelopes and their evidence",
    "signing:write": "Make, send and void envelopes",
    "contracts:read": "Read contracts, templates and obligations",
    "contracts:write": "Change them",
    "intelligence:read": "Read journeys, scores and segments",
    "intelligence:write": "Send touches, change scorecards and segments",
    "acceleration:read": "Read sequences, calls, meetings and forecasts",
    "acceleration:write": "Change them",
    "compensation:read": "Read plans, statements and payouts, as far as the user may see pay",
    "compensation:write": "Change plans, run and close periods",
    "flows:read": "Read automations",
    "flows:write": "Change automations",
    "base:read": "Read users, teams, views, files and messages",
    "base:write": "Change views, files and messages; register webhooks",
    "admin": "Everything the user may do, settings included",
}


def scope_of_object(object_key: str, action: str = "read") -> str:
    """The scope for an object: ``opportunity`` is of the system crm, so ``crm:read``.

    Raises NotFound for an unknown object.
    """
    from dealwright.base.objects.registry import object_type

    return f"{object_type(object_key).model._meta.app_label}:{action}"


def has_scope(actor: Actor, scope: str) -> bool:
    """Whether the actor's token carries a scope; who acts without a token has all of them."""
    if actor.scopes is None or "admin" in actor.scopes or scope in actor.scopes:
        return True
    system, _, action = scope.partition(":")
    return action == "read" and f"{system}:write" in actor.scopes


def may_read_object(actor: Actor, object_key: str) -> bool:
    """Whether the actor's token reaches an object; what is no registered object is of base."""
    try:
        return has_scope(actor, scope_of_object(object_key))
    except NotFound:
        return has_scope(actor, "base:read")
