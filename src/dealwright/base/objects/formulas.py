"""Formula fields: the house's language over the other fields of the same record.

The names of a formula are the object's field keys. A stage or another choice kept in a table
goes by its name, not its id. Formulas do not build on formulas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Func
from sqlglot import exp

from dealwright.base.language import (
    BOOL,
    DATE,
    POSTGRES_DIGITS,
    STRING,
    LanguageError,
    ListOf,
    Node,
    Numeric,
    Type,
    check,
    evaluate,
    money,
    names_in,
    number,
    parse,
    rate,
    to_sql,
)
from dealwright.base.objects.columns import (
    JsonTexts,
    column_of,
    custom_expression,
    local_expression,
)
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import ObjectType

_TEXTS = (Kind.TEXT, Kind.LONG_TEXT, Kind.EMAIL, Kind.PHONE, Kind.URL, Kind.CHOICE)


def record_schema(of: ObjectType) -> dict[str, Type]:
    """The names and types that expressions about the object's records can use: formula fields,
    exit criteria of stages, conditions of workflows."""
    types = ((field.key, _type(of, field)) for field in of.all_fields())
    return {key: type_ for key, type_ in types if type_ is not None}


def record_values(of: ObjectType, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as ``get_row`` gives it, as the values of the names of ``record_schema``.

    Numbers come at the decimal places their type has, as they do in SQL.
    """
    return {
        field.key: _value(type_, row.get(_row_key(field)))
        for field in of.all_fields()
        if (type_ := _type(of, field)) is not None
    }


def check_formula(of: ObjectType, text: str) -> Type:
    """The type of a formula over the object's fields; raises LanguageError."""
    return check(parse(text), record_schema(of), POSTGRES_DIGITS)


def formula_kind(of: ObjectType, field: Field) -> Kind:
    """The kind that a formula's result is shown and filtered as; JSON where it is broken."""
    try:
        found = check_formula(of, field.formula)
    except LanguageError:
        return Kind.JSON
    if isinstance(found, Numeric):
        return {"money": Kind.MONEY, "rate": Kind.PERCENT}.get(found.unit, Kind.NUMBER)
    kinds = {DATE: Kind.DATE, STRING: Kind.TEXT, BOOL: Kind.BOOLEAN}
    return kinds.get(found, Kind.JSON) if not isinstance(found, ListOf) else Kind.JSON


def formula_names(field: Field) -> list[str]:
    """The keys of the fields that a formula reads; none where it is broken."""
    try:
        return names_in(_parsed(field.formula))
    except LanguageError:
        return []


def formula_evaluator(of: ObjectType, field: Field) -> Callable[[Mapping[str, Any]], Any]:
    """What computes the formula from a row that holds the fields it reads."""
    try:
        tree = _parsed(field.formula)
        schema = record_schema(of)
        check(tree, schema, POSTGRES_DIGITS)
    except LanguageError:
        return lambda row: None
    reads = [(name, schema[name], _row_key(of.field(name))) for name in names_in(tree)]

    def compute(row: Mapping[str, Any]) -> Any:
        try:
            return evaluate(tree, {name: _value(type_, row.get(key)) for name, type_, key in reads})
        except LanguageError:
            return None

    return compute


def formula_expression(of: ObjectType, field: Field) -> Any:
    """The formula as an expression of the ORM, to filter and sort by; raises LanguageError."""
    tree = _parsed(field.formula)
    schema = record_schema(of)
    result = check(tree, schema, POSTGRES_DIGITS)
    names = names_in(tree)
    sql = to_sql(tree, "postgres", schema, {name: _mark(at) for at, name in enumerate(names)})
    columns = [_column(of, of.field(name)) for name in names]
    return _FormulaSql(*columns, sql=sql, output_field=_output_field(result))


@lru_cache(maxsize=512)
def _parsed(text: str) -> Node:
    return parse(text)


def _row_key(field: Field) -> str:
    return f"{field.key}_title" if _goes_by_name(field) else field.key


def _goes_by_name(field: Field) -> bool:
    return field.kind in (Kind.CHOICE, Kind.USER) and bool(field.title_path)


def _type(of: ObjectType, field: Field) -> Type | None:
    if field.kind == Kind.USER:
        return STRING if _goes_by_name(field) else None
    if not field.custom and "__" in field.column:
        return None
    if field.kind in _TEXTS:
        return STRING
    column = column_of(of.model, field)
    if field.kind in (Kind.NUMBER, Kind.MONEY, Kind.PERCENT):
        return _numeric(field, column)
    types: dict[Kind, Type] = {
        Kind.INTEGER: number(10, 0),
        Kind.DATE: DATE,
        Kind.DATETIME: DATE,
        Kind.BOOLEAN: BOOL,
        Kind.CHOICES: ListOf(STRING),
    }
    return types.get(field.kind)


def _numeric(field: Field, column: Any) -> Numeric:
    column = getattr(column, "output_field", column)  # a generated column knows its type there
    make: Any = {Kind.MONEY: money, Kind.PERCENT: rate}.get(field.kind, number)
    found: Numeric = make()
    if isinstance(column, models.DecimalField) and column.max_digits is not None:
        places = column.decimal_places or 0
        found = make(whole=column.max_digits - places, scale=places)
    return found


def _value(type_: Type, value: Any) -> Any:
    if isinstance(type_, Numeric) and isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-type_.scale), rounding=ROUND_HALF_UP)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(type_, ListOf):
        return list(value or [])
    if type_ == STRING and value is not None:
        return str(value)
    return value if not isinstance(value, date | bool) or type_ in (DATE, BOOL) else None


def _column(of: ObjectType, field: Field) -> Any:
    if _goes_by_name(field):
        return F(field.title_path)
    if field.custom:
        expression = custom_expression(field)
        return JsonTexts(expression) if field.kind == Kind.CHOICES else expression
    column = column_of(of.model, field)
    expression = local_expression(of.model, field.column.split("__"))
    if field.kind == Kind.CHOICES and isinstance(column, models.JSONField):
        return JsonTexts(expression)
    return expression


def _output_field(type_: Type) -> models.Field[Any, Any]:
    if isinstance(type_, Numeric):
        return models.DecimalField(max_digits=38, decimal_places=type_.scale)
    if type_ == DATE:
        return models.DateField()
    return models.BooleanField() if type_ == BOOL else models.TextField()


# A character that no text of the language can hold, so that no literal looks like a mark.
_MARK = re.compile('"\x01(\\d+)"')


def _mark(position: int) -> exp.Expression:
    return exp.column(f"\x01{position}", quoted=True)


class _FormulaSql(Func):
    """SQL text with marks where the columns go, as Django names them in the statement at hand."""

    contains_aggregate: ClassVar[Any] = False

    def __init__(self, *columns: Any, sql: str, output_field: Any) -> None:
        super().__init__(*columns, output_field=output_field)
        self.sql = sql

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: Any = None,
        template: Any = None,
        arg_joiner: Any = None,
        **extra: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        compiled = [compiler.compile(each) for each in self.get_source_expressions()]
        params: list[Any] = []

        def place(match: re.Match[str]) -> str:
            text, values = compiled[int(match[1])]
            params.extend(values)
            return f"({text})"

        sql = _MARK.sub(place, self.sql.replace("%", "%%"))
        return f"({sql})", tuple(params)
