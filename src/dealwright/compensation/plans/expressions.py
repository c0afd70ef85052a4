"""Expressions in plans (``when:``, ``amount:``, ``for:``), in the house's one language.

There are three scopes of names: an event; a credit with its event and payee; a payee in a
period. Amounts have at most 13 digits before the point and 4 after, as input files have; a
credit that is not rounded has 6.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlglot import parse_one

from dealwright.base.language import (
    BOOL,
    DATE,
    STRING,
    LanguageError,
    Node,
    Numeric,
    Type,
    check,
    money,
    names_in,
    number,
    parse,
    quantity,
    rate,
    to_english,
    to_sqlglot,
)
from dealwright.base.language import (
    evaluate as evaluate_tree,
)
from dealwright.compensation.plans.lookup_tables import LookupTable, table_scope
from dealwright.compensation.plans.source import Complaints, hint

MONEY = money(whole=13, scale=4)
_FIELD_TYPES: Mapping[str, Type] = {
    "text": STRING,
    "number": number(13, 6),
    "money": MONEY,
    "date": DATE,
    "bool": BOOL,
}
_EVENT: Mapping[str, Type] = {
    "id": STRING,
    "event_id": STRING,
    "kind": STRING,
    "date": DATE,
    "payee": STRING,
    "amount": MONEY,
    "currency": STRING,
    "quantity": quantity(12, 6),
    "cost": MONEY,
    "reference": STRING,
}
_CREDIT: Mapping[str, Type] = {"credit": money(whole=13, scale=6), "share": rate(), "role": STRING}
_LEVEL: Mapping[str, Type] = {"level": number(2, 0)}  # unless the plan has a field of that name

_TABLE = re.compile(r"table\.(\w+)")
PAYEE_COLUMNS = ("position", "team")  # texts that every payee has


@dataclass(frozen=True, slots=True)
class Names:
    """The fields a plan declares for events and payees."""

    fields: Mapping[str, str]
    payee_fields: Mapping[str, str]
    tables: Mapping[str, LookupTable] = field(default_factory=dict)

    def texts_of_payees(self) -> tuple[str, ...]:
        """The fields of payees that hold text, such as a region."""
        own = (name for name, kind in self.payee_fields.items() if kind == "text")
        return tuple(dict.fromkeys((*own, *PAYEE_COLUMNS)))


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression of a plan."""

    text: str
    line: int
    tree: Node = field(repr=False)
    schema: Mapping[str, Type] = field(repr=False, compare=False)
    names: frozenset[str] = frozenset()

    @property
    def english(self) -> str:
        return _TABLE.sub(
            lambda match: f"the value of “{match[1].replace('_', ' ')}”", to_english(self.tree)
        )


def event_scope(
    fields: Mapping[str, str], tables: Mapping[str, LookupTable] | None = None
) -> Mapping[str, Type]:
    """What an expression over an event may read."""
    scope = {**_EVENT, **{name: _FIELD_TYPES[kind] for name, kind in fields.items()}}
    return {**scope, **table_scope(tables or {}, scope)}


def payee_scope(names: Names) -> Mapping[str, Type]:
    """What an expression over a payee may read: ``payee.<field>``."""
    declared = {f"payee.{name}": _FIELD_TYPES[kind] for name, kind in names.payee_fields.items()}
    return {**{f"payee.{name}": STRING for name in PAYEE_COLUMNS}, **declared}


def credit_scope(names: Names) -> Mapping[str, Type]:
    """What an expression over a credit may read: the credit, its event and its payee."""
    scope = {**_LEVEL, **event_scope(names.fields), **payee_scope(names), **_CREDIT}
    return {**scope, **table_scope(names.tables, scope)}


def texts_of_credits(names: Names) -> tuple[str, ...]:
    """The texts by which a table may look up: of events, payees and credits."""
    return tuple(name for name, kind in credit_scope(names).items() if kind == STRING)


def _meant(text: str, scope: Mapping[str, Type]) -> str:
    """A guess at the first name that is not there."""
    try:
        unknown = sorted(set(names_in(parse(text))) - set(scope))
    except LanguageError:
        return ""
    return hint(unknown[0], list(scope)) if unknown else ""


def read_expression(
    text: str,
    line: int,
    scope: Mapping[str, Type],
    expected: Literal["number", "bool"] | str,
    complaints: Complaints,
    place: str,
) -> Expression | None:
    """The checked expression, or None with a complaint that names the line and the fault."""
    try:
        tree = parse(text)
        found = check(tree, scope)
    except LanguageError as error:
        before = text[: error.position or 0]
        after = text[error.position : error.position + 20] if error.position else ""
        where = f" (at “{after}”)" if after.strip() else ""
        complaints.add(
            line + before.count("\n"), f"{place}: {error.message}{where}{_meant(text, scope)}"
        )
        return None
    fits = found == BOOL if expected == "bool" else isinstance(found, Numeric)
    if not fits:
        wanted = "a yes-or-no question" if expected == "bool" else "a number"
        complaints.add(line, f"{place}: this must be {wanted}, and is {found}.")
        return None
    return Expression(text, line, tree, scope, frozenset(names_in(tree)))


def to_sql(expression: Expression, columns: Mapping[str, str]) -> str:
    """The expression in DuckDB's dialect; ``columns`` are SQL by name."""
    used = {name: _column(columns[name]) for name in expression.names}
    tree = to_sqlglot(expression.tree, "duckdb", expression.schema, used)
    return f"({tree.sql(dialect='duckdb')})"


def _column(sql: str) -> Any:
    return parse_one(sql, read="duckdb")


def evaluate(expression: Expression, values: Mapping[str, Any]) -> Any:
    """The value for one row, missing parts as None."""
    return evaluate_tree(expression.tree, values)


__all__ = [
    "Expression",
    "Names",
    "credit_scope",
    "evaluate",
    "event_scope",
    "payee_scope",
    "read_expression",
    "texts_of_credits",
    "to_sql",
]
