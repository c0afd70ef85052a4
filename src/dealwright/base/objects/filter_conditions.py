"""A checked filter as one condition for PostgreSQL.

Every condition is true or false, never unknown: an empty value fulfils no comparison, and
"is not" means "not (is)", so that it also selects what is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains, Overlap
from django.db import models
from django.db.models import Q, Value
from django.db.models.fields.json import HasAnyKeys, HasKeys
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from dealwright.base.objects.columns import (
    Alike,
    AsText,
    column_of,
    custom_expression,
    escape_like,
)
from dealwright.base.objects.crossing import across_hops, across_path
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.filter_sql import moment_tests
from dealwright.base.objects.filter_tree import Condition, Every, Negation, Node, Op, Some
from dealwright.base.objects.formulas import formula_expression

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL)
_LOOKUPS: dict[str, Callable[[Any, Any], Any]] = {
    "=": Exact,
    ">": GreaterThan,
    ">=": GreaterThanOrEqual,
    "<": LessThan,
    "<=": LessThanOrEqual,
}
_SIGNS = {Op.IS: "=", Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}
_NEGATIVE = {Op.IS_NOT: Op.IS, Op.NOT_IN: Op.IN}


def condition_of(node: Node, user: Any) -> Q:
    """The condition on the object that the filter was read for; ``Q()`` asks nothing."""
    match node:
        case Every(parts):
            every = Q()
            for part in parts:
                every &= condition_of(part, user)
            return every
        case Some(parts):
            some = Q()
            for part in parts:
                some |= condition_of(part, user)
            return some
        case Negation(part):
            return ~condition_of(part, user)
        case Condition():
            return _condition(node, user)


def _condition(condition: Condition, user: Any) -> Q:
    op = condition.op
    if op == Op.EMPTY:
        return ~_positive(condition, Op.NOT_EMPTY, user)
    if op in _NEGATIVE:
        return ~_positive(condition, _NEGATIVE[op], user)
    return _positive(condition, op, user)


def _positive(condition: Condition, op: Op, user: Any) -> Q:
    """The question with the relations around it: is there, at the end of the path, one that …"""
    place, field = condition.path.place, condition.path.field
    column = column_of(place.model, field)

    def test(expression: Any) -> Q:
        if op == Op.NOT_EMPTY:
            return _present(condition.kind, expression, column)
        return _holds(condition, op, expression, column)

    if field.kind == Kind.FORMULA and place.of is not None:
        found = test(formula_expression(place.of, field))
    elif field.custom:
        found = test(custom_expression(field))
    else:
        found = across_path(place.model, field.column.split("__"), test, user)
    return across_hops(condition.path.hops, found, user)


def _present(kind: Kind, expression: Any, column: Any) -> Q:
    there = Q(IsNull(expression, False))
    if kind in (Kind.CHOICES, Kind.JSON):
        return there & ~Q(In(AsText(expression), ["[]", "{}", '""', "null"]))
    if kind in _TEXTS or kind == Kind.CHOICE:
        if isinstance(column, models.UUIDField | models.ForeignKey):
            return there
        return there & ~Q(Exact(expression, Value("")))
    return there


def _holds(condition: Condition, op: Op, expression: Any, column: Any) -> Q:
    kind, value = condition.kind, condition.value
    there = Q(IsNull(expression, False))
    if kind in _TEXTS:
        return _text(op, expression, value) & there
    if kind in (Kind.DATE, Kind.DATETIME):
        found = Q()
        for sign, moment in moment_tests(op, value):
            # Custom dates are ISO text, which sorts as the days do.
            day = (
                moment.isoformat()
                if condition.path.field.kind == kind and (condition.path.field.custom)
                else moment
            )
            found &= Q(_LOOKUPS[sign](expression, Value(day)))
        return found & there
    if kind == Kind.CHOICES:
        return _choices(op, expression, value, column) & there
    if kind in (Kind.CHOICE, Kind.RELATION, Kind.USER):
        return Q(In(expression, list(value if isinstance(value, tuple) else (value,)))) & there
    if kind == Kind.BOOLEAN:
        return _boolean(condition, expression, value)
    if op == Op.BETWEEN:
        low, high = value
        return (
            Q(GreaterThanOrEqual(expression, Value(low)))
            & Q(LessThanOrEqual(expression, Value(high)))
            & there
        )
    if op == Op.IN:
        return Q(In(expression, list(value))) & there
    return Q(_LOOKUPS[_SIGNS[op]](expression, Value(value))) & there


def _text(op: Op, expression: Any, value: Any) -> Q:
    patterns = {Op.CONTAINS: "%{}%", Op.STARTS_WITH: "{}%"}
    pattern = patterns.get(op, "{}")
    found = Q()
    for text in value if isinstance(value, tuple) else (value,):
        found |= Q(Alike(expression, Value(pattern.format(escape_like(text)))))
    return found


def _choices(op: Op, expression: Any, value: Any, column: Any) -> Q:
    values = list(value if isinstance(value, tuple) else (value,))
    if isinstance(column, ArrayField):
        wanted = Value(values, output_field=column)
        return Q(Overlap(expression, wanted) if op == Op.IN else DataContains(expression, wanted))
    return Q(HasAnyKeys(expression, values) if op == Op.IN else HasKeys(expression, values))


def _boolean(condition: Condition, expression: Any, value: bool) -> Q:
    if not condition.path.field.custom or condition.path.field.kind == Kind.FORMULA:
        return Q(Exact(expression, Value(value))) & Q(IsNull(expression, False))
    # A box that was never ticked reads as no.
    ticked = Q(Exact(expression, Value("true"))) & Q(IsNull(expression, False))
    return ticked if value else ~ticked
