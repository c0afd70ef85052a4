"""Numbers that fit 64 bits are divided there, to the same digits as in 128."""

from __future__ import annotations

from decimal import Decimal

import duckdb
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dealwright.compensation.engine.narrow import as_text, narrowed
from dealwright.compensation.engine.sql import rounded, times_price, times_rate
from dealwright.compensation.engine.tables import AMOUNT

FORMULAS = [
    times_rate("x", "y", 2),
    times_rate("x", "y", 6),
    times_price("x", "y", 0),
    rounded(f"coalesce(CAST((CAST(CAST(x AS {AMOUNT}) AS DECIMAL(17, 4))) AS {AMOUNT}), "
            f"CAST(0 AS {AMOUNT}))", 2),
    rounded(f"-abs(CAST(x AS {AMOUNT}))", 3),
    f"CAST(CAST(x AS {AMOUNT}) AS DECIMAL(12, 1))",
]  # fmt: skip
AMOUNTS = st.decimals(min_value=-(10**14), max_value=10**14, places=6) | st.decimals(
    min_value=-1000, max_value=1000, places=6
)
RATES = st.decimals(min_value=-999, max_value=999, places=6) | st.none()


def answer(formula: str, x: Decimal, y: Decimal | None) -> list[tuple[object, ...]] | str:
    """What DuckDB yields of two rows, or which kind of error."""
    try:
        return duckdb.execute(
            f"SELECT {formula} FROM (SELECT unnest([?, 1]::{AMOUNT}[]) AS x, "
            "CAST(? AS DECIMAL(9, 6)) AS y)",
            [x, y],
        ).fetchall()
    except duckdb.Error as error:
        return type(error).__name__


@settings(max_examples=300)
@example(Decimal("999999999999.999999"), Decimal(1))
@example(Decimal("-1000000000000"), Decimal(1))
@example(Decimal("0.005"), Decimal(1))
@example(Decimal("-1.0005"), Decimal("0.5"))
@example(Decimal("999999.999999"), Decimal(1))
@example(Decimal("99999999999999.99"), Decimal(999))
@given(AMOUNTS, RATES)
def test_small_and_large_numbers_round_as_ever(x: Decimal, y: Decimal | None) -> None:
    for formula in FORMULAS:
        query = sqlglot.parse_one(formula, read="duckdb")
        narrow = narrowed(query).sql(dialect="duckdb")
        assert "CASE" in narrow
        assert answer(narrow, x, y) == answer(formula, x, y)
        assert query == sqlglot.parse_one(formula, read="duckdb")


@given(AMOUNTS)
def test_the_text_of_an_amount_is_that_of_a_plain_cast(x: Decimal) -> None:
    assert answer(as_text("x", AMOUNT), x, None) == answer("CAST(x AS VARCHAR)", x, None)


@pytest.mark.parametrize(
    "formula",
    [
        "ROUND(x, 2)",  # of unknown digits
        "ROUND(CAST(x AS DECIMAL(18, 6)), 2)",  # narrow already
        "ROUND(CAST(x AS DECIMAL(28, 2)), 2)",  # loses nothing
        "ROUND(CAST(sum(x) OVER (PARTITION BY y) AS DECIMAL(28, 6)), 2)",  # dear to do twice
        "CAST(CAST(x AS VARCHAR) AS DECIMAL(28, 6))",
    ],
)
def test_what_is_not_known_to_gain_stays(formula: str) -> None:
    query = sqlglot.parse_one(formula, read="duckdb")
    assert narrowed(query) == query
