"""API tokens: made once, shown once, kept as a hash, limited by scopes."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import connection, models
from django.db.models import Q, QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.database.statements import Slot, Statement, compile_rows
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.people.credentials import ApiToken
from dealwright.base.people.models import User
from dealwright.base.people.scopes import SCOPES, has_scope

PREFIX = "dw_"
SHOWN = 10
TOKENS_PER_PERSON = 50
NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token with its secret text, which exists only now."""

    token: ApiToken
    secret: str


def create_token(
    actor: Actor,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None = None,
    user: User | None = None,
) -> NewToken:
    """Make a token that acts as ``user``, the actor unless given.

    Raises Invalid per field, NotAllowed for another's token without being an administrator
    or for scopes beyond those of the actor's own token.
    """
    owner = user or actor.require_user()
    if not _may_manage(actor, owner):
        raise NotAllowed("Only administrators may make tokens for others.")
    chosen = list(dict.fromkeys(scopes))
    _check(name, chosen, expires_at)
    beyond = [scope for scope in chosen if not has_scope(actor, scope)]
    if beyond:
        raise NotAllowed(f"Your own token lacks the scope “{beyond[0]}”.", code="scope_missing")
    if not owner.is_active:
        raise Conflict(f"{owner.name} is not active.")
    if ApiToken.objects.filter(user=owner, revoked_at__isnull=True).count() >= TOKENS_PER_PERSON:
        raise Conflict(f"A person may have at most {TOKENS_PER_PERSON} tokens. Revoke one first.")
    secret = PREFIX + secrets.token_urlsafe(32)
    with change(actor):
        token = ApiToken.objects.create(
            name=name.strip(),
            user=owner,
            prefix=secret[:SHOWN],
            hash=_hash(secret),
            scopes=chosen,
            expires_at=expires_at,
        )
    return NewToken(token, secret)


def authenticate_token(raw: str, *, request_id: str = "") -> Actor | None:
    """Who a token acts as, or None for one that is unknown, expired or revoked, or whose user
    is not active. Notes the use, at most once a minute."""
    if not raw.startswith(PREFIX) or len(raw) > 200:
        return None
    now = timezone.now()
    found = _reading().rows({"hash": _hash(raw), "now": now})
    if not found:
        return None
    token_id, last_used_at, scopes, *values = found[0]
    if last_used_at is None or now - last_used_at > NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=token_id).update(last_used_at=now)
    user = User.from_db(connection.alias, _USER_COLUMNS, values)
    return Actor(user=user, via="api", request_id=request_id, scopes=frozenset(scopes))


def find_token(raw: str) -> ApiToken | None:
    """The token of a secret text, whether it still counts or not, with its user."""
    return ApiToken.objects.select_related("user").filter(hash=_hash(raw)).first()


_USER_COLUMNS = [field.attname for field in User._meta.concrete_fields]


@cache
def _reading() -> Statement:
    """What finds a living token and its user: asked by every call of the API."""
    now = Slot("now", models.DateTimeField())
    rows = ApiToken.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        hash=Slot("hash", models.CharField()),
        revoked_at__isnull=True,
        user__is_active=True,
    )
    user = [f"user__{column}" for column in _USER_COLUMNS]
    return compile_rows(rows, ["pk", "last_used_at", "scopes", *user])


def visible_tokens(actor: Actor) -> QuerySet[ApiToken]:
    """One's own tokens; everyone's for administrators. Revoked ones are left out."""
    tokens = ApiToken.objects.select_related("user").filter(revoked_at__isnull=True)
    if actor.is_system or actor.require_user().is_administrator:
        return tokens
    return tokens.filter(user=actor.user)


def revoke_token(actor: Actor, token_id: uuid.UUID) -> ApiToken:
    """End a token at once; raises NotFound alike for absent and for another's."""
    with change(actor):
        token = visible_tokens(actor).select_for_update(of=("self",)).filter(pk=token_id).first()
        if token is None:
            raise NotFound("This token does not exist, or is not yours.")
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
    return token


def _check(name: str, scopes: list[str], expires_at: datetime | None) -> None:
    wrong: dict[str, list[str]] = {}
    if not name.strip():
        wrong["name"] = ["Give the token a name that tells what uses it."]
    elif len(name.strip()) > 120:
        wrong["name"] = ["The name may have at most 120 characters."]
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        wrong["scopes"] = [f"There is no scope “{unknown[0][:60]}”."]
    elif not scopes:
        wrong["scopes"] = ["Choose at least one scope."]
    if expires_at is not None and expires_at <= timezone.now():
        wrong["expires_at"] = ["The token must end in the future."]
    if wrong:
        raise Invalid(" ".join(each for (each, *_) in wrong.values()), fields=wrong)


def _may_manage(actor: Actor, owner: User) -> bool:
    return actor.is_system or actor.user == owner or actor.require_user().is_administrator


def _hash(secret: str) -> str:
    """Plain SHA-256: the text has 256 random bits, so there is nothing to slow down."""
    return hashlib.sha256(secret.encode()).hexdigest()
