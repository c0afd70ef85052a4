"""One small typed expression language for the whole house.

Formula fields, exit criteria of stages, conditions of workflows and contracts, and the
components of compensation plans are written in it. A text is parsed into a tree and checked
against a schema; a checked tree is computed by the evaluator, compiled to SQL, or told in
English, and all three mean the same:

    tree = parse("round_money(amount * 5%)")
    check(tree, {"amount": money("EUR")})         # money in EUR, 2 decimal places
    evaluate(tree, {"amount": Decimal("19.99")})  # Decimal("1.00")
    to_sql(tree, "duckdb", {"amount": money("EUR")})
    to_english(tree)                              # "amount times 5%, rounded to 2 decimal places"

There are decimals (as bare numbers, money of one currency, rates and quantities), days, texts,
yes or no, and lists of these. ``functions.FUNCTIONS`` lists what can be called; there are no
loops, no attributes, no division but ``ratio`` and ``muldiv``, no text building. Numbers are
exact: rounding happens only where the text says so, half away from zero.
"""

from dealwright.base.language.check import check, check_condition
from dealwright.base.language.english import to_english
from dealwright.base.language.errors import LanguageError
from dealwright.base.language.evaluate import evaluate, holds
from dealwright.base.language.functions import FUNCTIONS
from dealwright.base.language.parse import parse
from dealwright.base.language.sql import Dialect, to_sql, to_sqlglot
from dealwright.base.language.tree import Node, names_in
from dealwright.base.language.types import (
    BOOL,
    DATE,
    POSTGRES_DIGITS,
    STRING,
    ListOf,
    Numeric,
    Scalar,
    Schema,
    Type,
    money,
    number,
    quantity,
    rate,
)

__all__ = [
    "BOOL",
    "DATE",
    "FUNCTIONS",
    "POSTGRES_DIGITS",
    "STRING",
    "Dialect",
    "LanguageError",
    "ListOf",
    "Node",
    "Numeric",
    "Scalar",
    "Schema",
    "Type",
    "check",
    "check_condition",
    "evaluate",
    "holds",
    "money",
    "names_in",
    "number",
    "parse",
    "quantity",
    "rate",
    "to_english",
    "to_sql",
    "to_sqlglot",
]
