"""Saved views: who may open and change them, what is pinned, what was open last."""

from __future__ import annotations

from typing import Any

import pytest

from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.people.models import User
from dealwright.base.records.models import SavedView
from dealwright.base.records.views import (
    create_view,
    delete_view,
    find_view,
    last_view,
    pin_view,
    remember_view,
    update_view,
    views_for,
)
from make import acting, make_administrator, make_team, make_user

pytestmark = pytest.mark.django_db


def make_view(user: User, name: str = "View", **fields: Any) -> SavedView:
    values: dict[str, Any] = {"layout": "table", "filter": {}, "columns": ["name"], "sort": "name"}
    return create_view(acting(user), "account", name=name, **values | fields)


def names(user: User) -> list[str]:
    return [view.name for view in views_for(user, "account")]


def test_private_team_and_everyones_views_reach_whom_they_are_for() -> None:
    ann, bob, eve = make_user(), make_user(), make_user()
    team = make_team(ann, bob)
    make_view(ann, "Private")
    make_view(ann, "Team", scope="team", team_id=str(team.pk))
    make_view(ann, "All", scope="everyone")
    assert names(ann) == ["All", "Private", "Team"]
    assert names(bob) == ["All", "Team"]
    assert names(eve) == ["All"]


def test_only_the_owner_or_an_administrator_changes_a_shared_view() -> None:
    ann, bob = make_user(), make_user()
    view = make_view(ann, scope="everyone")
    with pytest.raises(NotAllowed):
        update_view(acting(bob), view, name="Mine now")
    with pytest.raises(NotAllowed):
        delete_view(acting(bob), view)
    assert update_view(acting(make_administrator()), view, name="Renamed").name == "Renamed"
    delete_view(acting(ann), view)
    assert names(ann) == []


def test_a_view_is_checked_when_it_is_kept() -> None:
    ann = make_user()
    wrong = {"field": "colour", "op": "is", "value": "x"}
    with pytest.raises(Invalid) as caught:
        make_view(ann, filter=wrong)
    assert list(caught.value.fields) == ["colour"]
    with pytest.raises(Invalid):
        update_view(acting(ann), make_view(ann), filter=wrong)


def test_pinned_views_come_first_for_who_pinned_them() -> None:
    ann, bob = make_user(), make_user()
    make_view(ann, "A", scope="everyone")
    second = make_view(ann, "B", scope="everyone")
    pin_view(acting(bob), second)
    pin_view(acting(bob), second)
    assert names(bob) == ["B", "A"]
    assert names(ann) == ["A", "B"]
    pin_view(acting(bob), second, pinned=False)
    assert names(bob) == ["A", "B"]
    with pytest.raises(NotFound):
        pin_view(acting(bob), make_view(ann, "Private"))


def test_the_view_opened_last_is_remembered_while_it_may_be_opened() -> None:
    ann, bob = make_user(), make_user()
    view, other = make_view(ann, "A", scope="everyone"), make_view(ann, "B")
    assert last_view(bob, "account") is None
    remember_view(bob, "account", view)
    remember_view(bob, "account", view)
    assert last_view(bob, "account") == view
    update_view(acting(ann), view, scope="private")
    assert last_view(bob, "account") is None
    remember_view(ann, "account", other)
    remember_view(ann, "account", None)
    assert last_view(ann, "account") is None
    assert find_view(ann, "account", str(other.pk)) == other
