"""Boards, counts and sums, by currency and by group."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from base.make import make_deal
from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.errors import Invalid
from dealwright.base.objects.registry import object_type
from dealwright.base.records.boards import board_columns
from dealwright.base.records.custom_fields import create_custom_field
from dealwright.base.records.queries import list_records
from dealwright.base.records.summaries import summarize_records
from make import acting, make_user

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def deals() -> Any:
    return object_type("opportunity")


def grouped(by: str, actor: Any = SYSTEM, **query: Any) -> dict[str, int]:
    groups = summarize_records(actor, deals(), group_by=by, **query)
    return {group.label: group.count for group in groups}


class TestBoards:
    def test_each_column_has_its_first_cards_sums_and_a_way_on(self) -> None:
        for number in range(5):
            make_deal(name=f"P{number}", amount=number, currency="EUR")
        make_deal(name="Q", stage="Engaging", amount=7, currency="USD")
        columns = {
            column.label: column
            for column in board_columns(
                SYSTEM, deals(), sort="-amount", columns=["name"], sums=["amount"], cards=2
            )
        }
        first = columns["Prospecting"]
        assert [card["name"] for card in first.cards] == ["P4", "P3"]
        assert (first.count, first.sums) == (5, {"amount": {"EUR": Decimal(10)}})
        rest = list_records(
            SYSTEM,
            deals(),
            sort="-amount",
            filter=first.more,
            cursor=first.next_cursor,
            columns=["name"],
        )
        assert [row["name"] for row in rest.rows] == ["P2", "P1", "P0"]
        others = [column for label, column in columns.items() if label != "Prospecting"]
        assert [card["name"] for column in others for card in column.cards] in (["Q"], [])
        assert all(column.next_cursor == "" for column in others)

    def test_cards_without_a_value_come_last_in_either_order(self) -> None:
        for name, amount in (("None", None), ("One", 1), ("Nothing yet", None), ("Two", 2)):
            make_deal(name=name, amount=amount)

        def first(sort: str, cards: int) -> Any:
            return board_columns(SYSTEM, deals(), sort=sort, columns=["name"], cards=cards)[0]

        assert [card["name"] for card in first("-amount", 4).cards] == [
            "Two", "One", "Nothing yet", "None",
        ]  # fmt: skip
        assert [card["name"] for card in first("amount", 3).cards] == ["One", "Two", "None"]
        column = first("-amount", 3)
        rest = list_records(
            SYSTEM, deals(), sort="-amount", filter=column.more, cursor=column.next_cursor
        )
        assert [row["name"] for row in rest.rows] == ["None"]

    def test_a_board_takes_few_statements_and_shows_only_what_is_seen(self) -> None:
        ann, bob = make_user(), make_user()
        make_deal(name="Mine", owner=ann)
        make_deal(name="Not mine", owner=bob)
        with CaptureQueriesContext(connection) as captured:
            columns = board_columns(acting(ann), deals(), sums=["amount"])
        assert [card["name"] for column in columns for card in column.cards] == ["Mine"]
        assert sum(column.count or 0 for column in columns) == 1
        assert len(captured) <= 7

    def test_a_field_without_list_of_values_makes_no_board(self) -> None:
        with pytest.raises(Invalid) as caught:
            board_columns(SYSTEM, deals(), by="name")
        assert list(caught.value.fields) == ["name"]


class TestSummaries:
    def test_sums_never_cross_currencies(self) -> None:
        make_deal(amount="10.50", currency="EUR")
        make_deal(amount="5", currency="EUR")
        make_deal(amount="7", currency="USD")
        make_deal()
        (total,) = summarize_records(SYSTEM, deals(), sums=["amount"])
        assert total.count == 4
        assert total.sums == {"amount": {"EUR": Decimal("15.50"), "USD": Decimal(7)}}

    def test_nothing_sums_to_one_empty_group(self) -> None:
        (total,) = summarize_records(SYSTEM, deals(), sums=["amount"])
        assert (total.count, total.sums) == (0, {"amount": {}})

    def test_groups_go_by_choice_relation_person_month_and_over_relations(self) -> None:
        ann = make_user("Ann")
        acme = make_account(name="Acme", industry="Steel")
        make_deal(kind="new", account=acme, owner=ann, close_date="2027-01-31")
        make_deal(kind="new", close_date="2027-01-01")
        make_deal(kind="renewal", close_date="2027-04-01")
        assert grouped("kind") == {"New business": 2, "Renewal": 1}
        assert grouped("account") == {"Acme": 1, "": 2}
        assert grouped("owner") == {"Ann": 1, "": 2}
        assert grouped("account.industry") == {"Steel": 1, "": 2}
        assert grouped("close_date:month") == {"2027-01": 2, "2027-04": 1}
        assert grouped("close_date:quarter") == {"2027 Q1": 2, "2027 Q2": 1}
        assert grouped("close_date:year") == {"2027": 3}
        newer = {"field": "close_date", "op": "gt", "value": "2027-01-15"}
        assert grouped("kind", filter=newer) == {"New business": 1, "Renewal": 1}

    def test_hidden_related_records_group_as_absent(self) -> None:
        ann, bob = make_user(), make_user()
        make_deal(account=make_account(name="Hidden", industry="Steel", owner=bob), owner=ann)
        assert grouped("account.industry", acting(ann)) == {"": 1}
        assert grouped("account", acting(ann)) == {"": 1}

    def test_custom_fields_group_and_sum(self) -> None:
        create_custom_field(SYSTEM, "opportunity", label="Tier", kind="choice", options=["A", "B"])
        create_custom_field(SYSTEM, "opportunity", label="Seats", kind="number")
        make_deal(tier="A", seats=3)
        make_deal(tier="A", seats="4.5")
        make_deal(tier="B")
        groups = summarize_records(SYSTEM, deals(), group_by="tier", sums=["seats"])
        assert [(group.label, group.sums["seats"].get("")) for group in groups] == [
            ("A", Decimal("7.5")),
            ("B", None),
        ]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"group_by": "description"}, "description"),
            ({"group_by": "kind:month"}, "kind"),
            ({"group_by": "close_date:fortnight"}, "close_date"),
            ({"group_by": "created_at"}, "created_at"),
            ({"sums": ["name"]}, "name"),
            ({"sums": ["account.employees"]}, "account.employees"),
            ({"sums": ["amount"] * 9}, "sums"),
        ],
    )
    def test_wrong_questions_name_the_place(self, query: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as caught:
            summarize_records(SYSTEM, deals(), **query)
        assert list(caught.value.fields) == [field]
