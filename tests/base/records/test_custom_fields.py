"""Custom fields: made in the house, stored typed, filtered, sorted, indexed; formulas."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from base.make import make_deal
from crm.make import make_account
from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict, Invalid, NotAllowed
from dealwright.base.jobs import run_jobs
from dealwright.base.objects.custom_fields import custom_fields_of, keep_custom_fields
from dealwright.base.objects.registry import object_type
from dealwright.base.records.custom_fields import (
    archive_custom_field,
    create_custom_field,
    index_custom_field,
    restore_custom_field,
    update_custom_field,
)
from dealwright.base.records.queries import get_row, list_records
from dealwright.base.records.selections import selected_records
from dealwright.base.records.services import update_record
from dealwright.crm.models import Account
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def make_field(label: str, kind: str, object_key: str = "account", **fields: Any) -> Any:
    return create_custom_field(SYSTEM, object_key, label=label, kind=kind, **fields)


def names(tree: Any = None, sort: str = "name", object_key: str = "account") -> list[str]:
    of = object_type(object_key)
    return [row["name"] for row in list_records(SYSTEM, of, filter=tree, sort=sort).rows]


def is_(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


class TestMaking:
    def test_the_key_comes_from_the_label_and_is_never_given_twice(self) -> None:
        field = make_field("Größe (m²)", "number")
        assert field.key == "grosse_m2"
        archive_custom_field(SYSTEM, field.pk)
        assert make_field("Größe (m²)", "text").key == "grosse_m2_2"

    @pytest.mark.parametrize("label", ["Min", "Id", "Version", "Not", "Parent title", "5", "日本"])
    def test_reserved_and_odd_labels_get_a_free_key(self, label: str) -> None:
        key = make_field(label, "text").key
        assert key not in ("min", "id", "version", "not", "parent_title", "5", "")
        assert key[0].isalpha()

    @pytest.mark.parametrize(
        ("fields", "wrong"),
        [
            ({"label": "", "kind": "text"}, "label"),
            ({"label": "x" * 121, "kind": "text"}, "label"),
            ({"label": "Industry", "kind": "text"}, "label"),
            ({"label": "A", "kind": "relation"}, "kind"),
            ({"label": "A", "kind": "choice"}, "options"),
            ({"label": "A", "kind": "choice", "options": ["a", "A"]}, "options"),
            ({"label": "A", "kind": "text", "options": ["a"]}, "options"),
            ({"label": "A", "kind": "text", "formula": "1"}, "formula"),
            ({"label": "A", "kind": "formula", "formula": "employees +"}, "formula"),
            ({"label": "A", "kind": "formula", "formula": "colour + 1"}, "formula"),
            ({"label": "A", "kind": "formula", "formula": ""}, "formula"),
        ],
    )
    def test_wrong_definitions_name_the_field(self, fields: dict[str, Any], wrong: str) -> None:
        with pytest.raises(Invalid) as caught:
            create_custom_field(SYSTEM, "account", **fields)
        assert list(caught.value.fields) == [wrong]

    def test_only_an_administrator_may(self) -> None:
        with pytest.raises(NotAllowed):
            create_custom_field(acting(make_user()), "account", label="A", kind="text")
        admin = acting(make_administrator())
        field = create_custom_field(admin, "account", label="A", kind="text")
        with pytest.raises(NotAllowed):
            update_custom_field(acting(make_user()), field.pk, label="B")
        assert update_custom_field(admin, field.pk, label="B", help_text="Why").label == "B"

    def test_a_field_that_a_formula_reads_stays(self) -> None:
        size = make_field("Size", "number")
        formula = make_field("Double", "formula", formula="size * 2")
        with pytest.raises(Conflict, match="used by the formula of Double"):
            archive_custom_field(SYSTEM, size.pk)
        archive_custom_field(SYSTEM, formula.pk)
        archive_custom_field(SYSTEM, size.pk)
        restore_custom_field(SYSTEM, size.pk)
        assert [field.key for field in custom_fields_of("account")] == ["size"]


class TestValues:
    def test_every_kind_is_stored_typed_filtered_and_sorted(self) -> None:
        make_field("Size", "number")
        make_field("Since", "date")
        make_field("Tier", "choice", options=["Gold", "Silver"])
        make_field("Tags", "choices", options=["a", "b", "c"])
        make_field("Partner", "bool")
        make_field("Note", "text")
        one = make_account(
            name="One", size="9.50", since="2027-01-31", tier="gold", tags=["a", "b"], note="100%"
        )
        make_account(name="Two", size=10, since="2027-02-01", tier="Silver", partner=True)
        make_account(name="None")
        row = get_row(SYSTEM, object_type("account"), one.pk)
        assert row["size"] == Decimal("9.50")
        assert row["since"] == date(2027, 1, 31)
        assert (row["tier"], row["tags"], row["partner"]) == ("Gold", ["a", "b"], None)

        assert names(is_("size", "gt", "9.5")) == ["Two"]
        assert names(is_("size", "is", "9.5")) == ["One"]
        assert names({"not": is_("size", "gt", 0)}) == ["None"]
        assert names(is_("since", "lte", "2027-01-31")) == ["One"]
        assert names(is_("since", "between", ["2027-01-01", "2027-02-01"])) == ["One", "Two"]
        assert names(is_("tier", "in", ["Gold", "Silver"])) == ["One", "Two"]
        assert names(is_("tier", "is_not", "Gold")) == ["None", "Two"]
        assert names(is_("tags", "in", ["b", "c"])) == ["One"]
        assert names(is_("tags", "contains", ["a", "c"])) == []
        assert names(is_("tags", "empty")) == ["None", "Two"]
        assert names(is_("partner", "is", True)) == ["Two"]
        assert names(is_("partner", "is", False)) == ["None", "One"]
        assert names(is_("note", "contains", "0%")) == ["One"]
        assert names(is_("note", "empty")) == ["None", "Two"]
        assert names(sort="size") == ["One", "Two", "None"]
        assert names(sort="-size") == ["Two", "One", "None"]
        assert names(sort="-since") == ["Two", "One", "None"]

    def test_custom_fields_are_reached_over_relations(self) -> None:
        make_field("Tier", "choice", options=["Gold", "Silver"])
        make_deal(name="A", account=make_account(tier="Gold"))
        make_deal(name="B")
        assert names(is_("account.tier", "is", "Gold"), object_key="opportunity") == ["A"]
        row = list_records(
            SYSTEM, object_type("opportunity"), columns=["account.tier"], sort="name"
        ).rows[0]
        assert row["account.tier"] == "Gold"

    def test_a_wrong_value_names_the_field(self) -> None:
        make_field("Size", "number")
        with pytest.raises(Invalid) as caught:
            make_account(size="many")
        assert caught.value.fields == {"size": ["Size: “many” is not a number."]}


class TestFormulas:
    def test_a_formula_is_computed_filtered_and_sorted_alike(self) -> None:
        make_field("Rebate", "number", "opportunity")
        make_field(
            "Net",
            "formula",
            "opportunity",
            formula="round_money(amount * (1 - coalesce(rebate, 0)) * probability)",
        )
        make_deal(name="A", amount="1000.00", probability="0.1")
        make_deal(name="B", amount="999.99", probability="0.5", rebate="0.125")
        make_deal(name="C")
        of = object_type("opportunity")
        rows = list_records(SYSTEM, of, sort="name", columns=["name", "net"]).rows
        assert [row["net"] for row in rows] == [Decimal("100.00"), Decimal("437.50"), None]
        assert set(rows[0]) == {"id", "version", "name", "net"}
        assert names(is_("net", "is", "437.5"), object_key="opportunity") == ["B"]
        assert names(is_("net", "empty"), object_key="opportunity") == ["C"]
        assert names(sort="-net", object_key="opportunity") == ["B", "A", "C"]

    def test_a_formula_reads_stages_by_name_lists_and_days(self) -> None:
        make_field("Tags", "choices", "opportunity", options=["x%", "y"])
        make_field(
            "Hot",
            "formula",
            "opportunity",
            formula="stage = 'Prospecting' and 'x%' in tags and "
            "days_between(created_at, close_date) >= 0",
        )
        deal = make_deal(name="A", tags=["x%"], close_date="2999-01-01")
        make_deal(name="B", close_date="2999-01-01")
        of = object_type("opportunity")
        assert get_row(SYSTEM, of, deal.pk)["hot"] is True
        assert names(is_("hot", "is", True), object_key="opportunity") == ["A"]
        assert names(is_("hot", "is", False), object_key="opportunity") == ["B"]

    def test_a_formula_cannot_be_set(self) -> None:
        make_field("Double", "formula", "account", formula="employees * 2")
        account = make_account(employees=4)
        with pytest.raises(Invalid) as caught:
            update_record(SYSTEM, "account", account.pk, {"double": 1})
        assert list(caught.value.fields) == ["double"]
        assert get_row(SYSTEM, object_type("account"), account.pk)["double"] == 8


class TestKeeping:
    def test_fields_are_read_once_per_block_and_anew_after_a_change(self) -> None:
        make_field("Size", "number")
        with keep_custom_fields():
            with CaptureQueriesContext(connection) as captured:
                for _ in range(3):
                    assert [field.key for field in custom_fields_of("account")] == ["size"]
                    assert custom_fields_of("contact") == []
            assert len(captured) == 1
            make_field("Colour", "text")
            assert [field.key for field in custom_fields_of("account")] == ["size", "colour"]
        with CaptureQueriesContext(connection) as captured:
            custom_fields_of("account")
            custom_fields_of("account")
        assert len(captured) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["number", "money", "date", "choice", "choices", "text", "bool"])
def test_an_index_serves_the_filter_it_is_made_for(kind: str) -> None:
    options = ["a", "b"] if kind.startswith("choice") else []
    field = make_field("Odd", kind, options=options)
    index_custom_field(SYSTEM, field.pk)
    run_jobs()
    field.refresh_from_db()
    assert field.is_indexed
    values: Any = {"number": "5", "money": "5", "date": "2027-01-31", "bool": True}
    value = values.get(kind, ["a"] if kind == "choices" else "abcdef")
    Account.objects.bulk_create(
        Account(name="x", custom={"odd": value} if number == 7 else {}) for number in range(2_000)
    )
    asked = {"text": "contains"}.get(kind, "is")
    tree = is_("odd", asked, "a" if kind.startswith("choice") else value)
    rows = selected_records(SYSTEM, object_type("account"), filter=tree).values("pk")
    with connection.cursor() as cursor:
        cursor.execute("analyze crm_account")
    assert "custom_account_odd" in rows.explain()


def test_a_formula_is_not_indexed() -> None:
    field = make_field("Double", "formula", formula="employees * 2")
    with pytest.raises(Invalid, match="cannot be indexed"):
        index_custom_field(SYSTEM, field.pk)
