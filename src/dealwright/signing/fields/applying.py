"""Which fields apply, and what formulas come to, given what has been filled in so far.

A field with a condition applies where it holds; one that does not apply has no value for
anybody who asks. Conditions and formulas may ask for each other, never in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from dealwright.base.language import (
    BOOL,
    DATE,
    POSTGRES_DIGITS,
    STRING,
    LanguageError,
    Numeric,
    Type,
    check,
    check_condition,
    evaluate,
    holds,
    names_in,
    parse,
)
from dealwright.base.payments.amounts import round_payable
from dealwright.signing.envelopes.conditions import name_of, schema_of, type_of
from dealwright.signing.fields.models import COMPUTED
from dealwright.signing.fields.paid import as_amount, currency_of

PLACES = 2  # decimal places of a formula that says nothing else
LONGEST_RULE = 500
MAX_PLACES = 6  # of what a payment is rounded from


class Ruled(Protocol):
    """A field with its rules, whether kept or not."""

    @property
    def kind(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def condition(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def checks(self) -> Mapping[str, Any]: ...


class Valued(Ruled, Protocol):
    @property
    def value(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Applied:
    """How a field stands: whether it applies, and its value ("" where it does not). ``amount`` is
    what a payment asks for now: None where that is not known yet, or there is nothing to ask."""

    applies: bool
    value: str
    amount: Decimal | None = None


def wrong_rules(fields: Sequence[Ruled]) -> dict[int, str]:
    """What is wrong with conditions and formulas, by the place of the field in the list."""
    schema = schema_of((field.kind, field.label) for field in fields)
    wrong: dict[int, str] = {}
    for at, field in enumerate(fields):
        if field.kind == "formula" and not field.formula.strip():
            wrong[at] = "Say how the value is computed, such as “quantity * price”."
        elif field.kind == "payment" and bool(field.formula.strip()) == ("amount" in field.checks):
            wrong[at] = "Say how much is to be paid: an amount, or a formula such as “seats * 90”."
        elif field.kind not in COMPUTED and field.formula.strip():
            wrong[at] = "Only a formula field is computed."
        elif sentence := _wrong_rule(field.formula, schema, is_condition=False):
            wrong[at] = f"The formula cannot be understood: {sentence}"
        elif sentence := _wrong_rule(field.condition, schema, is_condition=True):
            wrong[at] = f"The condition cannot be understood: {sentence}"
    if not wrong and (circle := _in_a_circle(fields)) is not None:
        wrong[circle] = "The rules of this field lead back to itself."
    return wrong


def apply_rules(fields: Sequence[Valued]) -> list[Applied]:
    """How each field stands, in the order given. Fields that share a name share what it says:
    the value of the first that applies and has one."""
    by_name = _by_name(fields)
    found: dict[int, Applied] = {}
    under_way: set[int] = set()

    def named(name: str) -> Any:
        places = by_name.get(name, ())
        for at in places:
            stands = settle(at)
            if stands.value and (value := typed_value(fields[at].kind, stands.value)) is not None:
                return value
        return False if any(fields[at].kind == "checkbox" for at in places) else None

    def settle(at: int) -> Applied:
        if at in found:
            return found[at]
        if at in under_way:  # a circle, refused before sending; here it says nothing
            return Applied(applies=False, value="")
        under_way.add(at)
        field = fields[at]
        applies = not field.condition or _holds(field.condition, named)
        value = field.value if applies else ""
        if applies and field.kind == "formula":
            value = _computed(field, named)
        amount = _asked(field, named) if applies and field.kind == "payment" else None
        found[at] = Applied(applies, value, amount)
        under_way.discard(at)
        return found[at]

    return [settle(at) for at in range(len(fields))]


def typed_value(kind: str, value: str) -> Any:
    """A kept value as the language takes it; None where there is none."""
    type_ = type_of(kind)
    if type_ == BOOL:
        return value == "on"
    if not value or type_ is None:
        return None
    if type_ == STRING:
        return value
    try:
        return date.fromisoformat(value) if type_ == DATE else Decimal(value)
    except (ValueError, InvalidOperation):
        return None


def _holds(condition: str, named: Any) -> bool:
    try:
        tree = parse(condition)
        return holds(tree, {name: named(name) for name in names_in(tree)})
    except LanguageError:
        return False


def depends_on(fields: Sequence[Ruled], at: int) -> set[int]:
    """The places of the fields that the rules of a field ask, directly or through others."""
    by_name = _by_name(fields)
    reached: set[int] = set()
    left = list(_asked_by(fields[at], by_name))
    while left:
        place = left.pop()
        if place not in reached:
            reached.add(place)
            left.extend(_asked_by(fields[place], by_name))
    return reached


def _asked(field: Ruled, named: Any) -> Decimal | None:
    """What a payment asks for, at the steps in which its currency can be paid."""
    currency = currency_of(field.checks)
    if field.formula.strip():
        computed = _computed(field, named, places=MAX_PLACES)
        return round_payable(Decimal(computed), currency) if computed else None
    return as_amount(str(field.checks.get("amount", "")))


def _computed(field: Ruled, named: Any, places: int | None = None) -> str:
    try:
        tree = parse(field.formula)
        result = evaluate(tree, {name: named(name) for name in names_in(tree)})
        if places is None:
            places = int(field.checks.get("places", PLACES))
        rounded = evaluate(parse(f"round_money(x, {places})"), {"x": result})
    except LanguageError:
        return ""
    return f"{rounded:f}" if isinstance(rounded, Decimal) else ""


def _wrong_rule(text: str, schema: Mapping[str, Type], *, is_condition: bool) -> str:
    if not text.strip():
        return ""
    if len(text) > LONGEST_RULE or "\x00" in text:
        return f"it has more than {LONGEST_RULE} characters."
    try:
        tree = parse(text)
        unknown = [name for name in names_in(tree) if name not in schema]
        if unknown:
            return f"there is no field with the label “{unknown[0]}”."
        if is_condition:
            check_condition(tree, schema, POSTGRES_DIGITS)
        elif not isinstance(check(tree, schema, POSTGRES_DIGITS), Numeric):
            return "it must come to a number."
    except LanguageError as error:
        return error.message
    return ""


def _by_name(fields: Iterable[Ruled]) -> dict[str, list[int]]:
    by_name: dict[str, list[int]] = {}
    for at, field in enumerate(fields):
        if type_of(field.kind) is not None and (name := name_of(field.label)):
            by_name.setdefault(name, []).append(at)
    return by_name


def _asked_by(field: Ruled, by_name: Mapping[str, list[int]]) -> set[int]:
    rules = [text for text in (field.condition, field.formula) if text.strip()]
    names = {name for text in rules for name in names_in(parse(text))}
    return {at for name in names for at in by_name.get(name, ())}


def _in_a_circle(fields: Sequence[Ruled]) -> int | None:
    """The first field whose rules lead back to itself."""
    by_name = _by_name(fields)
    asks = [_asked_by(field, by_name) for field in fields]
    for start in range(len(fields)):
        reached: set[int] = set()
        left = list(asks[start])
        while left:
            at = left.pop()
            if at == start:
                return start
            if at not in reached:
                reached.add(at)
                left.extend(asks[at])
    return None
