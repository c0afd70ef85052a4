"""Filter trees against real records: what they select, for whom, and how they refuse."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from base.make import make_deal as make_opportunity
from crm.make import make_account
from dealwright.base.errors import Invalid
from dealwright.base.objects.filters import (
    compile_filter,
    describe_filter,
    filter_to_sql,
    filterable_fields,
)
from dealwright.base.objects.registry import object_type
from dealwright.crm.models import Account
from make import make_role, make_team, make_user

pytestmark = pytest.mark.django_db


def is_(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def names(object_key: str, tree: Any, user: Any = None) -> list[str]:
    of = object_type(object_key)
    rows = of.model.objects.filter(compile_filter(of, tree, user))  # type: ignore[attr-defined]
    return sorted(rows.values_list("name", flat=True))


class TestText:
    def test_text_compares_without_case_and_wildcards_stand_for_themselves(self) -> None:
        make_account(name="Hundred%")
        make_account(name="Hundred_Acres")
        make_account(name="HUNDREDX")
        assert names("account", is_("name", "is", "hundredx")) == ["HUNDREDX"]
        assert names("account", is_("name", "contains", "d%")) == ["Hundred%"]
        assert names("account", is_("name", "starts_with", "hundred_")) == ["Hundred_Acres"]
        assert names("account", is_("name", "in", ["hundred%", "hundredx"])) == [
            "HUNDREDX",
            "Hundred%",
        ]

    def test_is_not_also_selects_what_is_empty(self) -> None:
        make_account(name="A", industry="Retail")
        make_account(name="B")
        assert names("account", is_("industry", "is_not", "retail")) == ["B"]
        assert names("account", is_("industry", "empty")) == ["B"]
        assert names("account", is_("industry", "not_empty")) == ["A"]


class TestNumbersAndDays:
    def test_money_is_compared_by_amount_and_empty_fulfils_no_comparison(self) -> None:
        make_opportunity(name="Small", amount="999.99")
        make_opportunity(name="Big", amount="1000")
        make_opportunity(name="Unknown")
        assert names("opportunity", is_("amount", "gte", "1000")) == ["Big"]
        assert names("opportunity", is_("amount", "lt", 1000)) == ["Small"]
        assert names("opportunity", {"not": is_("amount", "gt", 0)}) == ["Unknown"]
        assert names("opportunity", is_("amount", "between", [999, "999.99"])) == ["Small"]
        assert names("opportunity", is_("amount", "in", [1000, 5])) == ["Big"]

    def test_days_given_as_words_move_with_the_calendar_and_the_users_zone(self) -> None:
        make_opportunity(name="New Year", close_date="2027-01-01")
        make_opportunity(name="Silvester", close_date="2026-12-31")
        tokyo = make_user(timezone="Asia/Tokyo")
        late = datetime(2026, 12, 31, 20, tzinfo=UTC)  # already 2027 in Tokyo
        with patch.object(timezone, "now", return_value=late):
            assert names("opportunity", is_("close_date", "is", "today")) == ["Silvester"]
            assert names("opportunity", is_("close_date", "is", "today"), tokyo) == ["New Year"]
            assert names("opportunity", is_("close_date", "is", "this_year"), tokyo) == ["New Year"]
            assert names("opportunity", is_("close_date", "gt", "this_month")) == ["New Year"]
            assert names("opportunity", is_("close_date", "lte", "last_year"), tokyo) == [
                "Silvester"
            ]
            assert names("opportunity", is_("close_date", "is", "today+1")) == ["New Year"]

    def test_within_days_counts_today(self) -> None:
        today = timezone.now().date()
        make_opportunity(name="Today", close_date=today)
        make_opportunity(name="Week ago", close_date=today - timedelta(days=7))
        make_opportunity(name="Older", close_date=today - timedelta(days=8))
        make_opportunity(name="Tomorrow", close_date=today + timedelta(days=1))
        assert names("opportunity", is_("close_date", "within_last_days", 7)) == [
            "Today",
            "Week ago",
        ]
        assert names("opportunity", is_("close_date", "within_next_days", 1)) == [
            "Today",
            "Tomorrow",
        ]

    def test_a_day_asked_of_a_time_means_the_whole_day(self) -> None:
        account = make_account(name="A")
        Account.objects.filter(pk=account.pk).update(
            created_at=datetime(2027, 3, 1, 23, 59, tzinfo=UTC)
        )
        assert names("account", is_("created_at", "is", "2027-03-01")) == ["A"]
        assert names("account", is_("created_at", "gt", "2027-03-01")) == []
        assert names("account", is_("created_at", "gt", "2027-03-01T23:58:00Z")) == ["A"]
        berlin = make_user(timezone="Europe/Berlin")
        assert names("account", is_("created_at", "is", "2027-03-02"), berlin) == ["A"]
        assert names("account", is_("created_at", "is", "2027-03-02")) == []


class TestAcrossRelations:
    def test_a_condition_runs_over_several_relations(self) -> None:
        group = make_account(name="Group", industry="Steel")
        plant = make_account(name="Plant", parent=group)
        make_opportunity(name="Deal", account=plant)
        make_opportunity(name="Other", account=group)
        make_opportunity(name="Loose")
        assert names("opportunity", is_("account.parent.industry", "is", "steel")) == ["Deal"]
        assert names("opportunity", is_("account.parent.industry", "is_not", "steel")) == [
            "Loose",
            "Other",
        ]
        assert names("opportunity", is_("account", "empty")) == ["Loose"]
        assert names("opportunity", is_("account", "in", [str(plant.pk)])) == ["Deal"]
        assert names("opportunity", is_("account.parent", "not_empty")) == ["Deal"]

    def test_people_are_asked_for_region_team_and_me(self) -> None:
        role = make_role("East")
        ann, bob = make_user("Ann", region="East", role=role), make_user("Bob", region="West")
        team = make_team(ann)
        make_opportunity(name="Ann's", owner=ann)
        make_opportunity(name="Bob's", owner=bob)
        assert names("opportunity", is_("owner", "is_me"), ann) == ["Ann's"]
        assert names("opportunity", is_("owner", "is_not", "me"), ann) == ["Bob's"]
        assert names("opportunity", is_("owner.region", "is", "west")) == ["Bob's"]
        assert names("opportunity", is_("owner.team", "is", str(team.pk))) == ["Ann's"]
        assert names("opportunity", is_("owner.role", "is", "East")) == ["Ann's"]

    def test_hidden_and_binned_related_records_count_as_absent(self) -> None:
        ann, bob = make_user(), make_user()
        hidden = make_account(name="Hidden", industry="Steel", owner=bob)
        make_opportunity(name="Deal", account=hidden, owner=ann)
        steel = is_("account.industry", "is", "Steel")
        assert names("opportunity", steel) == ["Deal"]
        assert names("opportunity", steel, bob) == ["Deal"]
        assert names("opportunity", steel, ann) == []
        assert names("opportunity", {"not": steel}, ann) == ["Deal"]
        assert names("opportunity", is_("account.industry", "empty"), ann) == ["Deal"]
        Account.objects.filter(pk=hidden.pk).update(deleted_at=timezone.now())
        assert names("opportunity", steel) == []


class TestTrees:
    def test_groups_nest_and_negate(self) -> None:
        for name, amount, kind in [("a", 1, "new"), ("b", 2, "renewal"), ("c", 3, "new")]:
            make_opportunity(name=name, amount=amount, kind=kind)
        tree = {
            "any": [
                {"all": [is_("kind", "is", "new"), is_("amount", "lt", 3)]},
                {"not": {"any": [is_("kind", "is", "new"), is_("amount", "gt", 5)]}},
            ]
        }
        assert names("opportunity", tree) == ["a", "b"]

    def test_empty_groups_ask_nothing(self) -> None:
        make_opportunity(name="a")
        for tree in ({}, None, {"all": []}, {"any": []}, {"not": {"all": []}}):
            assert names("opportunity", tree) == ["a"]
        assert names("opportunity", {"any": [{"all": []}, is_("name", "is", "b")]}) == []

    @pytest.mark.parametrize(
        ("tree", "key", "sentence"),
        [
            (is_("colour", "is", "x"), "colour", "Opportunity has no field “colour”."),
            (is_("account.colour", "is", "x"), "account.colour", "Account has no field “colour”."),
            (is_("name.x", "is", "x"), "name.x", "Name leads to no other object."),
            (is_("amount", "contains", "1"), "amount", "Amount: “contains” is none of"),
            (is_("amount", "gt", "ten"), "amount", "Amount: “ten” is not a number."),
            (is_("amount", "gt", "NaN"), "amount", "Amount: give a number"),
            (is_("amount", "gt"), "amount", "Amount: give a value."),
            (is_("amount", "between", [1]), "amount", "Amount: give two values"),
            (is_("kind", "is", "odd"), "kind", "Type: “odd” is none of: New business"),
            (is_("close_date", "is", "2027-02-30"), "close_date", "not a day of the calendar"),
            (is_("close_date", "is", "someday"), "close_date", "“someday” is not a day like"),
            (is_("close_date", "within_last_days", -1), "close_date", "whole number of days"),
            (is_("account", "is", "x"), "account", "Account: “x” is no id."),
            (is_("owner", "is_me"), "owner", "Owner: “me” needs a person who asks."),
            (is_("name", "is", "\x00"), "name", "Name: give text"),
            ({"all": 1}, "filter", "“all” takes a list"),
            ({"every": []}, "filter", "“every” is none of"),
            ({"all": [], "any": []}, "filter", "exactly one"),
            ([1], "filter", "Each part of a filter is an object"),
            (
                is_(".".join(["account"] + ["parent"] * 4 + ["name"]), "is", "x"),
                None,
                "4 relations",
            ),
        ],
    )
    def test_wrong_trees_name_the_place(self, tree: Any, key: str | None, sentence: str) -> None:
        with pytest.raises(Invalid) as caught:
            compile_filter(object_type("opportunity"), tree)
        ((field, sentences),) = caught.value.fields.items()
        assert key is None or field == key
        assert sentence in sentences[0]

    def test_too_deep_and_too_large_trees_are_refused(self) -> None:
        deep: Any = is_("name", "is", "x")
        for _ in range(8):
            deep = {"not": deep}
        with pytest.raises(Invalid, match="8 levels"):
            compile_filter(object_type("opportunity"), deep)
        wide = {"any": [is_("name", "is", "x")] * 200}
        with pytest.raises(Invalid, match="200 conditions"):
            compile_filter(object_type("opportunity"), wide)


def test_the_sentence_names_labels_not_keys() -> None:
    account = make_account(name="Acme")
    tree = {
        "all": [
            is_("kind", "in", ["new", "renewal"]),
            {"any": [is_("amount", "gte", "50000.50"), is_("close_date", "lt", "this_quarter")]},
            is_("account", "is", str(account.pk)),
            {"not": is_("probability", "is", "0.25")},
            is_("account.name", "starts_with", "Ac"),
        ]
    }
    assert describe_filter(object_type("opportunity"), tree) == (
        "Type is one of New business, Renewal and (Amount is at least 50,000.5 or Close date is "
        "before this quarter) and Account is Acme and not (Probability is 25 %) and "
        "Account › Name starts with “Ac”"
    )


def test_the_same_tree_runs_in_duckdb() -> None:
    import duckdb

    of = object_type("opportunity")
    data = [
        ("a", Decimal("10.00"), date(2027, 1, 31), "new", "Steel"),
        ("B", Decimal("20.00"), None, "renewal", None),
        (None, None, date(2027, 2, 1), "new", "steel works"),
    ]
    base = duckdb.connect()
    base.execute(
        "create table t (name text, amount decimal(18,2), close_date date, kind text, "
        '"account.industry" text)'
    )
    base.executemany("insert into t values (?, ?, ?, ?, ?)", data)

    def rows(tree: Any) -> list[Any]:
        sql, params = filter_to_sql(of, tree)
        return base.execute(f"select rowid from t where {sql} order by 1", params).fetchall()

    assert rows(is_("name", "is", "b")) == [(1,)]
    assert rows(is_("name", "is_not", "b")) == [(0,), (2,)]
    assert rows(is_("name", "empty")) == [(2,)]
    assert rows(is_("amount", "between", [10, 15])) == [(0,)]
    assert rows({"not": is_("amount", "gt", 1)}) == [(2,)]
    assert rows(is_("close_date", "lte", "2027-01-31")) == [(0,)]
    assert rows(is_("kind", "not_in", ["new"])) == [(1,)]
    assert rows(is_("account.industry", "contains", "steel")) == [(0,), (2,)]
    assert rows({"any": [is_("kind", "is", "renewal"), is_("amount", "in", [10])]}) == [(0,), (1,)]
    assert rows({}) == [(0,), (1,), (2,)]


def test_the_builder_learns_fields_ops_and_where_relations_lead() -> None:
    of = object_type("opportunity")
    fields = {field["key"]: field for field in filterable_fields(of, None)}
    assert fields["amount"]["ops"][:3] == ["is", "is_not", "in"]
    assert fields["account"]["leads_to"] == "account"
    assert fields["owner"]["leads_to"] == "user"
    over = {field["key"] for field in filterable_fields(of, None, over="account.parent")}
    assert "account.parent.industry" in over
