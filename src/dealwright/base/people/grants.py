"""Programs that people let act for them (OAuth 2.1), and how one takes that back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.idp.oidc.models import Client, Token
from django.utils.translation import gettext_lazy

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import NotFound
from dealwright.base.people.scopes import SCOPES

# What a program may be let do: settings stay with people and their own tokens.
GRANTABLE: Mapping[str, str] = {key: about for key, about in SCOPES.items() if key != "admin"}
# As a person reads them who is asked: each by itself, in any order.
SCOPE_WORDS = {key: gettext_lazy(about) for key, about in GRANTABLE.items()} | {
    "crm:write": gettext_lazy(
        "Change accounts, contacts, leads, opportunities, products, quotes and activities"
    ),
    "contracts:write": gettext_lazy("Change contracts, templates and obligations"),
    "acceleration:write": gettext_lazy("Change sequences, calls, meetings and forecasts"),
}
LIVING = (Token.Type.ACCESS_TOKEN, Token.Type.REFRESH_TOKEN)


@dataclass(frozen=True, slots=True)
class Grant:
    """A program that acts for a person, since when it last came for a token, and within what."""

    client: Any
    scopes: Sequence[str]
    since: datetime


def scopes_of_program(client: Any) -> list[str]:
    """What a program may be let do, beyond learning who signs in."""
    return [scope for scope in client.get_scopes() if scope in GRANTABLE]


def grants_of(actor: Actor) -> list[Grant]:
    """The programs that act for the actor, by name; one statement."""
    found: dict[str, Grant] = {}
    tokens = Token.objects.valid().select_related("client")
    for token in tokens.filter(user=actor.require_user(), type__in=LIVING).order_by("created_at"):
        scopes = [scope for scope in token.get_scopes() if scope in GRANTABLE]
        if scopes and token.client is not None:
            found[token.client.pk] = Grant(token.client, scopes, token.created_at)
    return sorted(found.values(), key=lambda grant: str(grant.client.name).lower())


def end_grant(actor: Actor, client_id: str) -> Any:
    """The program acts for the actor no longer; returns it. Raises NotFound where it did not."""
    with change(actor):
        client = Client.objects.filter(pk=client_id).first()
        mine = Token.objects.filter(client_id=client_id, user=actor.require_user())
        if client is None or not mine.delete()[0]:
            raise NotFound("This program does not act for you.")
    return client


def narrowed(asked: Collection[str], client_id: str) -> list[str]:
    """Of the scopes that a program asks for, those it may be let have (RFC 6749, 3.3): programs
    ask for all that the tools' address names, and an administrator chose fewer. All stay where
    none would be left, so that the refusal tells."""
    client = Client.objects.filter(pk=client_id).first()
    allowed = set(client.get_scopes()) if client is not None else set()
    return [scope for scope in asked if scope in allowed] or list(asked)
