"""Pieces of SQL with every width and rounding written out.

Engines infer different types for decimal products, sums and quotients, so nothing is left
to inference: amounts are DECIMAL(28, 6), rates DECIMAL(9, 6), and a quotient is one division
of whole numbers with the half added. Text is written in DuckDB's dialect and goes through a
syntax tree, from which other dialects are printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlglot
from sqlglot import exp

from dealwright.compensation.engine.narrow import narrowed
from dealwright.compensation.engine.tables import AMOUNT, RATE

NO_LIMIT = Decimal(10) ** 20  # beyond every amount: the end of the last band
LINE_SCALE = 6
RATIO_DIGITS = 4  # decimals of amounts and quotas inside a quotient
FACTOR_DIGITS = 12  # decimals of an interpolated factor
FACTOR = "DECIMAL(19, 12)"


@dataclass(frozen=True, slots=True)
class Stage:
    """One named table of a calculation; ``sql`` makes it in DuckDB, other dialects are printed
    from ``query``."""

    name: str
    purpose: str
    query: exp.Expr
    sql: str
    is_table: bool = True  # else it is computed again where it is read


def stage(name: str, purpose: str, sql: str, *, view: bool = False) -> Stage:
    """A stage from SQL in DuckDB's dialect; a ``view`` is recomputed where it is read."""
    query = sqlglot.parse_one(sql, read="duckdb")
    kind = "VIEW" if view else "TABLE"
    made = f"CREATE OR REPLACE {kind} {name} AS {narrowed(query).sql(dialect='duckdb')}"
    return Stage(name, purpose, query, made, is_table=not view)


def text(value: str) -> str:
    """A string literal."""
    return exp.Literal.string(value).sql(dialect="duckdb")


def texts(values: Iterable[str]) -> str:
    """String literals for an IN list; of nothing, one that equals no name."""
    return ", ".join(text(value) for value in values) or "' '"


def amount(value: Decimal) -> str:
    return f"CAST('{value:f}' AS {AMOUNT})"


def rate(value: Decimal) -> str:
    return f"CAST('{value:f}' AS {RATE})"


def rounded(sql: str, scale: int) -> str:
    """Half away from zero, as an amount."""
    return f"CAST(ROUND({sql}, {scale}) AS {AMOUNT})"


def times_rate(sql: str, by: str, scale: int) -> str:
    """An amount times a rate: exact in DECIMAL(37, 12), then rounded."""
    return rounded(f"CAST({sql} AS {AMOUNT}) * CAST({by} AS {RATE})", scale)


def times_price(sql: str, by: str, scale: int) -> str:
    """A quantity times a price: exact in DECIMAL(36, 12), then rounded."""
    return rounded(f"CAST({sql} AS DECIMAL(18, 6)) * CAST({by} AS DECIMAL(18, 6))", scale)


def units(sql: str, digits: int) -> str:
    """An amount as a whole number of its last decimal: 12.34 with 2 digits is 1234."""
    return f"CAST(CAST({sql} AS DECIMAL(28, {digits})) * {10**digits} AS INT128)"


def quotient(numerator: str, denominator: str, scale: int, type_: str = AMOUNT) -> str:
    """One division of whole numbers, half away from zero, in units of 10^-scale; by nothing
    it is 0."""
    above, below = f"({numerator})", f"({denominator})"
    whole = (
        f"(CASE WHEN {above} < 0 THEN -1 ELSE 1 END) * "
        f"((2 * ABS({above}) + {below}) // (2 * {below}))"
    )
    return (
        f"CASE WHEN {below} = 0 THEN CAST(0 AS {type_}) ELSE {from_units(whole, scale, type_)} END"
    )


def from_units(whole: str, scale: int, type_: str = AMOUNT) -> str:
    """A whole number of units of 10^-scale as an amount."""
    step = f"{Decimal(1).scaleb(-scale):f}"
    return f"CAST(CAST({whole} AS DECIMAL(22, 0)) * CAST('{step}' AS DECIMAL(13, 12)) AS {type_})"


def apportioned(rows: str, within: str, order: str) -> str:
    """Adds ``units`` to rows with whole numbers ``pool`` (the same ``within`` a group) and
    ``weight``: parts in proportion to weights that sum to the pool.

    What rounding down leaves over goes one by one to the largest remainders, ties in
    ``order`` (Hamilton's method). A group without weight gets nothing.
    """
    part = "(pool * weight) // weights"
    return (
        f"SELECT *, CAST(part + CASE WHEN place <= missing THEN 1 ELSE 0 END AS INT128) AS units "
        f"FROM (SELECT *, pool - CAST(sum(part) OVER (PARTITION BY {within}) AS INT128) "
        f"AS missing, row_number() OVER (PARTITION BY {within} ORDER BY "
        f"pool * weight - part * weights DESC, {order}) AS place FROM ("
        f"SELECT *, CAST({part} AS INT128) AS part FROM (SELECT *, "
        f"CAST(sum(weight) OVER (PARTITION BY {within}) AS INT128) AS weights FROM ({rows}) "
        "AS given) AS weighed WHERE weights > 0) AS parts) AS placed"
    )


def values_table(rows: Sequence[Sequence[str]], name: str, columns: Sequence[str]) -> str:
    """Literals as a table in a FROM clause."""
    listed = ", ".join(f"({', '.join(row)})" for row in rows)
    return f"(VALUES {listed}) AS {name}({', '.join(columns)})"


def union(queries: Sequence[str]) -> str:
    return " UNION ALL ".join(queries)
