"""Where people stand, how they leave and come back, who may see their pay."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client

from crm.make import make_account, make_contact
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.events.models import OutboxEvent
from dealwright.base.jobs import run_jobs
from dealwright.base.people.handover import records_owned, transfer_records
from dealwright.base.people.models import Profile, User
from dealwright.base.people.pay import may_see_pay, payees_visible_to
from dealwright.base.people.tokens import authenticate_token, create_token
from dealwright.base.people.users import (
    deactivate_user,
    end_all_sessions,
    move_user,
    reactivate_user,
    reset_second_factor,
    update_user,
)
from make import acting, make_administrator, make_role, make_team, make_user

pytestmark = pytest.mark.django_db


def test_an_administrator_moves_a_person_and_the_house_is_told() -> None:
    administrator, user = acting(make_administrator()), make_user()
    role, team, boss = make_role(), make_team(), make_user()
    update_user(
        administrator,
        user.pk,
        name="New Name",
        profile=Profile.MANAGER,
        role=role,
        manager=boss,
        teams=[team],
        region=" North ",
    )
    user.refresh_from_db()
    assert (user.name, user.profile, user.region) == ("New Name", "manager", "North")
    assert (user.role, user.manager, list(user.teams.all())) == (role, boss, [team])
    event = OutboxEvent.objects.get(name="user.moved")
    assert event.payload["team_ids"] == [str(team.pk)]

    update_user(administrator, user.pk, name="Newer Name")  # nothing that moves
    assert OutboxEvent.objects.filter(name="user.moved").count() == 1


def test_what_a_person_sees_follows_the_move() -> None:
    administrator, user, rep = acting(make_administrator()), make_user(), make_user()
    top = make_role()
    below = make_role(parent=top)
    account = make_account(owner=rep)
    assert not visible_records(acting(user), "account").exists()
    move_user(administrator, user.pk, role=top)
    move_user(administrator, rep.pk, role=below)
    fresh = User.objects.get(pk=user.pk)
    assert list(visible_records(acting(fresh), "account")) == [account]


def test_nobody_manages_themselves_not_even_in_a_circle() -> None:
    administrator = acting(make_administrator())
    ann = make_user("Ann")
    ben = make_user("Ben", manager=ann)
    cleo = make_user("Cleo", manager=ben)
    with pytest.raises(Invalid, match="cannot be their own manager"):
        move_user(administrator, ann.pk, manager=cleo)
    with pytest.raises(Invalid):
        move_user(administrator, ann.pk, manager=ann)


def test_the_last_administrator_stays_one() -> None:
    only = make_administrator()
    with pytest.raises(Conflict, match="is the last administrator"):
        update_user(acting(only), only.pk, profile=Profile.REP)
    second = make_administrator("Second")
    with pytest.raises(Conflict, match="cannot deactivate yourself"):
        deactivate_user(acting(only), only.pk)
    deactivate_user(acting(second), only.pk)
    with pytest.raises(Conflict, match="is the last administrator"):
        update_user(acting(second), second.pk, profile=Profile.REP)


def test_who_is_deactivated_is_out_at_once_everywhere() -> None:
    administrator, user = acting(make_administrator()), make_user()
    client = Client()
    client.post("/me/login/", {"login": user.email, "password": "a good long password"})
    token = create_token(acting(user), name="Script", scopes=["crm:read"])
    assert client.get("/settings/profile").status_code == 200
    assert authenticate_token(token.secret) is not None

    deactivate_user(administrator, user.pk)
    assert client.get("/settings/profile").status_code == 302
    assert authenticate_token(token.secret) is None
    assert not Session.objects.exists()
    with pytest.raises(Conflict):
        deactivate_user(administrator, user.pk)

    reactivate_user(administrator, user.pk)
    assert authenticate_token(token.secret) is None  # tokens do not come back
    names = list(OutboxEvent.objects.values_list("name", flat=True))
    assert names == ["user.deactivated", "user.reactivated"]


def test_only_administrators_do_this() -> None:
    rep, other = acting(make_user(profile=Profile.MANAGER)), make_user()
    for act in (deactivate_user, reactivate_user, end_all_sessions, reset_second_factor):
        with pytest.raises(NotAllowed):
            act(rep, other.pk)
    with pytest.raises(NotAllowed):
        update_user(rep, other.pk, profile=Profile.ADMINISTRATOR)
    with pytest.raises(NotAllowed):
        transfer_records(rep, other.pk, rep.require_user().pk)


def test_lost_factors_are_removed_by_an_administrator_but_not_ones_own() -> None:
    administrator, user = make_administrator(), make_user()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    reset_second_factor(acting(administrator), user.pk)
    assert not Authenticator.objects.exists()
    with pytest.raises(NotAllowed):
        reset_second_factor(acting(administrator), administrator.pk)


def test_all_records_of_a_person_are_given_to_another() -> None:
    administrator, leaver, heir = acting(make_administrator()), make_user(), make_user("Heir")
    accounts = [make_account(owner=leaver) for _ in range(3)]
    contact = make_contact(owner=leaver)
    counts = {of.key: count for of, count in records_owned(leaver)}
    assert (counts["account"], counts["contact"]) == (3, 1)

    run = transfer_records(administrator, leaver.pk, heir.pk)
    run_jobs()
    run.refresh_from_db()
    assert run.status == "done"
    assert run.message == "4 records have a new owner."
    assert records_owned(leaver) == []
    for record in (*accounts, contact):
        record.refresh_from_db()
        assert record.owner == heir
        assert record.version == 2


def test_records_go_to_an_active_other_person() -> None:
    administrator, leaver = acting(make_administrator()), make_user()
    with pytest.raises(Conflict, match="another person"):
        transfer_records(administrator, leaver.pk, leaver.pk)
    gone = make_user(is_active=False)
    with pytest.raises(Conflict, match="is not active"):
        transfer_records(administrator, leaver.pk, gone.pk)


def test_pay_is_seen_by_finance_administrators_oneself_and_managers_above() -> None:
    top = make_user("Top", profile=Profile.MANAGER)
    middle = make_user("Middle", profile=Profile.MANAGER, manager=top)
    payee = make_user("Payee", manager=middle)
    colleague = make_user("Colleague", manager=middle)
    finance = make_user(profile=Profile.FINANCE)
    seen_by = [
        user.name
        for user in (top, middle, payee, colleague)
        if may_see_pay(User.objects.get(pk=user.pk), payee)
    ]
    assert seen_by == ["Top", "Middle", "Payee"]
    assert may_see_pay(finance, payee)
    assert may_see_pay(make_administrator(), payee)
    assert not may_see_pay(make_user(profile=Profile.LEGAL), payee)
    assert payees_visible_to(finance) is None
    assert payees_visible_to(User.objects.get(pk=middle.pk)) == {
        middle.pk, payee.pk, colleague.pk,
    }  # fmt: skip
