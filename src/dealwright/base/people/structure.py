"""The role tree and the teams."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Count

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, Invalid
from dealwright.base.people.models import Role, Team, TeamMembership, User
from dealwright.base.people.rules import check_name, get_role, get_team


@dataclass(slots=True)
class Branch:
    """A role with the roles below it and how many people stand in it."""

    role: Role
    people: int
    below: list[Branch] = field(default_factory=list)


def role_tree() -> list[Branch]:
    """The whole tree, in one statement."""
    roles = Role.objects.annotate(people=Count("users")).order_by("name")
    branches = {role.pk: Branch(role, role.people) for role in roles}
    tops: list[Branch] = []
    for branch in branches.values():
        above = branches.get(branch.role.parent_id) if branch.role.parent_id else None
        (above.below if above else tops).append(branch)
    return tops


def roles_with_depth(*, without: Role | None = None) -> list[tuple[Role, int]]:
    """All roles from the top down with their depth, for a list to choose from; ``without`` a
    role and what is below it."""
    found: list[tuple[Role, int]] = []

    def walk(branches: list[Branch], depth: int) -> None:
        for branch in branches:
            if without is None or branch.role.pk != without.pk:
                found.append((branch.role, depth))
                walk(branch.below, depth + 1)

    walk(role_tree(), 0)
    return found


def create_role(actor: Actor, *, name: str, parent: Role | None = None) -> Role:
    """Add a role below ``parent``, or at the top."""
    actor.require_administrator()
    with change(actor), _unique("role", name):
        return Role.objects.create(name=check_name(name, longest=120, what="A role"), parent=parent)


def rename_role(actor: Actor, role_id: uuid.UUID, name: str) -> Role:
    """Give a role another name."""
    actor.require_administrator()
    with change(actor), _unique("role", name):
        role = get_role(role_id, lock=True)
        role.name = check_name(name, longest=120, what="A role")
        role.save(update_fields=["name"])
    return role


def move_role(actor: Actor, role_id: uuid.UUID, parent: Role | None) -> Role:
    """Put a role with all below it under another; raises Invalid for a circle."""
    actor.require_administrator()
    with change(actor):
        # All rows: two moves at once could each be fine and close a circle together.
        parents = dict(
            Role.objects.select_for_update().order_by("pk").values_list("pk", "parent_id")
        )
        role = get_role(role_id)
        above = parent.pk if parent else None
        while above is not None:
            if above == role.pk:
                sentence = f"{role.name} cannot stand below itself."
                raise Invalid(sentence, fields={"parent": [sentence]})
            above = parents.get(above)
        role.parent = parent
        role.save(update_fields=["parent"])
    return role


def change_role(actor: Actor, role_id: uuid.UUID, *, name: str, parent: Role | None) -> Role:
    """Rename and move a role at once."""
    with change(actor):
        rename_role(actor, role_id, name)
        return move_role(actor, role_id, parent)


def delete_role(actor: Actor, role_id: uuid.UUID) -> None:
    """Remove a role; raises Conflict while people or roles hang on it."""
    actor.require_administrator()
    with change(actor):
        role = get_role(role_id, lock=True)
        people, below = role.users.count(), role.children.count()
        if people or below:
            raise Conflict(
                f"{role.name} still has {people} people and {below} roles below it. "
                "Move them first."
            )
        role.delete()


def create_team(actor: Actor, *, name: str, members: Iterable[User] = ()) -> Team:
    """Make a team."""
    actor.require_administrator()
    with change(actor), _unique("team", name):
        team = Team.objects.create(name=check_name(name, longest=120, what="A team"))
        _set(team, members)
    return team


def rename_team(actor: Actor, team_id: uuid.UUID, name: str) -> Team:
    """Give a team another name."""
    actor.require_administrator()
    with change(actor), _unique("team", name):
        team = get_team(team_id, lock=True)
        team.name = check_name(name, longest=120, what="A team")
        team.save(update_fields=["name"])
    return team


def set_team_members(actor: Actor, team_id: uuid.UUID, members: Iterable[User]) -> Team:
    """Exactly these people are in the team from now on."""
    actor.require_administrator()
    with change(actor):
        team = get_team(team_id, lock=True)
        _set(team, members)
    return team


def change_team(actor: Actor, team_id: uuid.UUID, *, name: str, members: Iterable[User]) -> Team:
    """Rename a team and set its members at once."""
    with change(actor):
        rename_team(actor, team_id, name)
        return set_team_members(actor, team_id, members)


def delete_team(actor: Actor, team_id: uuid.UUID) -> None:
    """Remove a team. Sharing rules to it go with it; records shared with it stay where they
    are and are seen by one team less."""
    actor.require_administrator()
    with change(actor):
        get_team(team_id, lock=True).delete()


def _set(team: Team, members: Iterable[User]) -> None:
    wanted = {member.pk for member in members}
    now = set(team.memberships.values_list("user_id", flat=True))
    team.memberships.exclude(user_id__in=wanted).delete()
    TeamMembership.objects.bulk_create(
        [TeamMembership(team=team, user_id=member) for member in wanted - now]
    )


@contextmanager
def _unique(what: str, name: str) -> Iterator[None]:
    """Turns the database's refusal of a second name into a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Conflict(
            f"There is a {what} “{name.strip()}” already.", fields={"name": ["This name is taken."]}
        ) from error
