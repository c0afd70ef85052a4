"""Kept statements: the same question is written once, and never answered with old eyes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from base.make import make_deal
from crm.make import make_account, make_contact
from dealwright.base.access.actor import Actor, system
from dealwright.base.access.models import ObjectAccess, SharingRule
from dealwright.base.database.statements import compile_rows
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Profile, TeamMembership, User
from dealwright.base.records import statements
from dealwright.base.records.boards import board_columns
from dealwright.base.records.custom_fields import archive_custom_field, create_custom_field
from dealwright.base.records.queries import get_row, list_records
from dealwright.base.records.services import update_record
from dealwright.crm.models import Opportunity
from make import acting, make_administrator, make_role, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _begin_anew() -> Any:
    statements.forget_statements()
    yield
    statements.forget_statements()


class Compilations:
    """How many statements were written by the ORM within the block."""

    def __enter__(self) -> Compilations:
        self.number = 0
        whole = compile_rows

        def counted(*arguments: Any) -> Any:
            self.number += 1
            return whole(*arguments)

        self._patches = [
            patch(f"dealwright.base.records.{room}.compile_rows", counted)
            for room in ("cursors", "queries", "boards")
        ]
        for each in self._patches:
            each.start()
        return self

    def __exit__(self, *_: Any) -> None:
        for each in self._patches:
            each.stop()


def again(user: User) -> Actor:
    """The user in another request: read anew, as a signed-in person is."""
    return acting(User.objects.get(pk=user.pk))


def at(moment: datetime) -> Any:
    """The clock of conditions stands at a moment."""
    return patch("django.utils.timezone.now", return_value=moment)


def names(actor: Actor, **query: Any) -> set[str]:
    page = list_records(actor, object_type("opportunity"), columns=["name"], **query)
    return {row["name"] for row in page.rows}


class TestWhatIsKept:
    def test_the_second_who_asks_the_same_writes_nothing(self) -> None:
        user = make_user()
        make_deal(name="Alpha", owner=user)
        with Compilations() as first:
            assert names(again(user)) == {"Alpha"}
        with Compilations() as second:
            assert names(again(user)) == {"Alpha"}
        assert first.number
        assert second.number == 0

    def test_pages_and_rows_of_one_kind_share_a_statement(self) -> None:
        actor = acting(make_administrator())
        of = object_type("opportunity")
        deals = [make_deal(name=f"Deal {number}") for number in range(6)]
        seen: list[Any] = []
        cursor = ""
        with Compilations() as compilations:
            for _ in range(3):
                page = list_records(actor, of, sort="name", limit=2, cursor=cursor)
                seen += [row["name"] for row in page.rows]
                cursor = page.next_cursor
            read = [get_row(actor, of, deal.pk)["name"] for deal in deals]
        assert seen == read == [f"Deal {number}" for number in range(6)]
        # The first page, all further pages, the record: a name is never empty, so one each.
        assert compilations.number == 3

    def test_related_records_share_a_statement_and_stay_apart(self) -> None:
        actor = acting(make_administrator())
        of = object_type("contact")
        accounts = [make_account(name=f"Account {number}") for number in range(3)]
        for account in accounts:
            make_contact(last_name=f"Of {account.name}", account=account)
        with Compilations() as compilations:
            found = [
                [row["last_name"] for row in list_records(actor, of, linked=("account", a.pk)).rows]
                for a in accounts
            ]
        assert found == [[f"Of {account.name}"] for account in accounts]
        assert compilations.number in (1, 2)  # for those with and those without a sort value

    def test_a_board_reads_the_columns_that_are_not_full(self) -> None:
        actor = acting(make_administrator())
        for number in range(3):
            make_deal(name=f"Deal {number}", amount=None if number else 10)
        of = object_type("opportunity")

        def cards() -> dict[str, list[Any]]:
            columns = board_columns(actor, of, sort="-amount", columns=["name"], cards=2)
            return {each.key: [card["name"] for card in each.cards] for each in columns}

        first = cards()
        with Compilations() as compilations:
            assert cards() == first
        assert compilations.number == 0
        assert any(column and column[0] == "Deal 0" for column in first.values())

    def test_no_more_than_so_many_are_kept(self) -> None:
        actor = acting(make_administrator())
        with patch.object(statements, "MAX_KEPT", 5):
            for number in range(1, 12):
                list_records(actor, object_type("account"), limit=number)
            assert len(statements._kept) == 5

    def test_what_a_filter_says_of_this_moment_holds_for_no_other(self) -> None:
        actor = acting(make_administrator())
        tree = {"field": "created_at", "op": "within_last_days", "value": 1}
        start = datetime(2027, 3, 1, 12, tzinfo=UTC)
        early = make_deal(name="Early")
        Opportunity.objects.filter(pk=early.pk).update(created_at=start)
        with at(start + timedelta(hours=1)):
            assert names(actor, filter=tree) == {"Early"}
        with at(start + timedelta(hours=25)):
            assert names(actor, filter=tree) == set()

    def test_today_is_another_day_tomorrow_where_the_person_is(self) -> None:
        user = make_administrator(timezone="Asia/Tokyo")
        make_deal(name="Due", close_date="2027-03-02")
        tree = {"field": "close_date", "op": "is", "value": "today"}
        with at(datetime(2027, 3, 1, 14, 59, tzinfo=UTC)):
            assert names(again(user), filter=tree) == set()
        with at(datetime(2027, 3, 1, 15, 1, tzinfo=UTC)):
            assert names(again(user), filter=tree) == {"Due"}

    def test_values_never_go_into_the_text_of_a_statement(self) -> None:
        actor = acting(make_administrator())
        make_deal(name="100 %s of it; --")
        for text in ("100 %s of it; --", "%(value)s", "'"):
            tree = {"field": "name", "op": "is", "value": text}
            for _ in range(2):
                assert names(actor, filter=tree) == ({text} if text.startswith("100") else set())


def _gets_a_team(user: User, owner: User) -> None:
    rule_team = make_team(user)
    SharingRule.objects.create(
        object="opportunity", name="All", filter={}, to_team=rule_team, from_role=owner.role
    )


def _stands_above(user: User, owner: User) -> None:
    role = owner.role
    assert role is not None
    role.parent = user.role
    role.save()


def _sees_all(user: User, owner: User) -> None:
    ObjectAccess.objects.create(profile=Profile.REP, object="opportunity", level="read")


def _becomes_administrator(user: User, owner: User) -> None:
    User.objects.filter(pk=user.pk).update(profile=Profile.ADMINISTRATOR)


def _rule_by_filter(user: User, owner: User) -> None:
    tree = {"field": "name", "op": "starts_with", "value": "Hid"}
    SharingRule.objects.create(object="opportunity", name="Some", filter=tree, to_role=user.role)


@pytest.mark.parametrize(
    "change", [_gets_a_team, _stands_above, _sees_all, _becomes_administrator, _rule_by_filter]
)
def test_wider_and_narrower_eyes_are_seen_at_once(change: Callable[[User, User], None]) -> None:
    user = make_user(role=make_role())
    owner = make_user(role=make_role())
    make_deal(name="Hidden", owner=owner)
    make_deal(name="Own", owner=user)
    assert names(again(user)) == {"Own"}
    change(user, owner)
    assert names(again(user)) == {"Own", "Hidden"}
    # And back: what was kept for the wider eyes opens nothing to the narrower ones.
    TeamMembership.objects.filter(user=user).delete()
    SharingRule.objects.all().delete()
    ObjectAccess.objects.all().delete()
    User.objects.filter(pk=user.pk).update(profile=Profile.REP, role=make_role())
    assert names(again(user)) == {"Own"}


def test_a_user_who_left_sees_nothing_by_what_was_kept() -> None:
    user = make_user()
    make_deal(name="Own", owner=user)
    assert names(again(user)) == {"Own"}
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert names(again(user)) == set()


def test_a_custom_field_is_there_at_once_and_gone_at_once() -> None:
    administrator = make_administrator()
    deal = make_deal(name="Alpha")
    of = object_type("opportunity")

    def keys() -> set[str]:
        return set(list_records(again(administrator), of).rows[0])

    before = keys()
    field = create_custom_field(
        acting(administrator), "opportunity", label="Region code", kind="text"
    )
    assert keys() - before == {field.key}
    update_record(acting(administrator), "opportunity", deal.pk, {field.key: "EU"})
    assert list_records(again(administrator), of).rows[0][field.key] == "EU"
    archive_custom_field(acting(administrator), field.pk)
    assert keys() == before


def test_the_product_itself_and_a_person_do_not_share() -> None:
    user = make_user()
    make_deal(name="Of nobody")
    assert names(system("test")) == {"Of nobody"}
    assert names(again(user)) == set()
    assert names(system("test")) == {"Of nobody"}
