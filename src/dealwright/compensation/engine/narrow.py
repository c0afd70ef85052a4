"""Decimals of 64 bits where numbers fit them, as DuckDB divides those of 128 fifty times as
slowly: each rounding that an amount of up to a million goes through would otherwise take longer
than the join that found it.

Nothing changes in what is computed: a number is taken to fewer digits only where it has no others,
and else goes the long way.
"""

from __future__ import annotations

from decimal import Decimal

from sqlglot import exp

from dealwright.compensation.engine.tables import AMOUNT

_DIGITS = 18  # of a decimal of 64 bits
_WHOLE = 12  # of these, in an amount
_MOST_NODES = 120  # of what is rounded, since it is written three times


def narrowed(query: exp.Expr) -> exp.Expr:
    """The query with another way for small numbers wherever a decimal loses digits."""
    tree = query.copy()
    found: list[exp.Round | exp.Cast] = [*tree.find_all(exp.Round), *tree.find_all(exp.Cast)]
    # The innermost first, since the outer ones hold copies of them.
    for node in sorted(found, key=lambda node: node.depth, reverse=True):
        if quick := _quick(node):
            tree = quick if node is tree else tree
            node.replace(quick)
    return tree


def as_text(column: str, type_: str) -> str:
    """DuckDB's text of a column of a type: of amounts too the one that a plain cast yields."""
    if type_ != AMOUNT:
        return f"CAST({column} AS VARCHAR)"
    return (
        f"CASE WHEN abs({column}) < {10**_WHOLE} THEN CAST(CAST({column} AS "
        f"DECIMAL({_DIGITS}, {_DIGITS - _WHOLE})) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    )


def _quick(node: exp.Round | exp.Cast) -> exp.Expr | None:
    value, kind = node.this, _decimal(node.this)
    if kind is None or kind[0] <= _DIGITS or kind[1] >= _DIGITS:
        return None
    left = _places(node)
    if left is None or left >= kind[1] or not _is_short(value):
        return None
    bound = f"{Decimal(10) ** (_DIGITS - kind[1]):f}"
    most = _cast(exp.Literal.string(bound), _DIGITS + 1, kind[1])
    short = node.copy()
    short.set("this", _cast(value.copy(), _DIGITS, kind[1]))
    fits = exp.LT(this=exp.Abs(this=value.copy()), expression=most)
    return exp.paren(exp.case().when(fits, short).else_(node.copy()))


def _cast(value: exp.Expr, digits: int, places: int) -> exp.Cast:
    return exp.Cast(this=value, to=exp.DataType.build(f"DECIMAL({digits}, {places})"))


def _places(node: exp.Round | exp.Cast) -> int | None:
    """How many decimal places are left."""
    if isinstance(node, exp.Round):
        given = node.args.get("decimals")
        return int(given.this) if isinstance(given, exp.Literal) else None
    kind = _decimal(node)
    return None if kind is None else kind[1]


def _is_short(value: exp.Expr) -> bool:
    nodes = list(value.walk())
    return len(nodes) <= _MOST_NODES and not any(
        isinstance(each, exp.Window | exp.AggFunc | exp.Query) for each in nodes
    )


def _decimal(value: exp.Expr) -> tuple[int, int] | None:
    """Digits and places of a decimal, where they are written out."""
    match value:
        case exp.Paren() | exp.Abs() | exp.Neg():
            return _decimal(value.this)
        case exp.Cast():
            parameters = [int(each.name) for each in value.to.expressions]
            if value.to.this != exp.DataType.Type.DECIMAL or len(parameters) != 2:
                return None
            return parameters[0], parameters[1]
        case exp.Mul():
            left, right = _decimal(value.this), _decimal(value.expression)
            if left is None or right is None:
                return None
            return left[0] + right[0], left[1] + right[1]
        case exp.Coalesce():
            kinds = {_decimal(each) for each in (value.this, *value.expressions)}
            return kinds.pop() if len(kinds) == 1 else None
    return None
