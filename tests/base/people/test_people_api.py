"""People on the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dealwright.base.people.models import User
from dealwright.base.people.tokens import create_token
from make import acting, make_administrator, make_role, make_team, make_user

pytestmark = pytest.mark.django_db


class Api:
    """Calls with a token of some scopes."""

    def __init__(self, user: User, *scopes: str) -> None:
        self.token = create_token(acting(user), name="Test", scopes=scopes).secret

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        return getattr(Client(), method)(
            f"/api/v1{path}",
            data=body,
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {self.token}",
        )


def test_a_token_learns_whom_it_acts_as() -> None:
    user = make_user("Rita Rep")
    team = make_team(user)
    me = Api(user, "crm:read")("get", "/me").json()
    assert (me["user"]["id"], me["user"]["name"]) == (str(user.pk), "Rita Rep")
    assert (me["user"]["profile"], me["user"]["status"]) == ("rep", "here")
    assert (me["teams"], me["scopes"]) == ([str(team.pk)], ["crm:read"])
    assert Client().get("/api/v1/me").status_code == 401


def test_people_are_listed_page_by_page() -> None:
    user = make_user()
    for _ in range(4):
        make_user()
    api = Api(user, "base:read")
    seen: list[str] = []
    cursor = ""
    while True:
        page = api("get", f"/users?limit=2{cursor}").json()
        seen += [each["id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [str(pk) for pk in User.objects.order_by("pk").values_list("pk", flat=True)]
    (found,) = api("get", f"/users?email={user.email.upper()}").json()["items"]
    assert found == api("get", f"/users/{user.pk}").json()
    assert Api(user, "crm:read")("get", "/users").status_code == 403
    assert api("get", "/users?cursor=x").status_code == 422


def test_an_administrator_invites_moves_and_deactivates() -> None:
    administrator, role, team = make_administrator(), make_role(), make_team()
    api = Api(administrator, "admin")
    invited = api(
        "post",
        "/users/invitations",
        {"email": "rita@example.com", "role": str(role.pk), "teams": [str(team.pk)]},
    )
    assert invited.status_code == 201
    body = invited.json()
    assert "/invitation/" in body["link"]
    assert (body["user"]["status"], body["user"]["role"]) == ("invited", str(role.pk))
    path = f"/users/{body['user']['id']}"
    changed = api("patch", path, {"profile": "manager", "role": None, "region": "North"}).json()
    assert (changed["profile"], changed["role"], changed["region"]) == ("manager", None, "North")
    assert api("patch", path, {"profile": "king"}).status_code == 422
    assert api("post", f"{path}/deactivate").json()["status"] == "inactive"
    assert api("post", f"{path}/deactivate").status_code == 409
    assert api("post", f"{path}/reactivate").status_code == 200


def test_teams_and_roles() -> None:
    api = Api(make_administrator(), "admin")
    user, role = make_user(), make_role("Sales")
    assert api("get", "/roles").json() == [{"id": str(role.pk), "name": "Sales", "parent": None}]
    team = api("post", "/teams", {"name": "North", "members": [str(user.pk)]}).json()
    assert api("get", "/teams").json() == [team]
    assert api("post", "/teams", {"name": "North"}).status_code == 409
    path = f"/teams/{team['id']}"
    assert api("put", path, {"name": "South"}).json()["members"] == []
    assert api("delete", path).status_code == 204
    assert api("delete", path).status_code == 404


def test_neither_a_rep_nor_a_small_token_administrates() -> None:
    user = make_user()
    calls = [
        ("post", "/users/invitations", {"email": "x@example.com"}),
        ("patch", f"/users/{user.pk}", {"profile": "administrator"}),
        ("post", f"/users/{user.pk}/deactivate", None),
        ("post", f"/users/{user.pk}/reactivate", None),
        ("post", "/teams", {"name": "X"}),
    ]
    for api in (Api(user, "admin"), Api(make_administrator(), "base:write", "crm:write")):
        for method, path, body in calls:
            assert api(method, path, body).status_code == 403, path
