"""How people come in: the first administrator, invitations, placeholders."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from crm.make import make_account
from dealwright.base.access.actor import Actor, system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.messaging.models import OutboundMessage
from dealwright.base.people.credentials import Invitation
from dealwright.base.people.invitations import (
    Invited,
    accept_invitation,
    find_invitation,
    invite_user,
    join_by_proven_address,
    nobody_is_here,
    resend_invitation,
    revoke_invitation,
    sign_up_first_administrator,
)
from dealwright.base.people.models import Profile, User
from dealwright.base.people.organization import organization
from dealwright.base.people.users import deactivate_user
from dealwright.base.records.models import AuditEvent
from make import acting, make_administrator, make_role, make_team, make_user

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
VISITOR = Actor(user=None, via="public", label="Visitor")


def token_of(invited: Invited) -> str:
    return invited.link.rpartition("/")[2]


def make_placeholder(name: str = "Moses Frase") -> User:
    user = User(name=name, email=f"{name.replace(' ', '.').lower()}@placeholder.invalid")
    user.is_placeholder = True
    user.set_unusable_password()
    user.save()
    return user


def test_the_first_person_makes_the_company_and_administrates_it() -> None:
    make_placeholder()
    assert nobody_is_here()
    user = sign_up_first_administrator(
        VISITOR, company=" Acme  Ltd ", name="Ada", email=" Ada@Example.COM ", password=PASSWORD
    )
    assert (user.email, user.profile) == ("ada@example.com", Profile.ADMINISTRATOR)
    assert user.check_password(PASSWORD)
    assert organization().name == "Acme Ltd"
    assert EmailAddress.objects.get(user=user).verified
    assert not nobody_is_here()
    with pytest.raises(Conflict, match="set up already"):
        sign_up_first_administrator(
            VISITOR, company="B", name="B", email="b@example.com", password=PASSWORD
        )


def test_the_first_sign_up_names_every_wrong_field_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        sign_up_first_administrator(VISITOR, company=" ", name="", email="ada", password="short")
    assert set(refusal.value.fields) == {"company", "name", "email", "password"}
    assert nobody_is_here()


def test_an_invited_person_gets_a_link_and_comes_in_where_the_administrator_said() -> None:
    administrator, role, team = make_administrator(), make_role("Sales"), make_team(name="North")
    invited = invite_user(
        acting(administrator),
        email="Rita@Example.com",
        profile=Profile.MANAGER,
        role=role,
        manager=administrator,
        teams=[team],
    )
    mail = OutboundMessage.objects.get(to="rita@example.com")
    assert invited.link in mail.text
    assert mail.is_sensitive

    user = accept_invitation(token_of(invited), name="Rita Rep", password=PASSWORD)
    assert (user.name, user.email, user.profile) == ("Rita Rep", "rita@example.com", "manager")
    assert (user.role, user.manager, list(user.teams.all())) == (role, administrator, [team])
    assert user.check_password(PASSWORD)
    assert not user.is_placeholder
    names = list(OutboxEvent.objects.values_list("name", flat=True))
    assert names == ["user.invited", "user.joined"]


def test_a_link_works_once() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    accept_invitation(token_of(invited), name="Rita", password=PASSWORD)
    with pytest.raises(NotFound, match="not open any more"):
        accept_invitation(token_of(invited), name="Eve", password=PASSWORD)
    with pytest.raises(NotFound):
        find_invitation("made-up")


def test_a_link_works_for_seven_days() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    assert invited.invitation.expires_at - timezone.now() > timedelta(days=6, hours=23)
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(NotFound):
        find_invitation(token_of(invited))


def test_a_new_link_ends_the_old_one_and_a_revoked_one_is_closed() -> None:
    administrator = acting(make_administrator())
    first = invite_user(administrator, email="rita@example.com")
    second = resend_invitation(administrator, first.invitation.user_id)
    with pytest.raises(NotFound):
        find_invitation(token_of(first))
    assert find_invitation(token_of(second)).user_id == first.invitation.user_id
    revoke_invitation(administrator, first.invitation.user_id)
    with pytest.raises(NotFound):
        find_invitation(token_of(second))
    with pytest.raises(NotFound, match="no open invitation"):
        revoke_invitation(administrator, first.invitation.user_id)


def test_a_deactivated_persons_link_is_closed() -> None:
    administrator = acting(make_administrator())
    invited = invite_user(administrator, email="rita@example.com")
    deactivate_user(administrator, invited.invitation.user_id)
    with pytest.raises(NotFound):
        find_invitation(token_of(invited))


def test_a_placeholder_of_an_import_becomes_the_person_with_all_records() -> None:
    placeholder = make_placeholder("Moses Frase")
    account = make_account(owner=placeholder)
    administrator = acting(make_administrator())
    invited = invite_user(administrator, email="moses@example.com", user=placeholder)
    assert invited.invitation.user_id == placeholder.pk
    person = accept_invitation(token_of(invited), name="Moses Frase", password=PASSWORD)
    account.refresh_from_db()
    assert (account.owner_id, person.email) == (placeholder.pk, "moses@example.com")


def test_who_is_here_is_not_invited_again() -> None:
    administrator = acting(make_administrator())
    make_user("Rita", email="rita@example.com")
    with pytest.raises(Conflict, match="is here already") as refusal:
        invite_user(administrator, email="RITA@example.com")
    assert refusal.value.fields == {"email": ["This address is taken."]}
    with pytest.raises(Conflict):
        invite_user(administrator, email="rita@example.com", user=make_placeholder())


def test_only_administrators_invite() -> None:
    for profile in set(Profile.values) - {Profile.ADMINISTRATOR}:
        with pytest.raises(NotAllowed):
            invite_user(acting(make_user(profile=profile)), email="x@example.com")
    assert not Invitation.objects.exists()


def test_a_weak_password_is_refused_and_the_link_stays_open() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    with pytest.raises(Invalid) as refusal:
        accept_invitation(token_of(invited), name="", password="rita@example")
    assert set(refusal.value.fields) == {"name", "password"}
    assert find_invitation(token_of(invited))


def test_without_a_password_a_person_comes_in_for_a_passkey() -> None:
    invited = invite_user(acting(make_administrator()), email="rita@example.com")
    person = accept_invitation(token_of(invited), name="Rita", password=None)
    assert not person.has_usable_password()


def test_an_address_proven_elsewhere_accepts_an_open_invitation_only() -> None:
    administrator = acting(make_administrator())
    invited = invite_user(administrator, email="rita@example.com")
    assert join_by_proven_address(invited.invitation.user)
    assert not User.objects.get(email="rita@example.com").is_placeholder
    assert not join_by_proven_address(make_placeholder())


def test_the_token_is_neither_in_the_table_nor_in_the_audit() -> None:
    invited = invite_user(system("test"), email="rita@example.com")
    token = token_of(invited)
    assert token not in invited.invitation.token_hash
    for row in AuditEvent.objects.filter(table="base_invitation"):
        assert token not in str(row.after)
        assert invited.invitation.token_hash not in str(row.after)
