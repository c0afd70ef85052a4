"""Random well-typed expressions mean the same in the evaluator, DuckDB and PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dealwright.base.language import (
    BOOL,
    DATE,
    STRING,
    LanguageError,
    ListOf,
    check,
    evaluate,
    money,
    number,
    parse,
    quantity,
    rate,
    to_sql,
)

SCHEMA = {
    "a": money("EUR"),
    "b": money("EUR"),
    "r": rate(),
    "q": quantity(),
    "n": number(6, 3),
    "d": DATE,
    "e": DATE,
    "s": STRING,
    "t": STRING,
    "l": ListOf(STRING),
    "x": BOOL,
    "y": BOOL,
}
TYPES = {
    "a": "decimal(18,2)",
    "b": "decimal(18,2)",
    "r": "decimal(9,6)",
    "q": "decimal(18,4)",
    "n": "decimal(9,3)",
    "d": "date",
    "e": "date",
    "s": "text",
    "t": "text",
    "l": "text[]",
    "x": "boolean",
    "y": "boolean",
}
TEXTS = ["", "a", "ab", "B", "100%", "it's", "a\\b", "Straße", "_"]


def make_rows() -> list[dict[str, Any]]:
    """Edges first, then a fixed random crowd with every fourth value missing."""
    dice = random.Random(7)
    top = Decimal(10) ** 16 - Decimal("0.01")
    edges: list[dict[str, Any]] = [
        dict.fromkeys(SCHEMA),
        {"a": top, "b": -top, "r": Decimal("999.999999"), "q": Decimal("99999999999999.9999")}
        | {"n": Decimal("999999.999"), "d": date(1, 1, 1), "e": date(9999, 12, 31)}
        | {"s": "", "t": "a", "l": [], "x": True, "y": False},
        {"a": Decimal(0), "b": Decimal("0.01"), "r": Decimal(0), "q": Decimal("0.0001")}
        | {"n": Decimal("-0.005"), "d": date(2028, 2, 29), "e": date(2028, 2, 29)}
        | {"s": "ab", "t": "ab", "l": ["a", "ab"], "x": False, "y": None},
    ]

    def amount(digits: int, scale: int) -> Decimal:
        return Decimal(dice.randint(-(10**digits), 10**digits)).scaleb(-scale)

    def day() -> date:
        return date(2026, 1, 1) + timedelta(days=dice.randint(-500, 500))

    crowd = [
        {
            "a": amount(dice.choice([2, 5, 17]), 2),
            "b": amount(dice.choice([1, 4, 17]), 2),
            "r": amount(dice.choice([6, 8]), 6),
            "q": amount(dice.choice([5, 10]), 4),
            "n": amount(8, 3),
            "d": day(),
            "e": day(),
            "s": dice.choice(TEXTS),
            "t": dice.choice(TEXTS),
            "l": dice.sample(TEXTS, dice.randint(0, 3)),
            "x": dice.random() < 0.5,
            "y": dice.random() < 0.5,
        }
        for _ in range(12)
    ]
    for row in crowd[4:]:
        for key in row:
            if dice.random() < 0.25:
                row[key] = None
    return edges + crowd


ROWS = make_rows()


@st.composite
def literals(draw: st.DrawFn) -> str:
    whole = draw(st.sampled_from([0, 1, 2, 3, 7, 100, 50_000]))
    places = draw(st.sampled_from(["", ".5", ".05", ".125"]))
    return f"{whole}{places}" + draw(st.sampled_from(["", "", "%"]))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


NUMBERS = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["a", "b", "r", "q", "n"]),
        literals(),
        st.builds("({} + {})".format, NUMBERS, NUMBERS),
        st.builds("({} - {} - {})".format, NUMBERS, NUMBERS, NUMBERS),
        st.builds("{} * {}".format, NUMBERS, NUMBERS),
        st.builds("-({})".format, NUMBERS),
        st.builds("abs({})".format, NUMBERS),
        st.builds("min({}, {})".format, NUMBERS, NUMBERS),
        st.builds("max({}, {}, {})".format, NUMBERS, NUMBERS, NUMBERS),
        st.builds("coalesce({}, {})".format, NUMBERS, NUMBERS),
        st.builds("round_money({}, {})".format, NUMBERS, st.integers(0, 4)),
        st.builds("if({}, {}, {})".format, TRUTHS, NUMBERS, NUMBERS),
        st.builds("ratio({}, {})".format, NUMBERS, NUMBERS),
        st.builds("ratio({}, {}, {})".format, NUMBERS, NUMBERS, st.integers(0, 8)),
        st.builds("muldiv({}, {}, {})".format, NUMBERS, NUMBERS, NUMBERS),
        st.builds("muldiv({}, {}, {}, {})".format, NUMBERS, NUMBERS, NUMBERS, st.integers(0, 5)),
        st.builds("year({})".format, DAYS),
        st.builds("month({}) + day({})".format, DAYS, DAYS),
        st.builds("days_between({}, {})".format, DAYS, DAYS),
    )
)
DAYS = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["d", "e", "2027-01-31", "2028-02-29"]),
        st.builds("max({}, {})".format, DAYS, DAYS),
        st.builds("coalesce({}, {})".format, DAYS, DAYS),
        st.builds("if({}, {}, {})".format, TRUTHS, DAYS, DAYS),
    )
)
WORDS = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["s", "t"]),
        st.sampled_from(TEXTS).map(quoted),
        st.builds("lower({})".format, WORDS),
        st.builds("coalesce({}, {})".format, WORDS, WORDS),
        st.builds("if({}, {}, {})".format, TRUTHS, WORDS, WORDS),
    )
)
TRUTHS: st.SearchStrategy[str] = st.deferred(
    lambda: st.one_of(
        st.sampled_from(["x", "y", "true", "false"]),
        st.builds(
            "{} {} {}".format, NUMBERS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), NUMBERS
        ).map("({})".format),
        st.builds("({} {} {})".format, DAYS, st.sampled_from(["=", "<", ">="]), DAYS),
        st.builds("({} {} {})".format, WORDS, st.sampled_from(["=", "!="]), WORDS),
        st.builds("({} in ({}, {}))".format, NUMBERS, NUMBERS, NUMBERS),
        st.builds("({} not in ({}, {}))".format, WORDS, WORDS, WORDS),
        st.builds("({} in l)".format, WORDS),
        st.builds("({} not in l)".format, WORDS),
        st.builds("starts_with({}, {})".format, WORDS, WORDS),
        st.builds("contains({}, {})".format, WORDS, WORDS),
        st.builds("is_missing({})".format, st.one_of(NUMBERS, DAYS, WORDS)),
        st.builds("({} and {})".format, TRUTHS, TRUTHS),
        st.builds("({} or {} or {})".format, TRUTHS, TRUTHS, TRUTHS),
        st.builds("(not {})".format, TRUTHS),
    )
)


@pytest.fixture(scope="module")
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    engine = duckdb.connect()
    columns = ", ".join(f"{name} {kind}" for name, kind in TYPES.items())
    engine.execute(f"create table t (k integer, {columns})")
    marks = ", ".join("?" * (len(TYPES) + 1))
    for key, row in enumerate(ROWS):
        engine.execute(f"insert into t values ({marks})", [key, *row.values()])
    yield engine
    engine.close()


@pytest.fixture
def postgres(db: None) -> Any:
    with connection.cursor() as cursor:
        columns = ", ".join(
            f"{name} {kind.replace('decimal', 'numeric')}" for name, kind in TYPES.items()
        )
        cursor.execute(f"create temporary table t (k integer, {columns}) on commit drop")
        marks = ", ".join(["%s"] * (len(TYPES) + 1))
        for key, row in enumerate(ROWS):
            cursor.execute(f"insert into t values ({marks})", [key, *row.values()])
        yield cursor


def in_postgres(cursor: Any, tree: Any) -> list[Any]:
    with transaction.atomic():  # a failed statement must not spoil the next example
        cursor.execute(f"select {to_sql(tree, 'postgres', SCHEMA)} from t order by k")
        return [row[0] for row in cursor.fetchall()]


def in_duckdb(engine: duckdb.DuckDBPyConnection, tree: Any) -> list[Any]:
    sql = to_sql(tree, "duckdb", SCHEMA)
    return [row[0] for row in engine.execute(f"select {sql} from t order by k").fetchall()]


@pytest.mark.slow
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(text=st.one_of(NUMBERS, TRUTHS, DAYS, WORDS))
def test_engines_and_evaluator_agree(
    duck: duckdb.DuckDBPyConnection, postgres: Any, text: str
) -> None:
    try:
        tree = parse(text)
        check(tree, SCHEMA)
    except LanguageError:
        assume(False)
    expected = [evaluate(tree, row) for row in ROWS]
    assert in_duckdb(duck, tree) == expected, text
    assert in_postgres(postgres, tree) == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "ratio(a, b)",
        "muldiv(a, b, b)",
        "muldiv(r, n, n, 5)",
        "ratio(ratio(a, b), r)",
        "if(x, ratio(1, 0), ratio(n, 0))",
        "round_money(a * r)",
        "a * r * 12.5%",
        "r * r * r * 3",
        "a * q",
        "a + b + a + b + a + b - a - b",
        " + ".join(["a"] * 190),
        "min(" * 14 + "a" + ", b)" * 14,
        "ratio(0.01, 7, 0)",
    ],
)
def test_chosen_expressions_agree(
    duck: duckdb.DuckDBPyConnection, postgres: Any, text: str
) -> None:
    tree = parse(text)
    check(tree, SCHEMA)
    expected = [evaluate(tree, row) for row in ROWS]
    assert in_duckdb(duck, tree) == expected
    assert in_postgres(postgres, tree) == expected


def test_spark_gets_no_decimal_wider_than_it_holds_and_no_bare_division() -> None:
    sql = to_sql(parse("muldiv(a, b, b) + round_money(a * r)"), "spark", SCHEMA)
    assert "DECIMAL(39" not in sql
    assert sql.count(" / ") == sql.count("FLOOR(")


def test_names_can_stand_for_other_columns() -> None:
    from sqlglot import exp

    sql = to_sql(
        parse("a + 1"), "duckdb", SCHEMA, {"a": exp.column("amount", table="deal", quoted=True)}
    )
    assert '"deal"."amount"' in sql
