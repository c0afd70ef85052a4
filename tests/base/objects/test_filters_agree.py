"""Random filter trees select the same in PostgreSQL, in DuckDB and in plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.make import make_deal
from crm.make import make_account
from dealwright.base.objects.filters import compile_filter, filter_to_sql
from dealwright.base.objects.registry import object_type
from dealwright.crm.models import Opportunity

TEXTS = ["", "Alpha", "alphabet", "50% off", "a_b", "Ünder", "it's"]
AMOUNTS = [None, Decimal("0.00"), Decimal("9.99"), Decimal("10.00"), Decimal("250.50")]
DAYS = [None, date(2026, 12, 31), date(2027, 1, 1), date(2027, 2, 28)]
KINDS = ["new", "expansion", "renewal"]
INDUSTRIES = [None, "Steel", "steelworks", ""]  # None: no account at all

ROWS: list[dict[str, Any]] = [
    {
        "next_step": TEXTS[number % len(TEXTS)],
        "amount": AMOUNTS[number % len(AMOUNTS)],
        "close_date": DAYS[(number * 3) % len(DAYS)],
        "kind": KINDS[number % len(KINDS)],
        "account.industry": INDUSTRIES[(number * 5) % len(INDUSTRIES)],
    }
    for number in range(23)
]


def leaf(field: str, ops: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def condition(op: str) -> st.SearchStrategy[Any]:
        if op in ("empty", "not_empty"):
            value: st.SearchStrategy[Any] = st.none()
        elif op in ("in", "not_in"):
            value = st.lists(values, min_size=1, max_size=3)
        elif op == "between":
            value = st.lists(values, min_size=2, max_size=2)
        else:
            value = values
        return st.builds(lambda each: {"field": field, "op": op, "value": each}, value)

    return st.sampled_from(ops).flatmap(condition)


EQUAL = ["is", "is_not", "in", "not_in", "empty", "not_empty"]
ORDER = ["gt", "gte", "lt", "lte", "between"]
PART = ["contains", "starts_with"]
WORDS = st.sampled_from([text for text in TEXTS if text] + ["a", "%", "_", "ALPHA", "ü"])
LEAVES = st.one_of(
    leaf("next_step", EQUAL + PART, WORDS),
    leaf("account.industry", EQUAL + PART, st.sampled_from(["Steel", "STEEL", "work", "x"])),
    leaf("amount", EQUAL + ORDER, st.sampled_from(["0", "9.99", "10", "11", "1000"])),
    leaf("kind", EQUAL, st.sampled_from(KINDS)),
    leaf(
        "close_date",
        ["is", "is_not", "empty", "not_empty", *ORDER],
        st.sampled_from([str(day) for day in DAYS if day] + ["2027-01-15"]),
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)


def holds(tree: Any, row: dict[str, Any]) -> bool:
    """The naive meaning of a tree."""
    if "all" in tree:
        return all(holds(part, row) for part in tree["all"])
    if "any" in tree:
        return any(holds(part, row) for part in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], row)
    value, op, asked = row[tree["field"]], tree["op"], tree["value"]
    if op in ("empty", "not_empty"):
        return (value in (None, "")) == (op == "empty")
    if op in ("is_not", "not_in"):
        return not holds({**tree, "op": {"is_not": "is", "not_in": "in"}[op]}, row)
    if value is None:
        return False
    if isinstance(value, str):
        value = value.lower()
        asked = [each.lower() for each in asked] if isinstance(asked, list) else asked.lower()
    elif isinstance(value, Decimal):
        asked = [Decimal(each) for each in asked] if isinstance(asked, list) else Decimal(asked)
    else:
        many = isinstance(asked, list)
        asked = [date.fromisoformat(e) for e in asked] if many else date.fromisoformat(asked)
    match op:
        case "is":
            return bool(value == asked)
        case "in":
            return value in asked
        case "contains":
            return asked in value
        case "starts_with":
            return bool(value.startswith(asked))
        case "between":
            return bool(asked[0] <= value <= asked[1])
        case "gt":
            return bool(value > asked)
        case "gte":
            return bool(value >= asked)
        case "lt":
            return bool(value < asked)
    return bool(value <= asked)


@pytest.fixture
def stored(db: None) -> list[Any]:
    accounts = {name: make_account(industry=name) for name in INDUSTRIES if name is not None}
    ids = []
    for row in ROWS:
        plain = {key: value for key, value in row.items() if key != "account.industry"}
        deal = make_deal(**plain, account=accounts.get(row["account.industry"]))
        ids.append(deal.pk)
    return ids


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    engine = duckdb.connect()
    engine.execute(
        "create table deals (k integer, next_step text, amount decimal(18,2), close_date date, "
        'kind text, "account.industry" text)'
    )
    for key, row in enumerate(ROWS):
        engine.execute("insert into deals values (?, ?, ?, ?, ?, ?)", [key, *row.values()])
    yield engine
    engine.close()


@settings(
    max_examples=150,
    deadline=timedelta(seconds=5),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(tree=TREES)
def test_a_tree_means_the_same_everywhere(
    stored: list[Any], duck: duckdb.DuckDBPyConnection, tree: Any
) -> None:
    of = object_type("opportunity")
    expected = {key for key, row in enumerate(ROWS) if holds(tree, row)}
    found = Opportunity.objects.filter(compile_filter(of, tree)).values_list("pk", flat=True)
    assert sorted(stored.index(pk) for pk in found) == sorted(expected)
    sql, params = filter_to_sql(of, tree)
    rows = duck.execute(f"select k from deals where {sql}", params).fetchall()
    assert {row[0] for row in rows} == expected
