"""Exit criteria of stages: conditions in the house's language over a deal's own fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.base.language import (
    BOOL,
    DATE,
    STRING,
    LanguageError,
    Type,
    check_condition,
    holds,
    money,
    names_in,
    number,
    parse,
    rate,
    to_english,
)
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import attribute_of
from dealwright.crm.opportunities.models import Opportunity

_TYPES: Mapping[Kind, Type] = {
    Kind.MONEY: money(),
    Kind.PERCENT: rate(),
    Kind.NUMBER: number(),
    Kind.INTEGER: number(10, 0),
    Kind.DATE: DATE,
    Kind.DATETIME: DATE,
    Kind.BOOLEAN: BOOL,
}
_UNFIT = (Kind.JSON, Kind.CHOICES, Kind.FORMULA)


def criteria_schema() -> dict[str, Type]:
    """What criteria can speak of: fields by key; records and choices are texts."""
    return {field.key: _TYPES.get(field.kind, STRING) for field in _fields().values()}


def check_criteria(text: str) -> None:
    """Raises Invalid under ``exit_criteria`` unless the text is a condition over a deal."""
    try:
        check_condition(parse(text), criteria_schema())
    except LanguageError as error:
        sentence = f"Exit criteria: {error.message}"
        raise Invalid(sentence, fields={"exit_criteria": [sentence]}) from None


def criteria_hold(text: str, opportunity: Opportunity, values: Mapping[str, Any]) -> bool:
    """Whether the condition is true of a deal once ``values`` (by attribute) are set.

    A condition that speaks of a field which is gone does not hold anybody up.
    """
    tree = parse(text)
    fields = _fields()
    if any(name not in fields for name in names_in(tree)):
        return True
    of = object_type("opportunity")
    custom = {**opportunity.custom, **values.get("custom", {})}
    known = {}
    for name in names_in(tree):
        field = fields[name]
        if field.custom:
            value = _of_json(custom.get(name), field)
        else:
            attribute = attribute_of(of, field)
            value = values[attribute] if attribute in values else getattr(opportunity, attribute)
        known[name] = _plain(value)
    return holds(tree, known)


def explain_criteria(text: str) -> str:
    """The condition as an English sentence part."""
    return to_english(parse(text), {key: field.label for key, field in _fields().items()})


def _fields() -> dict[str, Field]:
    return {
        field.key: field
        for field in object_type("opportunity").all_fields()
        if field.kind not in _UNFIT and (field.custom or "__" not in field.column)
    }


def _of_json(value: Any, field: Field) -> Any:
    """A custom value as its kind: JSON keeps numbers and days as text."""
    if value in (None, ""):
        return None
    if field.kind in (Kind.MONEY, Kind.NUMBER, Kind.PERCENT, Kind.INTEGER):
        return Decimal(str(value))
    if field.kind == Kind.DATE:
        return date.fromisoformat(value)
    return value


def _plain(value: Any) -> Any:
    if value in (None, ""):
        return None
    if isinstance(value, bool | int | Decimal):
        return value
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else str(value)
