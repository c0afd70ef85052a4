"""API tokens: shown once, limited, ended."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.make import make_account
from dealwright.base.access.actor import Actor, system
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.people import commands
from dealwright.base.people.credentials import ApiToken
from dealwright.base.people.scopes import has_scope, scope_of_object
from dealwright.base.people.tokens import (
    authenticate_token,
    create_token,
    revoke_token,
    visible_tokens,
)
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def test_a_token_acts_as_its_user_within_its_scopes() -> None:
    user = make_user()
    made = create_token(acting(user), name="Script", scopes=["crm:read", "signing:write"])
    assert made.secret.startswith("dw_")
    assert made.token.prefix == made.secret[:10]
    assert made.secret not in made.token.hash
    actor = authenticate_token(made.secret, request_id="r1")
    assert actor is not None
    assert (actor.user, actor.via, actor.request_id) == (user, "api", "r1")
    assert actor.scopes == {"crm:read", "signing:write"}


@pytest.mark.parametrize("raw", ["", "dw_", "dw_unknown", "Bearer dw_x", "dw_" + "x" * 500])
def test_what_is_no_token_is_nobody(raw: str) -> None:
    assert authenticate_token(raw) is None


def test_an_expired_or_revoked_token_is_nobody() -> None:
    user = make_user()
    made = create_token(
        acting(user), name="A", scopes=["admin"], expires_at=timezone.now() + timedelta(days=1)
    )
    ApiToken.objects.update(expires_at=timezone.now())
    assert authenticate_token(made.secret) is None
    other = create_token(acting(user), name="B", scopes=["admin"])
    revoke_token(acting(user), other.token.pk)
    assert authenticate_token(other.secret) is None


def test_its_use_is_noted_at_most_once_a_minute() -> None:
    made = create_token(acting(make_user()), name="A", scopes=["crm:read"])
    authenticate_token(made.secret)
    first = ApiToken.objects.get().last_used_at
    authenticate_token(made.secret)
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    authenticate_token(made.secret)
    assert timezone.now() - ApiToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_token_makes_no_token_of_wider_scopes() -> None:
    user = make_user()
    narrow = Actor(user=user, via="api", scopes=frozenset({"crm:write"}))
    create_token(narrow, name="Narrower", scopes=["crm:read"])
    with pytest.raises(NotAllowed, match="lacks the scope “signing:read”"):
        create_token(narrow, name="Wider", scopes=["signing:read"])


def test_tokens_for_others_are_made_by_administrators() -> None:
    user = make_user()
    create_token(acting(make_administrator()), name="A", scopes=["crm:read"], user=user)
    with pytest.raises(NotAllowed):
        create_token(acting(make_user()), name="A", scopes=["crm:read"], user=user)


def test_every_wrong_value_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        create_token(
            acting(make_user()), name=" ", scopes=["everything"], expires_at=timezone.now()
        )
    assert set(refusal.value.fields) == {"name", "scopes", "expires_at"}
    with pytest.raises(Invalid, match="at least one scope"):
        create_token(acting(make_user()), name="A", scopes=[])


def test_one_sees_and_revokes_ones_own_tokens() -> None:
    user, stranger = make_user(), make_user()
    made = create_token(acting(user), name="A", scopes=["crm:read"])
    assert not visible_tokens(acting(stranger)).exists()
    with pytest.raises(NotFound):
        revoke_token(acting(stranger), made.token.pk)
    assert visible_tokens(acting(make_administrator())).count() == 1


def test_write_includes_read_and_admin_includes_all() -> None:
    def actor(*scopes: str) -> Actor:
        return Actor(user=None, via="api", scopes=frozenset(scopes))

    assert has_scope(actor("crm:write"), "crm:read")
    assert not has_scope(actor("crm:read"), "crm:write")
    assert has_scope(actor("admin"), "compensation:write")
    assert has_scope(system("test"), "crm:write")
    assert scope_of_object("opportunity", "write") == "crm:write"


def test_scopes_are_enforced_on_the_api() -> None:
    administrator = acting(make_administrator())
    account = make_account(actor=administrator)

    def get(path: str, *scopes: str) -> int:
        made = create_token(administrator, name="A", scopes=scopes)
        authorization = {"HTTP_AUTHORIZATION": f"Bearer {made.secret}"}
        return int(Client().get(path, **authorization).status_code)  # type: ignore[arg-type]

    path = f"/api/v1/accounts/{account.pk}"
    assert get(path, "crm:read") == 200
    assert get(path, "crm:write") == 200
    assert get(path, "admin") == 200
    assert get(path, "signing:read") == 403
    assert get("/api/v1/webhooks", "crm:read") == 403
    assert Client().get(path).status_code == 401


def test_the_command_line_makes_lists_and_revokes(capsys: pytest.CaptureFixture[str]) -> None:
    make_user("Rita", email="rita@example.com")

    def run(*words: str) -> str:
        parser = argparse.ArgumentParser()
        parser.add_argument("--json", action="store_true")
        commands.add_commands(parser.add_subparsers())
        arguments = parser.parse_args(words)
        assert arguments.run(arguments) == 0
        return capsys.readouterr().out

    secret = run(
        "token", "create", "--user", "rita@example.com", "--scopes", "crm:read", "signing:read"
    ).strip()
    actor = authenticate_token(secret)
    assert actor is not None and actor.scopes == {"crm:read", "signing:read"}
    (listed,) = json.loads(run("--json", "token", "list"))
    assert (listed["user"], listed["prefix"]) == ("rita@example.com", secret[:10])
    assert secret not in json.dumps(listed)
    run("token", "revoke", secret[:10])
    assert authenticate_token(secret) is None
    with pytest.raises(NotFound):
        run("token", "create", "--user", "nobody@example.com", "--scopes", "crm:read")
    with pytest.raises(Invalid):
        run("token", "create", "--user", "rita@example.com", "--scopes", "everything")
