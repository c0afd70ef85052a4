"""``token create``, ``token list`` and ``token revoke`` on the command line."""

from __future__ import annotations

import argparse
import json
import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.credentials import ApiToken
from dealwright.base.people.models import User
from dealwright.base.people.scopes import SCOPES
from dealwright.base.people.tokens import create_token, revoke_token, visible_tokens

ACTOR = system("Command line", via="cli")


def add_commands(commands: Any) -> None:
    """Adds the care for API tokens."""
    token = commands.add_parser("token", help="make, list and revoke API tokens")
    verbs = token.add_subparsers(dest="verb", metavar="VERB", required=True)

    create = verbs.add_parser("create", help="make a token and print it, this once")
    create.add_argument("--user", required=True, metavar="EMAIL", help="whom it acts as")
    create.add_argument(
        "--scopes",
        required=True,
        nargs="+",
        metavar="SCOPE",
        help=f"what it may do: {', '.join(SCOPES)}",
    )
    create.add_argument("--name", default="Command line", help="what uses it")
    create.add_argument("--days", type=int, default=None, help="ends after so many days")
    create.set_defaults(run=run_create)

    shown = verbs.add_parser("list", help="list the tokens that are not revoked")
    shown.set_defaults(run=run_list)

    revoke = verbs.add_parser("revoke", help="end a token at once")
    revoke.add_argument("token", help="its id, or the beginning that `token list` shows")
    revoke.set_defaults(run=run_revoke)


def run_create(arguments: argparse.Namespace) -> int:
    """Prints the new token alone, so that a script can take it."""
    user = User.objects.filter(email=arguments.user.strip().lower()).first()
    if user is None:
        raise NotFound(f"There is no user {arguments.user}. `user list --all` shows who is.")
    if arguments.days is not None and not 1 <= arguments.days <= 3650:
        raise Invalid("--days must be between 1 and 3650.")
    ends = timezone.now() + timedelta(days=arguments.days) if arguments.days else None
    scopes = [scope for word in arguments.scopes for scope in word.split(",") if scope]
    made = create_token(ACTOR, name=arguments.name, scopes=scopes, expires_at=ends, user=user)
    told = json.dumps(_described(made.token) | {"token": made.secret}, ensure_ascii=False)
    print(told if arguments.json else made.secret)
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Prints every live token, never its secret."""
    found = [_described(token) for token in visible_tokens(ACTOR)]
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for each in found:
        scopes = " ".join(each["scopes"])
        print(f"{each['prefix']}…  {each['user']:<36} {each['name']:<28} {scopes}")
    if not found:
        print("No tokens. Make one: bin/dealwright token create --user EMAIL --scopes crm:read")
    return 0


def run_revoke(arguments: argparse.Namespace) -> int:
    """Ends a token; what uses it is refused from now on."""
    token = revoke_token(ACTOR, _find(arguments.token))
    told = json.dumps(_described(token)) if arguments.json else f"Revoked {token.prefix}…"
    print(told)
    return 0


def _find(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        pass
    matching = list(visible_tokens(ACTOR).filter(prefix=text.strip("…")[:16])[:2])
    if len(matching) != 1:
        raise NotFound(f"There is no one token that begins with {text}.")
    return matching[0].pk


def _described(token: ApiToken) -> dict[str, Any]:
    return {
        "id": str(token.pk),
        "name": token.name,
        "user": token.user.email,
        "prefix": token.prefix,
        "scopes": token.scopes,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
        "last_used_at": token.last_used_at.isoformat() if token.last_used_at else None,
    }
