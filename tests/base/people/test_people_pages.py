"""The settings pages of people: what administrators do there and others may not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from base.people.identity_provider import identity_provider
from crm.make import make_account
from dealwright.base.people.credentials import ApiToken, Invitation
from dealwright.base.people.models import Profile, Role, Team, User
from dealwright.base.people.organization import organization
from dealwright.base.people.tokens import authenticate_token
from make import make_administrator, make_role, make_team, make_user

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_these_pages_are_for_administrators() -> None:
    user, role, team = make_user(), make_role(), make_team()
    paths = [
        "/settings/company",
        "/settings/users",
        "/settings/users/invite",
        f"/settings/users/{user.pk}",
        "/settings/roles",
        f"/settings/roles/{role.pk}",
        "/settings/teams",
        f"/settings/teams/{team.pk}",
        "/settings/identity",
        "/settings/identity/providers/add",
        "/settings/identity/programs/add",
        "/settings/events",
        "/settings/jobs",
    ]
    administrator = browser(make_administrator())
    profiles = set(Profile.values) - {"administrator"}
    others = [browser(make_user(profile=each)) for each in profiles]
    for path in paths:
        assert administrator.get(path).status_code == 200, path
        assert Client().get(path).headers["Location"].startswith("/me/login/"), path
        for client in others:
            assert client.get(path).status_code == 403, path
            assert client.post(path).status_code in (403, 405), path


def test_the_page_of_a_person_is_of_that_person() -> None:
    administrator, user = make_administrator("Ada Lovelace"), make_user("Rita Rep")
    make_account(owner=user)
    page = text_of(browser(administrator).get(f"/settings/users/{user.pk}"))
    assert "<title>Rita Rep" in page
    assert user.email in page
    assert "Accounts: 1" in page


def test_a_person_is_changed_and_a_wrong_value_keeps_what_was_typed() -> None:
    client, user, role, team = browser(make_administrator()), make_user(), make_role(), make_team()
    path = f"/settings/users/{user.pk}"
    typed = {
        "name": "New Name",
        "profile": "manager",
        "role": str(role.pk),
        "manager": "",
        "region": "North",
        "job_title": "Boss",
        "teams": [str(team.pk)],
    }
    refused = client.post(path, typed | {"name": " "})
    assert refused.status_code == 422
    assert "A person needs a name." in text_of(refused)
    assert 'value="Boss"' in text_of(refused)
    assert client.post(path, typed).status_code == 303
    user.refresh_from_db()
    assert (user.name, user.profile, user.role) == ("New Name", "manager", role)
    assert list(user.teams.all()) == [team]


def test_every_verb_on_a_person() -> None:
    client, user = browser(make_administrator()), make_user("Rita")
    heir = make_user("Heir")
    path = f"/settings/users/{user.pk}"
    assert client.post(f"{path}/end-sessions").status_code == 303
    assert client.post(f"{path}/reset-second-factor").status_code == 303
    assert client.post(f"{path}/deactivate").status_code == 303
    assert "Let in again" in text_of(client.get(path))
    assert client.post(f"{path}/deactivate").status_code == 409
    assert client.post(f"{path}/reactivate").status_code == 303
    assert client.post(f"{path}/transfer", {"to": ""}).status_code == 422
    moved = client.post(f"{path}/transfer", {"to": str(heir.pk)})
    assert moved.headers["Location"].startswith("/jobs/")
    assert client.get(moved.headers["Location"]).status_code == 200
    assert client.post(f"{path}/explode").status_code == 404
    assert client.get(f"{path}/deactivate").status_code == 405


def test_an_invitation_is_sent_again_and_taken_back() -> None:
    client = browser(make_administrator())
    refused = client.post("/settings/users/invite", {"email": "rita", "profile": "rep"})
    assert (refused.status_code, 'value="rita"' in text_of(refused)) == (422, True)
    made = client.post("/settings/users/invite", {"email": "rita@example.com", "profile": "rep"})
    assert "/invitation/" in text_of(made)
    user = User.objects.get(email="rita@example.com")
    assert "Invited" in text_of(client.get(f"/settings/users/{user.pk}"))
    assert "/invitation/" in text_of(client.post(f"/settings/users/{user.pk}/resend"))
    assert client.post(f"/settings/users/{user.pk}/revoke").status_code == 303
    assert not Invitation.objects.filter(accepted_at=None, revoked_at=None).exists()


def test_the_list_is_searched_and_split_by_how_people_stand() -> None:
    client = browser(make_administrator("Ada"))
    make_user("Rita Rep")
    make_user("Gone", is_active=False)
    make_user("Imported", is_placeholder=True)
    assert "Rita Rep" in text_of(client.get("/settings/users"))
    assert "Gone" not in text_of(client.get("/settings/users"))
    assert "Gone" in text_of(client.get("/settings/users?show=inactive"))
    assert "Imported" in text_of(client.get("/settings/users?show=placeholders"))
    found = text_of(client.get("/settings/users?q=rita"))
    assert ("Rita Rep" in found, "Nobody by that name" in found) == (True, False)
    assert "Nobody by that name" in text_of(client.get("/settings/users?q=xyz&page=nonsense"))


def test_roles_and_teams_are_kept() -> None:
    client = browser(make_administrator())
    assert client.post("/settings/roles", {"name": "Sales", "parent": ""}).status_code == 303
    sales = Role.objects.get()
    assert client.post("/settings/roles", {"name": "North", "parent": sales.pk}).status_code == 303
    north = Role.objects.get(parent=sales)
    circle = client.post(f"/settings/roles/{sales.pk}", {"name": "Sales", "parent": north.pk})
    assert "cannot stand below itself" in text_of(circle)
    assert client.post(f"/settings/roles/{sales.pk}/delete").status_code == 409
    assert client.post(f"/settings/roles/{north.pk}/delete").status_code == 303
    assert client.post("/settings/roles", {"name": ""}).status_code == 422

    user = make_user("Rita Rep")
    made = client.post("/settings/teams", {"name": "North"})
    path = made.headers["Location"]
    assert client.post(path, {"name": "South", "members": [str(user.pk)]}).status_code == 303
    team = Team.objects.get()
    assert (team.name, list(team.members.all())) == ("South", [user])
    assert client.post(f"{path}/delete").status_code == 303


def test_a_token_is_shown_once() -> None:
    user = make_user()
    client = browser(user)
    refused = client.post("/settings/tokens", {"name": "Script", "days": "90"})
    assert "at least one scope" in text_of(refused)
    assert 'value="Script"' in text_of(refused)
    made = text_of(
        client.post("/settings/tokens", {"name": "Script", "days": "90", "scopes": ["crm:read"]})
    )
    secret = re.search(r"dw_[\w-]{43}", made)
    assert secret is not None
    actor = authenticate_token(secret[0])
    assert actor is not None and actor.user == user
    assert secret[0] not in text_of(client.get("/settings/tokens"))
    token = ApiToken.objects.get()
    assert browser(make_user()).post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    assert client.post(f"/settings/tokens/{token.pk}/revoke").status_code == 303
    assert authenticate_token(secret[0]) is None
    wrong = {"name": "x", "days": "99999", "scopes": ["crm:read"]}
    assert client.post("/settings/tokens", wrong).status_code == 422


def test_the_company_is_changed() -> None:
    client = browser(make_administrator())
    values = {"name": "Acme", "currency": "EUR", "timezone": "Europe/Berlin", "language": "de"}
    assert client.post("/settings/company", values | {"currency": "XXQ"}).status_code == 422
    assert client.post("/settings/company", values | {"timezone": "Mars"}).status_code == 422
    assert client.post("/settings/company", values).status_code == 303
    found = organization()
    assert (found.name, found.currency, found.timezone) == ("Acme", "EUR", "Europe/Berlin")


def test_providers_and_programs_are_kept() -> None:
    client = browser(make_administrator())
    with identity_provider() as provider:
        values = {
            "name": "Company login",
            "issuer": provider.url,
            "client_id": "x",
            "secret": "very-secret",
        }
        refused = client.post("/settings/identity/providers/add", values | {"issuer": "x"})
        assert refused.status_code == 422
        assert "very-secret" not in text_of(refused)
        assert client.post("/settings/identity/providers/add", values).status_code == 303
    page = text_of(client.get("/settings/identity"))
    assert "Company login" in page
    remove = re.search(r"/settings/identity/providers/\d+/remove", page)
    assert remove is not None
    assert client.post(remove[0]).status_code == 303

    made = client.post(
        "/settings/identity/programs/add",
        {"name": "Wiki", "redirect_uris": "https://wiki.example.com/back"},
    )
    assert "never shown again" in text_of(made)
    remove = re.search(
        r"/settings/identity/programs/\w+/remove", text_of(client.get("/settings/identity"))
    )
    assert remove is not None
    assert client.post(remove[0]).status_code == 303
