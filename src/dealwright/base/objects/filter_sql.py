"""A filter as SQL text for DuckDB, so that a segment also selects from Parquet files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.objects.columns import escape_like
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.filter_tree import Condition, Every, Negation, Node, Op, Some
from dealwright.base.objects.filter_values import Span

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL)
_TYPES = {
    Kind.NUMBER: "DECIMAL(38, 10)",
    Kind.MONEY: "DECIMAL(38, 10)",
    Kind.PERCENT: "DECIMAL(38, 10)",
    Kind.INTEGER: "DECIMAL(38, 10)",
    Kind.DATE: "DATE",
    Kind.DATETIME: "TIMESTAMPTZ",
    Kind.BOOLEAN: "BOOLEAN",
}


def sql_of(node: Node) -> tuple[str, list[Any]]:
    """The condition with ``?`` in place of values, and the values.

    Columns are named by the keys as written: ``"amount"``, ``"account.industry"``. Text
    compares without case and a comparison with NULL does not hold, as in PostgreSQL.
    """
    params: list[Any] = []
    return _node(node, params), params


def _node(node: Node, params: list[Any]) -> str:
    match node:
        case Every(parts):
            return _joined(parts, " AND ", "TRUE", params)
        case Some(parts):
            return _joined(parts, " OR ", "FALSE", params)
        case Negation(part):
            return f"(NOT {_node(part, params)})"
        case Condition():
            return _condition(node, params)


def _joined(parts: tuple[Node, ...], word: str, nothing: str, params: list[Any]) -> str:
    if not parts:
        return nothing
    return "(" + word.join(_node(part, params) for part in parts) + ")"


def _condition(condition: Condition, params: list[Any]) -> str:
    op, kind = condition.op, condition.kind
    if kind == Kind.JSON:
        raise Invalid(f"{condition.path.label} cannot be filtered in files.")
    name = '"' + condition.path.key.replace('"', '""') + '"'
    if op in (Op.EMPTY, Op.NOT_EMPTY):
        sql = _empty(name, kind)
        return sql if op == Op.EMPTY else f"(NOT {sql})"
    if op in (Op.IS_NOT, Op.NOT_IN):
        return f"(NOT {_positive(name, kind, _opposite(op), condition.value, params)})"
    return _positive(name, kind, op, condition.value, params)


def _opposite(op: Op) -> Op:
    return Op.IS if op == Op.IS_NOT else Op.IN


def _empty(name: str, kind: Kind) -> str:
    if kind in _TEXTS or kind == Kind.CHOICE:
        return f"coalesce({name} = '', TRUE)"
    if kind == Kind.CHOICES:
        return f"(coalesce(len({name}), 0) = 0)"
    return f"({name} IS NULL)"


def _positive(name: str, kind: Kind, op: Op, value: Any, params: list[Any]) -> str:
    if kind in _TEXTS:
        return _text(name, op, value, params)
    if kind in (Kind.DATE, Kind.DATETIME):
        return _moment(name, kind, op, value, params)
    if kind == Kind.CHOICES:
        values = value if isinstance(value, tuple) else (value,)
        params.append([str(each) for each in values])
        test = "list_has_any" if op == Op.IN else "list_has_all"
        return f"coalesce({test}({name}, CAST(? AS VARCHAR[])), FALSE)"
    if kind in (Kind.CHOICE, Kind.RELATION, Kind.USER):
        values = value if isinstance(value, tuple) else (value,)
        params.append([str(each) for each in values])
        return f"coalesce(list_contains(CAST(? AS VARCHAR[]), CAST({name} AS VARCHAR)), FALSE)"
    return _ordered(name, _TYPES[kind], op, value, params)


def _text(name: str, op: Op, value: Any, params: list[Any]) -> str:
    texts = value if isinstance(value, tuple) else (value,)
    patterns = {Op.CONTAINS: "%{}%", Op.STARTS_WITH: "{}%"}
    tests = []
    for text in texts:
        params.append(patterns.get(op, "{}").format(escape_like(text)))
        tests.append(f"coalesce({name} ILIKE ? ESCAPE '\\', FALSE)")
    return "(" + " OR ".join(tests) + ")"


_SIGNS = {Op.IS: "=", Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}


def _ordered(name: str, type_: str, op: Op, value: Any, params: list[Any]) -> str:
    column, mark = f"CAST({name} AS {type_})", f"CAST(? AS {type_})"

    def test(sign: str, each: Any) -> str:
        params.append(each if isinstance(each, bool) else str(each))
        return f"coalesce({column} {sign} {mark}, FALSE)"

    if op == Op.BETWEEN:
        return f"({test('>=', value[0])} AND {test('<=', value[1])})"
    if op == Op.IN:
        return "(" + " OR ".join(test("=", each) for each in value) + ")"
    return test(_SIGNS[op], value)


def _moment(name: str, kind: Kind, op: Op, value: Any, params: list[Any]) -> str:
    type_ = _TYPES[kind]

    def test(sign: str, each: date | datetime) -> str:
        text = each.astimezone(UTC).isoformat() if isinstance(each, datetime) else each.isoformat()
        params.append(text)
        return f"coalesce(CAST({name} AS {type_}) {sign} CAST(? AS {type_}), FALSE)"

    tests = [test(sign, each) for sign, each in moment_tests(op, value)]
    return "(" + " AND ".join(tests) + ")"


def moment_tests(op: Op, value: Any) -> list[tuple[str, date | datetime]]:
    """The comparisons that a question about a day or time comes down to."""
    if op == Op.BETWEEN:
        first, last = value
        return [*moment_tests(Op.GTE, first), *moment_tests(Op.LTE, last)]
    span: Span = value
    match op:
        case Op.GT:
            return [(">", span.start) if span.end is None else (">=", span.end)]
        case Op.GTE:
            return [(">=", span.start)]
        case Op.LT:
            return [("<", span.start)]
        case Op.LTE:
            return [("<=", span.start) if span.end is None else ("<", span.end)]
    if span.end is None:
        return [("=", span.start)]
    return [(">=", span.start), ("<", span.end)]
