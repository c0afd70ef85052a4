"""Pages, counts and single rows through the one door."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from base.make import make_deal
from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.objects.registry import object_type
from dealwright.base.records.queries import count_records, get_row, get_rows, list_records
from dealwright.crm.models import Account, Opportunity
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def deals() -> Any:
    return object_type("opportunity")


def walk(sort: str, limit: int = 3, **query: Any) -> list[str]:
    """All names in order by walking forward; walks back and checks that it saw the same."""
    pages = [list_records(SYSTEM, deals(), sort=sort, limit=limit, columns=["name"], **query)]
    while pages[-1].next_cursor:
        pages.append(
            list_records(
                SYSTEM,
                deals(),
                sort=sort,
                limit=limit,
                columns=["name"],
                cursor=pages[-1].next_cursor,
                **query,
            )
        )
    for before, after in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
        again = list_records(
            SYSTEM,
            deals(),
            sort=sort,
            limit=limit,
            columns=["name"],
            cursor=after.previous_cursor,
            **query,
        )
        assert again.rows == before.rows
        assert again.next_cursor
    assert pages[0].previous_cursor == ""
    return [row["name"] for page in pages for row in page.rows]


class TestPaging:
    def test_every_row_comes_once_with_equal_and_empty_values_in_both_directions(self) -> None:
        amounts = ["5", None, "1", "5", None, "5", "3", "1", None, "2", "5"]
        for number, amount in enumerate(amounts):
            make_deal(name=f"{amount}/{number:02}", amount=amount)
        ascending = walk("amount")
        descending = walk("-amount")
        assert sorted(ascending) == sorted(descending) and len(ascending) == 11
        assert [name.split("/")[0] for name in ascending] == (
            ["1", "1", "2", "3", "5", "5", "5", "5", "None", "None", "None"]
        )
        assert [name.split("/")[0] for name in descending] == (
            ["5", "5", "5", "5", "3", "2", "1", "1", "None", "None", "None"]
        )
        for limit in (1, 2, 4, 8, 11, 100):
            assert walk("-amount", limit) == descending

    def test_the_newest_come_first_unless_told_otherwise(self) -> None:
        for number in range(5):
            deal = make_deal(name=str(number))
            Opportunity.objects.filter(pk=deal.pk).update(
                created_at=timezone.now() - timedelta(days=5 - number)
            )
        assert walk("", 2) == ["4", "3", "2", "1", "0"]

    def test_days_and_texts_page_too(self) -> None:
        for day in ("2027-01-03", "2027-01-01", None, "2027-01-02"):
            make_deal(name=f"at {day}", close_date=day)
        assert walk("close_date", 1) == [
            "at 2027-01-01",
            "at 2027-01-02",
            "at 2027-01-03",
            "at None",
        ]
        assert walk("-name", 1) == sorted(walk("name", 1), reverse=True)

    def test_a_cursor_cannot_be_altered_nor_used_for_another_list(self) -> None:
        for _ in range(3):
            make_deal()
        cursor = list_records(SYSTEM, deals(), limit=1).next_cursor
        altered = ("x" if cursor[0] != "x" else "y") + cursor[1:]
        for wrong, sort in ((altered, ""), (cursor, "name"), ("nonsense", ""), ("\x00", "")):
            with pytest.raises(Invalid) as caught:
                list_records(SYSTEM, deals(), sort=sort, cursor=wrong)
            assert list(caught.value.fields) == ["cursor"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"limit": 0}, "limit"),
            ({"limit": 101}, "limit"),
            ({"sort": "account"}, "sort"),
            ({"sort": "colour"}, "colour"),
            ({"columns": ["colour"]}, "colour"),
            ({"filter": {"field": "amount", "op": "gt", "value": "x"}}, "amount"),
        ],
    )
    def test_wrong_questions_name_the_place(self, query: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as caught:
            list_records(SYSTEM, deals(), **query)
        assert list(caught.value.fields) == [field]


class TestRows:
    def test_a_row_holds_values_by_key_and_names_beside_relations(self) -> None:
        ann = make_user("Ann")
        account = make_account(name="Acme", industry="Steel", owner=ann)
        deal = make_deal(name="Deal", amount="12.50", account=account, owner=ann)
        row = get_row(acting(ann), deals(), deal.pk)
        assert row["id"] == deal.pk
        assert row["version"] == 1
        assert row["amount"] == Decimal("12.50")
        assert (row["account"], row["account_title"]) == (account.pk, "Acme")
        assert (row["owner"], row["owner_title"]) == (ann.pk, "Ann")
        assert row["stage_title"] == "Prospecting"
        assert get_rows(acting(ann), deals(), [deal.pk])[deal.pk] == row

    def test_columns_reach_over_relations_only_into_what_is_seen(self) -> None:
        ann, bob = make_user(), make_user()
        parent = make_account(name="Parent", owner=ann)
        account = make_account(name="Acme", industry="Steel", owner=bob, parent=parent)
        make_deal(account=account, owner=ann)
        columns = ["account", "account.industry", "account.parent", "owner.name"]

        def first(actor: Any) -> dict[str, Any]:
            return list_records(actor, deals(), columns=columns).rows[0]

        seen = first(SYSTEM)
        assert (seen["account_title"], seen["account.industry"]) == ("Acme", "Steel")
        assert (seen["account.parent"], seen["account.parent_title"]) == (parent.pk, "Parent")
        hidden = first(acting(ann))
        assert hidden["account"] == account.pk
        assert hidden["account_title"] is None
        assert hidden["account.industry"] is None
        assert hidden["account.parent"] is None
        assert hidden["owner.name"] == ann.name

    def test_hidden_and_absent_rows_read_the_same(self) -> None:
        ann, bob = make_user(), make_user()
        deal = make_deal(owner=bob)
        with pytest.raises(NotFound) as hidden:
            get_row(acting(ann), deals(), deal.pk)
        with pytest.raises(NotFound) as absent:
            get_row(acting(ann), deals(), bob.pk)
        assert hidden.value.message == absent.value.message
        assert get_rows(acting(ann), deals(), [deal.pk]) == {}

    def test_a_list_takes_few_statements_whatever_it_shows(self) -> None:
        admin = acting(make_administrator())
        account = make_account()
        for _ in range(5):
            make_deal(account=account)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            page = list_records(admin, deals())
        assert len(page.rows) == 5
        assert len(captured) <= 4


def test_counting_stops_at_the_cap() -> None:
    for _ in range(4):
        make_account(name="A")
    of = object_type("account")
    assert (count_records(SYSTEM, of, cap=3).count, count_records(SYSTEM, of, cap=3).capped) == (
        3,
        True,
    )
    exact = count_records(SYSTEM, of, filter={"field": "name", "op": "is", "value": "a"})
    assert (exact.count, exact.capped) == (4, False)
    Account.objects.update(deleted_at=timezone.now())
    assert count_records(SYSTEM, of).count == 0
