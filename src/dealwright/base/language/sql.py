"""A checked expression as SQL for DuckDB, PostgreSQL and Spark, equal to the evaluator to the
last digit.

Engines differ in the widths they infer for decimals and in what a division yields (DuckDB:
DOUBLE; Spark: a cut scale; see ``docs/decisions``), so nothing is left to inference: every
step is cast to the type the checker found, no product is wider than 38 digits before its cast,
and the two divisions of the language are done in whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal as OneOf

from sqlglot import exp

from dealwright.base.language.check import RATIO_BOUND, places_of, shifts, types_of
from dealwright.base.language.errors import LanguageError
from dealwright.base.language.tree import (
    Call,
    Comparison,
    Connection,
    Literal,
    Membership,
    Name,
    Negation,
    Negative,
    Node,
    Product,
    Sum,
)
from dealwright.base.language.types import (
    DATE,
    MAX_DIGITS,
    POSTGRES_DIGITS,
    STRING,
    ListOf,
    Numeric,
    Scalar,
    Schema,
    Type,
    common_unit,
)

Dialect = OneOf["duckdb", "postgres", "spark"]
MAX_SQL_NODES = 20_000
# DuckDB multiplies two decimals of at most 18 digits in 64 bits and refuses what overflows;
# one operand of 19 digits makes it use 128.
_WIDE = 19

Sql = exp.Expression


def to_sql(
    tree: Node,
    dialect: Dialect,
    schema: Schema,
    columns: Mapping[str, Sql] | None = None,
) -> str:
    """The expression as SQL text of the dialect.

    ``columns`` are the SQL expressions that names stand for; without them a name is a quoted
    column of the same name. Lists are arrays of text. Raises LanguageError.
    """
    return to_sqlglot(tree, dialect, schema, columns).sql(dialect=dialect)


def to_sqlglot(
    tree: Node,
    dialect: Dialect,
    schema: Schema,
    columns: Mapping[str, Sql] | None = None,
) -> Sql:
    """The expression as a sqlglot tree, to be set into a larger statement of the dialect."""
    digits = POSTGRES_DIGITS if dialect == "postgres" else MAX_DIGITS
    compiler = _Compiler(dialect, types_of(tree, schema, digits), columns or {})
    return compiler.sql(tree)


class _Compiler:
    def __init__(
        self, dialect: Dialect, types: Mapping[int, Type], columns: Mapping[str, Sql]
    ) -> None:
        self.dialect = dialect
        self.types = types
        self.columns = columns
        self.count = 0

    def numeric(self, node: Node) -> Numeric:
        found = self.types[id(node)]
        assert isinstance(found, Numeric)
        return found

    def sql(self, node: Node) -> Sql:
        self.count += 1
        if self.count > MAX_SQL_NODES:
            raise LanguageError("This expression would make too long a statement.")
        match node:
            case Literal(value):
                return self.literal(value, self.types[id(node)])
            case Name():
                return self.column(node)
            case Negative(operand):
                return _decimal(exp.Neg(this=_paren(self.sql(operand))), self.numeric(node))
            case Sum():
                return self.sum(node)
            case Product():
                return self.product(node)
            case Comparison():
                return self.comparison(node)
            case Membership():
                return self.membership(node)
            case Connection(word, parts):
                kind: Callable[..., Sql] = exp.And if word == "and" else exp.Or
                return _balanced(
                    [self.sql(part) for part in parts],
                    lambda left, right: _paren(kind(this=left, expression=right)),
                )
            case Negation(part):
                return exp.Not(this=_paren(self.sql(part)))
            case Call():
                return self.call(node)
        raise LanguageError("A list can only stand after “in”.", node.at)

    def literal(self, value: Decimal | date | str | bool, type_: Type) -> Sql:
        if isinstance(value, bool):
            return exp.Boolean(this=value)
        if isinstance(value, str):
            return self.cast(exp.Literal.string(value), STRING)
        if isinstance(value, date):
            return self.cast(exp.Literal.string(value.isoformat()), DATE)
        return self.cast(exp.Literal.number(f"{value:f}"), type_)

    def column(self, node: Name) -> Sql:
        type_ = self.types[id(node)]
        given = self.columns.get(node.name)
        column = given.copy() if given is not None else exp.column(node.name, quoted=True)
        if not isinstance(type_, ListOf):
            return self.cast(column, type_)
        if self.dialect != "postgres":
            return column
        text = exp.DataType(this=exp.DataType.Type.TEXT)
        texts = exp.DataType(this=exp.DataType.Type.ARRAY, expressions=[text], nested=True)
        return exp.Cast(this=column, to=texts)

    def cast(self, value: Sql, type_: Type) -> Sql:
        if isinstance(type_, Numeric):
            return _decimal(value, type_)
        assert isinstance(type_, Scalar)
        text = exp.DataType.Type.VARCHAR if self.dialect == "duckdb" else exp.DataType.Type.TEXT
        kinds = {"date": exp.DataType.Type.DATE, "string": text, "bool": exp.DataType.Type.BOOLEAN}
        return exp.Cast(this=value, to=exp.DataType(this=kinds[type_.kind]))

    def as_type(self, node: Node, type_: Type) -> Sql:
        """The node cast once more where its own type is narrower than what it meets."""
        value = self.sql(node)
        if isinstance(type_, Numeric) and not _same_width(self.numeric(node), type_):
            return _decimal(value, type_)
        return value

    def sum(self, node: Sum) -> Sql:
        type_ = self.numeric(node)
        terms: list[Sql] = []
        for term in node.terms:
            value = self.as_type(term.node, type_)
            terms.append(_decimal(exp.Neg(this=value), type_) if term.negative else value)
        # Added in pairs of pairs, so that a long sum does not nest deep.
        return _balanced(
            terms,
            lambda left, right: _decimal(exp.Add(this=left, expression=right), type_),
        )

    def product(self, node: Product) -> Sql:
        first, *others = node.factors
        total, value = self.numeric(first), self.sql(first)
        for factor in others:
            type_ = self.numeric(factor)
            result = Numeric("number", total.bound * type_.bound, total.scale + type_.scale)
            value = _multiply(value, total, self.sql(factor), type_, result)
            total = result
        return value

    def comparison(self, node: Comparison) -> Sql:
        left, right = self.types[id(node.left)], self.types[id(node.right)]
        joined: Type | None = left
        if isinstance(left, Numeric) and isinstance(right, Numeric):
            joined = common_unit(left, right)
        assert joined is not None
        kinds: dict[str, Callable[..., Sql]] = {
            "=": exp.EQ,
            "!=": exp.NEQ,
            "<": exp.LT,
            "<=": exp.LTE,
            ">": exp.GT,
            ">=": exp.GTE,
        }
        sides = [_paren(self.as_type(side, joined)) for side in (node.left, node.right)]
        return _paren(kinds[node.operator](this=sides[0], expression=sides[1]))

    def membership(self, node: Membership) -> Sql:
        if isinstance(node.among, Name):
            found = self.in_list(self.sql(node.item), self.column(node.among))
        else:
            joined = self.types[id(node.item)]
            for each in node.among.items:
                other = self.types[id(each)]
                if isinstance(joined, Numeric) and isinstance(other, Numeric):
                    joined = common_unit(joined, other) or joined
            options = [self.as_type(each, joined) for each in node.among.items]
            item = _paren(self.as_type(node.item, joined))
            found = _paren(exp.In(this=item, expressions=options))
        return exp.Not(this=_paren(found)) if node.negated else found

    def in_list(self, item: Sql, column: Sql) -> Sql:
        if self.dialect == "postgres":
            return _paren(exp.EQ(this=item, expression=exp.Any(this=exp.Paren(this=column))))
        name = "LIST_CONTAINS" if self.dialect == "duckdb" else "ARRAY_CONTAINS"
        return exp.Anonymous(this=name, expressions=[column, item])

    # Functions

    def call(self, node: Call) -> Sql:
        match node.function:
            case "if":
                return self.choice(node)
            case "min" | "max" | "coalesce":
                kinds = {"min": "LEAST", "max": "GREATEST", "coalesce": "COALESCE"}
                type_ = self.types[id(node)]
                values = [self.as_type(each, type_) for each in node.arguments]
                return self.cast(
                    exp.Anonymous(this=kinds[node.function], expressions=values), type_
                )
            case "abs":
                value = self.sql(node.arguments[0])
                return _decimal(exp.Abs(this=value), self.numeric(node))
            case "round_money":
                return self.rounding(node)
            case "ratio" | "muldiv":
                return self.division(node)
            case "year" | "month" | "day":
                part = exp.Extract(
                    this=exp.Var(this=node.function.upper()), expression=self.sql(node.arguments[0])
                )
                return _decimal(part, self.numeric(node))
            case "days_between":
                return self.days_between(node)
            case "is_missing":
                value = _paren(self.sql(node.arguments[0]))
                return _paren(exp.Is(this=value, expression=exp.Null()))
            case _:
                return self.about_text(node, [self.sql(each) for each in node.arguments])

    def choice(self, node: Call) -> Sql:
        condition, then, otherwise = node.arguments
        type_ = self.types[id(node)]
        branches = [(self.sql(condition), self.as_type(then, type_))]
        return self.cast(_case(branches, self.as_type(otherwise, type_)), type_)

    def rounding(self, node: Call) -> Sql:
        places, value = places_of(node), node.arguments[0]
        if places >= self.numeric(value).scale:
            return _decimal(self.sql(value), self.numeric(node))
        rounded = exp.Round(this=self.sql(value), decimals=exp.Literal.number(places))
        return _decimal(rounded, self.numeric(node))

    def days_between(self, node: Call) -> Sql:
        first, last = (self.sql(each) for each in node.arguments)
        days: Sql
        if self.dialect == "spark":
            days = exp.Anonymous(this="DATEDIFF", expressions=[last, first])
        elif self.dialect == "duckdb":
            unit = exp.Literal.string("day")
            days = exp.Anonymous(this="DATE_DIFF", expressions=[unit, first, last])
        else:
            days = _paren(exp.Sub(this=last, expression=first))
        return _decimal(days, self.numeric(node))

    def about_text(self, node: Call, values: Sequence[Sql]) -> Sql:
        if node.function == "lower":
            return exp.Lower(this=values[0])
        if node.function == "starts_with":
            name = "STARTSWITH" if self.dialect == "spark" else "STARTS_WITH"
            return exp.Anonymous(this=name, expressions=list(values))
        if self.dialect == "postgres":
            place = exp.Anonymous(this="STRPOS", expressions=list(values))
            return _paren(exp.GT(this=place, expression=exp.Literal.number(0)))
        return exp.Anonymous(this="CONTAINS", expressions=list(values))

    # Division, in whole numbers of the last decimal place

    def division(self, node: Call) -> Sql:
        places = places_of(node)
        arguments = node.arguments[: 2 if node.function == "ratio" else 3]
        found = [self.numeric(each) for each in arguments]
        whole = [self.whole(each, type_) for each, type_ in zip(arguments, found, strict=True)]
        up, down = shifts(found[:-1], found[-1], places)
        numerator = self.times_whole([*whole[:-1], *([_power(up)] if up else [])])
        denominator = self.times_whole([whole[-1], *([_power(down)] if down else [])])
        quotient = self.quotient(numerator, denominator)
        zero = _whole_cast(exp.Mul(this=numerator.copy(), expression=_power(0, zero=True)), self)
        is_zero = exp.EQ(
            this=denominator.copy(), expression=_whole_cast(_power(0, zero=True), self)
        )
        result = _case([(is_zero, zero)], quotient)
        type_ = self.numeric(node)
        if node.function == "ratio":
            limit = self.whole_literal(RATIO_BOUND * 10**places - 1)
            least = exp.Anonymous(this="LEAST", expressions=[result, limit])
            under = exp.Neg(this=limit.copy())
            result = _whole_cast(exp.Anonymous(this="GREATEST", expressions=[least, under]), self)
            # GREATEST and LEAST skip what is missing; a missing quotient must stay missing.
            missing = exp.Is(this=_paren(numerator.copy()), expression=exp.Null())
            gone = exp.Is(this=_paren(denominator.copy()), expression=exp.Null())
            result = _case([(exp.Or(this=missing, expression=gone), exp.Null())], result)
        units = Numeric("number", type_.bound * 10**places, 0)
        unit = Numeric("number", 2, places)
        step = exp.Literal.number(f"{Decimal(1).scaleb(-places):f}")
        if not places:
            return _decimal(result, type_)
        return _multiply(_decimal(result, units), units, _decimal(step, unit), unit, type_)

    def whole(self, node: Node, type_: Numeric) -> Sql:
        value = self.sql(node)
        if not type_.scale:
            return _whole_cast(value, self)
        power = Numeric("number", 10**type_.scale + 1, 0)
        result = Numeric("number", type_.bound * 10**type_.scale, type_.scale)
        factor = _decimal(_power(type_.scale), power)
        return _whole_cast(_multiply(value, type_, factor, power, result, cast=False), self)

    def times_whole(self, factors: Sequence[Sql]) -> Sql:
        total, *others = factors
        for factor in others:
            total = _whole_cast(exp.Mul(this=total, expression=_whole_cast(factor, self)), self)
        return total

    def quotient(self, numerator: Sql, denominator: Sql) -> Sql:
        """sign · ((2·|n| + |d|) div (2·|d|)): the quotient rounded half away from zero."""
        double = exp.Mul(this=self.two(), expression=_absolute(numerator, self))
        above = _whole_cast(
            exp.Add(this=_whole_cast(double, self), expression=_absolute(denominator, self)), self
        )
        below = _whole_cast(exp.Mul(this=self.two(), expression=_absolute(denominator, self)), self)
        divided = self.divide(above, below)
        signs = exp.Mul(this=self.sign(numerator), expression=self.sign(denominator))
        return _whole_cast(exp.Mul(this=_whole_cast(signs, self), expression=divided), self)

    def divide(self, above: Sql, below: Sql) -> Sql:
        zero = _whole_cast(_power(0, zero=True), self)
        safe = exp.Anonymous(this="NULLIF", expressions=[below, zero])
        if self.dialect == "postgres":
            return exp.Anonymous(this="DIV", expressions=[above, safe])
        if self.dialect == "duckdb":
            return _paren(exp.IntDiv(this=_paren(above), expression=_paren(safe)))
        # Spark's own DIV is limited to 64 bits, and its division rounds: a floor that was
        # rounded up by one is found by multiplying back.
        floor = exp.Anonymous(
            this="FLOOR", expressions=[exp.Div(this=_paren(above), expression=_paren(safe))]
        )
        guess = _whole_cast(floor, self)
        back = _whole_cast(exp.Mul(this=guess.copy(), expression=below.copy()), self)
        over = exp.GT(this=back, expression=above.copy())
        one, none = self.whole_literal(1), self.whole_literal(0)
        correction = _case([(over, one)], none)
        return _whole_cast(exp.Sub(this=guess, expression=correction), self)

    def sign(self, value: Sql) -> Sql:
        return _whole_cast(exp.Anonymous(this="SIGN", expressions=[value.copy()]), self)

    def two(self) -> Sql:
        return self.whole_literal(2)

    def whole_literal(self, value: int) -> Sql:
        return _whole_cast(exp.Literal.number(value), self)


def _whole_cast(value: Sql, compiler: _Compiler) -> Sql:
    if compiler.dialect == "duckdb":
        return exp.Cast(this=value, to=exp.DataType(this=exp.DataType.Type.INT128))
    if compiler.dialect == "postgres":
        return exp.Cast(this=value, to=exp.DataType(this=exp.DataType.Type.DECIMAL))
    return exp.Cast(this=value, to=_decimal_type(38, 0))


def _absolute(value: Sql, compiler: _Compiler) -> Sql:
    return _whole_cast(exp.Abs(this=value.copy()), compiler)


def _power(exponent: int, *, zero: bool = False) -> Sql:
    return exp.Literal.number(0 if zero else 10**exponent)


def _multiply(
    left: Sql,
    left_type: Numeric,
    right: Sql,
    right_type: Numeric,
    result: Numeric,
    cast: bool = True,
) -> Sql:
    width = left_type.digits
    if left_type.digits < _WIDE and right_type.digits < _WIDE:
        width = _WIDE
    wide = exp.Cast(this=left, to=_decimal_type(width, left_type.scale))
    product = exp.Mul(this=wide, expression=right)
    return _decimal(product, result) if cast else _paren(product)


def _decimal(value: Sql, type_: Numeric) -> Sql:
    return exp.Cast(this=value, to=_decimal_type(type_.digits, type_.scale))


def _decimal_type(digits: int, scale: int) -> exp.DataType:
    parameters = [exp.DataTypeParam(this=exp.Literal.number(each)) for each in (digits, scale)]
    return exp.DataType(this=exp.DataType.Type.DECIMAL, expressions=parameters)


def _same_width(left: Numeric, right: Numeric) -> bool:
    return (left.digits, left.scale) == (right.digits, right.scale)


def _case(branches: Sequence[tuple[Sql, Sql]], otherwise: Sql) -> Sql:
    ifs = [exp.If(this=condition, true=value) for condition, value in branches]
    return exp.Case(ifs=ifs, default=otherwise)


def _paren(value: Sql) -> Sql:
    simple = exp.Paren | exp.Cast | exp.Column | exp.Literal | exp.Boolean | exp.Case
    return value if isinstance(value, simple) else exp.Paren(this=value)


def _balanced(values: Sequence[Sql], join: Callable[[Sql, Sql], Sql]) -> Sql:
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    return join(_balanced(values[:middle], join), _balanced(values[middle:], join))
