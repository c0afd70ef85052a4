"""The role tree and the teams."""

from __future__ import annotations

import pytest

from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.people.models import Role, Team
from dealwright.base.people.structure import (
    change_role,
    change_team,
    create_role,
    create_team,
    delete_role,
    delete_team,
    move_role,
    rename_role,
    role_tree,
    roles_with_depth,
    set_team_members,
)
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


def test_roles_make_a_tree() -> None:
    administrator = acting(make_administrator())
    sales = create_role(administrator, name="Sales")
    north = create_role(administrator, name="North", parent=sales)
    create_role(administrator, name="Reps North", parent=north)
    make_user(role=north)
    (top,) = role_tree()
    assert (top.role, top.people, top.below[0].role, top.below[0].people) == (sales, 0, north, 1)
    assert [(role.name, depth) for role, depth in roles_with_depth()] == [
        ("Sales", 0), ("North", 1), ("Reps North", 2),
    ]  # fmt: skip
    assert [role.name for role, _ in roles_with_depth(without=north)] == ["Sales"]


def test_a_role_cannot_stand_below_itself() -> None:
    administrator = acting(make_administrator())
    top = create_role(administrator, name="Top")
    below = create_role(administrator, name="Below", parent=top)
    with pytest.raises(Invalid, match="Top cannot stand below itself") as refusal:
        move_role(administrator, top.pk, below)
    assert list(refusal.value.fields) == ["parent"]
    with pytest.raises(Invalid):
        move_role(administrator, top.pk, top)
    move_role(administrator, below.pk, None)
    assert Role.objects.get(pk=below.pk).parent is None


def test_a_role_with_people_or_roles_stays() -> None:
    administrator = acting(make_administrator())
    top = create_role(administrator, name="Top")
    below = create_role(administrator, name="Below", parent=top)
    user = make_user(role=below)
    with pytest.raises(Conflict, match="0 people and 1 roles below"):
        delete_role(administrator, top.pk)
    with pytest.raises(Conflict, match="1 people"):
        delete_role(administrator, below.pk)
    user.role = None
    user.save()
    delete_role(administrator, below.pk)
    delete_role(administrator, top.pk)
    with pytest.raises(NotFound):
        delete_role(administrator, top.pk)


def test_names_are_taken_once() -> None:
    administrator = acting(make_administrator())
    create_role(administrator, name="Sales")
    other = create_role(administrator, name="Service")
    with pytest.raises(Conflict, match="a role “Sales” already") as refusal:
        create_role(administrator, name=" Sales ")
    assert refusal.value.fields == {"name": ["This name is taken."]}
    with pytest.raises(Conflict):
        rename_role(administrator, other.pk, "Sales")
    with pytest.raises(Invalid, match="A role needs a name"):
        change_role(administrator, other.pk, name=" ", parent=None)
    create_team(administrator, name="North")
    with pytest.raises(Conflict, match="a team “North” already"):
        create_team(administrator, name="North")


def test_a_team_has_exactly_the_members_that_were_set() -> None:
    administrator = acting(make_administrator())
    ann, ben, cleo = make_user("Ann"), make_user("Ben"), make_user("Cleo")
    team = create_team(administrator, name="North", members=[ann, ben])
    set_team_members(administrator, team.pk, [ben, cleo])
    assert set(team.members.all()) == {ben, cleo}
    change_team(administrator, team.pk, name="South", members=[])
    team.refresh_from_db()
    assert (team.name, team.members.count()) == ("South", 0)
    delete_team(administrator, team.pk)
    assert not Team.objects.exists()


def test_only_administrators_change_the_structure() -> None:
    rep = acting(make_user())
    role, team = Role.objects.create(name="Role"), Team.objects.create(name="Team")
    for act in (
        lambda: create_role(rep, name="X"),
        lambda: rename_role(rep, role.pk, "X"),
        lambda: move_role(rep, role.pk, None),
        lambda: delete_role(rep, role.pk),
        lambda: create_team(rep, name="X"),
        lambda: set_team_members(rep, team.pk, []),
        lambda: delete_team(rep, team.pk),
    ):
        with pytest.raises(NotAllowed):
            act()
