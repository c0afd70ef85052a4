"""People for tests: users, roles, teams and who acts."""

from __future__ import annotations

from itertools import count
from typing import Any

from dealwright.base.access.actor import Actor, Via
from dealwright.base.people.models import Profile, Role, Team, TeamMembership, User

_numbers = count(1)


def make_user(name: str = "", *, profile: str = Profile.REP, **fields: Any) -> User:
    """A user who can sign in; a new name and address each time."""
    number = next(_numbers)
    name = name or f"Person {number}"
    email = fields.pop("email", "") or f"{name.lower().replace(' ', '.')}.{number}@dealwright.test"
    return User.objects.create_user(
        email, "a good long password", name=name, profile=profile, **fields
    )


def make_administrator(name: str = "Ada Admin", **fields: Any) -> User:
    return make_user(name, profile=Profile.ADMINISTRATOR, **fields)


def make_role(name: str = "", *, parent: Role | None = None) -> Role:
    return Role.objects.create(name=name or f"Role {next(_numbers)}", parent=parent)


def make_team(*members: User, name: str = "") -> Team:
    team = Team.objects.create(name=name or f"Team {next(_numbers)}")
    TeamMembership.objects.bulk_create(TeamMembership(team=team, user=user) for user in members)
    return team


def acting(user: User, *, via: Via = "web") -> Actor:
    """The user as the actor of a service."""
    return Actor(user=user, via=via)
