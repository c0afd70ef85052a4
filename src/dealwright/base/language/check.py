"""The type of an expression, and with it the promise that no engine rounds or overflows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from dealwright.base.language.errors import LanguageError
from dealwright.base.language.functions import MAX_SPECIAL_NESTING, SPECIAL_FORMS
from dealwright.base.language.tokens import MAX_DECIMAL_PLACES
from dealwright.base.language.tree import (
    Call,
    Comparison,
    Connection,
    Listing,
    Literal,
    Membership,
    Name,
    Negation,
    Negative,
    Node,
    Product,
    Sum,
    walk,
)
from dealwright.base.language.types import (
    BOOL,
    DATE,
    MAX_DIGITS,
    STRING,
    ListOf,
    Numeric,
    Scalar,
    Schema,
    Type,
    common_unit,
)

RATIO_BOUND = 10**9
RATIO_PLACES = 6
MONEY_PLACES = 2
Types = dict[int, Type]


def check(tree: Node, schema: Schema, max_digits: int = MAX_DIGITS) -> Type:
    """The type of the expression over the names of ``schema``.

    Raises LanguageError with the position of what does not fit: a name that is not there, money
    times money, two currencies added, a product that could have more than ``max_digits``
    digits. 37 go everywhere; what runs in PostgreSQL alone may have ``POSTGRES_DIGITS``.
    """
    return types_of(tree, schema, max_digits)[id(tree)]


def check_condition(tree: Node, schema: Schema, max_digits: int = MAX_DIGITS) -> None:
    """Raises LanguageError unless the expression is a yes-or-no question."""
    found = check(tree, schema, max_digits)
    if found != BOOL:
        raise LanguageError(f"This must be a yes-or-no question; it is {found}.")


def types_of(tree: Node, schema: Schema, max_digits: int = MAX_DIGITS) -> Types:
    """The type of every node of the tree, by ``id(node)``."""
    checker = _Checker(schema, max_digits)
    checker.check(tree)
    return checker.types


class _Checker:
    def __init__(self, schema: Schema, max_digits: int) -> None:
        self.schema = schema
        self.max_digits = max_digits
        self.types: Types = {}
        self.special = 0

    def check(self, node: Node) -> Type:
        found = self._check(node)
        if isinstance(found, Numeric) and found.digits > self.max_digits:
            raise LanguageError(
                f"This could have more than {self.max_digits} digits and would not be exact. "
                "Round a part of it with round_money(…), or use muldiv.",
                _at(node),
            )
        self.types[id(node)] = found
        return found

    def _check(self, node: Node) -> Type:
        match node:
            case Literal():
                return _literal(node)
            case Name():
                return self.name(node)
            case Negative(operand):
                return self.numeric(operand, "“-” takes")
            case Sum():
                return self.sum(node)
            case Product():
                return self.product(node)
            case Comparison():
                return self.comparison(node)
            case Membership():
                return self.membership(node)
            case Connection(word, parts):
                for part in parts:
                    self.truth(part, f"“{word}” joins")
                return BOOL
            case Negation(part):
                self.truth(part, "“not” takes")
                return BOOL
            case Call():
                return self.call(node)
            case Listing():
                raise LanguageError("A list can only stand after “in”.", node.at)

    def name(self, node: Name) -> Type:
        found = self.schema.get(node.name)
        if found is None:
            known = ", ".join(sorted(self.schema)[:20])
            raise LanguageError(f"There is no “{node.name[:60]}”. There are: {known}.", node.at)
        return found

    def sum(self, node: Sum) -> Numeric:
        total: Numeric | None = None
        bound = 0
        for term in node.terms:
            found = self.numeric(term.node, "“+” and “-” take")
            bound += found.bound
            joined = found if total is None else common_unit(total, found)
            if joined is None:
                raise LanguageError(f"{_begin(found)} cannot be added to {total}.", _at(term.node))
            total = joined
        assert total is not None
        return replace(total, bound=bound)

    def product(self, node: Product) -> Numeric:
        total: Numeric | None = None
        for factor in node.factors:
            found = self.numeric(factor, "“*” takes")
            total = found if total is None else self.times(total, found, _at(factor))
        assert total is not None
        return total

    def times(self, left: Numeric, right: Numeric, at: int) -> Numeric:
        if left.unit == right.unit == "money":
            raise LanguageError("Money cannot be multiplied by money. Use muldiv(a, b, c).", at)
        if left.digits + right.digits > self.max_digits:
            raise LanguageError(
                f"This product could have more than {self.max_digits} digits and would not be "
                "exact. Round a factor with round_money(…), or use muldiv.",
                at,
            )
        if left.unit == right.unit:
            # Pieces times pieces are no pieces; a rate of a rate is a rate.
            unit = "number" if left.unit == "quantity" else left.unit
            result = replace(left, unit=unit)
        elif "money" in (left.unit, right.unit):
            result = left if left.unit == "money" else right
        elif left.constant or right.constant:
            result = right if left.constant else left
        elif "quantity" in (left.unit, right.unit):
            result = left if left.unit == "quantity" else right
        else:
            result = left if left.unit == "number" else right
        return replace(
            result,
            bound=left.bound * right.bound,
            scale=left.scale + right.scale,
            constant=left.constant and right.constant,
        )

    def comparison(self, node: Comparison) -> Type:
        left, right = self.check(node.left), self.check(node.right)
        self.comparable(left, right, node)
        if node.operator not in ("=", "!=") and left in (STRING, BOOL):
            raise LanguageError(
                f"{_begin(left)} can be equal or not, but not more or less.", node.at
            )
        return BOOL

    def comparable(self, left: Type, right: Type, node: Comparison | Membership) -> None:
        if isinstance(left, Numeric) and isinstance(right, Numeric):
            joined = common_unit(left, right)
            if joined is not None:
                if joined.digits > self.max_digits:
                    raise LanguageError("These numbers are too large to be compared.", node.at)
                return
        elif isinstance(left, Scalar) and left == right:
            return
        raise LanguageError(f"{_begin(left)} cannot be compared with {right}.", node.at)

    def membership(self, node: Membership) -> Type:
        item = self.check(node.item)
        if isinstance(node.among, Name):
            among = self.check(node.among)
            if not isinstance(among, ListOf):
                raise LanguageError(f"“{node.among.name}” is {among}, not a list.", node.among.at)
            self.comparable(item, among.item, node)
            return BOOL
        for each in node.among.items:
            self.comparable(item, self.check(each), node)
        return BOOL

    def truth(self, node: Node, begin: str) -> None:
        found = self.check(node)
        if found != BOOL:
            raise LanguageError(f"{begin} yes-or-no questions; this is {found}.", _at(node))

    def numeric(self, node: Node, begin: str) -> Numeric:
        found = self.check(node)
        if not isinstance(found, Numeric):
            raise LanguageError(f"{begin} numbers; this is {found}.", _at(node))
        return found

    # Functions

    def call(self, node: Call) -> Type:
        if node.function in SPECIAL_FORMS:
            return self.special_form(node)
        rules: dict[str, Callable[[Call], Type]] = {
            "if": self.choice,
            "min": self.extreme,
            "max": self.extreme,
            "coalesce": lambda call: self.same(call.arguments, call),
            "abs": lambda call: self.numeric(call.arguments[0], "abs takes"),
            "round_money": self.rounding,
            "year": lambda call: self.date_part(call, 10_000),
            "month": lambda call: self.date_part(call, 13),
            "day": lambda call: self.date_part(call, 32),
            "days_between": lambda call: self.date_part(call, 4_000_000),
            "starts_with": lambda call: self.about_text(call, BOOL),
            "contains": lambda call: self.about_text(call, BOOL),
            "lower": lambda call: self.about_text(call, STRING),
            "is_missing": self.missing,
        }
        return rules[node.function](node)

    def choice(self, node: Call) -> Type:
        self.truth(node.arguments[0], "if takes")
        return self.same(node.arguments[1:], node)

    def extreme(self, node: Call) -> Type:
        found = self.same(node.arguments, node)
        if not isinstance(found, Numeric) and found != DATE:
            raise LanguageError(f"{node.function} takes numbers or days; this is {found}.", node.at)
        return found

    def same(self, nodes: Sequence[Node], call: Call) -> Type:
        total: Type | None = None
        for node in nodes:
            found = self.check(node)
            if isinstance(found, ListOf):
                raise LanguageError(f"{call.function} takes no lists.", _at(node))
            if total is None:
                total = found
                continue
            joined: Type | None = total if total == found else None
            if isinstance(total, Numeric) and isinstance(found, Numeric):
                joined = common_unit(total, found)
            if joined is None:
                raise LanguageError(
                    f"The values of {call.function} must be of one kind: this is {found}, "
                    f"the one before {total}.",
                    _at(node),
                )
            total = joined
        assert total is not None
        return total

    def rounding(self, node: Call) -> Type:
        found = self.numeric(node.arguments[0], "round_money takes")
        places = places_of(node)
        if found.unit == "money" and len(node.arguments) == 1 and found.minor != MONEY_PLACES:
            raise LanguageError(
                f"{found.currency} has {found.minor} decimal places: write "
                f"round_money(…, {found.minor}).",
                node.at,
            )
        # Rounding up may reach the bound itself: 9.99 becomes 10.0.
        return replace(found, bound=found.bound + 1, scale=places)

    def special_form(self, node: Call) -> Type:
        self.special += 1
        if self.special > MAX_SPECIAL_NESTING:
            raise LanguageError(
                f"ratio and muldiv may stand in one another at most {MAX_SPECIAL_NESTING} deep.",
                node.at,
            )
        places = places_of(node)
        values = node.arguments[: 2 if node.function == "ratio" else 3]
        found = [self.numeric(each, f"{node.function} takes") for each in values]
        self.special -= 1
        *above, below = found
        if common_unit(above[-1], below) is None:
            raise LanguageError(
                f"{_begin(above[-1])} cannot be divided by {below}.", _at(values[-1])
            )
        self.check_integers(node, above, below, places)
        constant = all(each.constant for each in found)
        if node.function == "ratio":
            return Numeric("rate", RATIO_BOUND, places, constant=constant)
        bound = above[0].bound * above[1].bound * 10**below.scale + 1
        return replace(above[0], bound=bound, scale=places, constant=constant)

    def check_integers(
        self, node: Call, above: Sequence[Numeric], below: Numeric, places: int
    ) -> None:
        """Whether the division fits into the whole numbers that the engines have: the numerator
        is doubled and the denominator added to it."""
        up, down = shifts(above, below, places)
        size = 10**up
        for each in above:
            size *= each.bound * 10**each.scale
        under = below.bound * 10 ** (below.scale + down)
        most = 10**self.max_digits
        steps = max(each.whole + 2 * each.scale for each in (*above, below))
        if 2 * max(size, under) + under > most or steps > self.max_digits - 2:
            raise LanguageError(
                f"{node.function} would need more than {self.max_digits} digits here. Round its "
                "values with round_money(…), or ask for fewer decimal places.",
                node.at,
            )

    def date_part(self, node: Call, bound: int) -> Type:
        for each in node.arguments:
            if self.check(each) != DATE:
                raise LanguageError(f"{node.function} takes days.", _at(each))
        return Numeric("number", bound, 0)

    def about_text(self, node: Call, result: Type) -> Type:
        for each in node.arguments:
            if self.check(each) != STRING:
                raise LanguageError(f"{node.function} takes text.", _at(each))
        return result

    def missing(self, node: Call) -> Type:
        self.check(node.arguments[0])
        return BOOL


def shifts(above: Sequence[Numeric], below: Numeric, places: int) -> tuple[int, int]:
    """By which powers of ten numerator and denominator grow, so that the quotient of the values
    as whole numbers of their last decimal place comes out in units of ``places``."""
    shift = below.scale + places - sum(each.scale for each in above)
    return max(shift, 0), max(-shift, 0)


def places_of(node: Call) -> int:
    """The decimal places a rounding function is asked for; raises LanguageError."""
    position = {"round_money": 1, "ratio": 2, "muldiv": 3}[node.function]
    if len(node.arguments) <= position:
        return RATIO_PLACES if node.function == "ratio" else MONEY_PLACES
    given = node.arguments[position]
    if isinstance(given, Literal) and isinstance(given.value, Decimal):
        places = given.value
        if places == places.to_integral_value() and 0 <= places <= MAX_DECIMAL_PLACES:
            return int(places)
    raise LanguageError(
        f"The decimal places of {node.function} are a number from 0 to {MAX_DECIMAL_PLACES}.",
        _at(given),
    )


def _literal(node: Literal) -> Type:
    value = node.value
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, str):
        return STRING
    if isinstance(value, date):
        return DATE
    exponent = value.as_tuple().exponent
    scale = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return Numeric("number", int(abs(value)) + 1, scale, constant=True)


def _begin(type_: Type) -> str:
    text = str(type_)
    return text[0].upper() + text[1:]


def _at(node: Node) -> int:
    """Where the node begins in the text, for the message."""
    return min(each.at for each in walk(node))
