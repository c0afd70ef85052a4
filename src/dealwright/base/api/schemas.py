"""The documented shape of each object, made from the registry."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from ninja import Schema
from pydantic import (
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PlainSerializer,
    WithJsonSchema,
    create_model,
    model_validator,
)

from dealwright.base.objects.fields import Field as ObjectField
from dealwright.base.objects.fields import Kind
from dealwright.base.objects.registry import ObjectType

# Decimals travel as strings; numbers are taken too.
DecimalText = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "format": "decimal", "examples": ["1234.50"]}),
]

TYPES: dict[Kind, Any] = {
    Kind.NUMBER: DecimalText,
    Kind.MONEY: DecimalText,
    Kind.PERCENT: DecimalText,
    Kind.INTEGER: int,
    Kind.DATE: date,
    Kind.DATETIME: datetime,
    Kind.BOOLEAN: bool,
    Kind.CHOICES: list[str],
    Kind.RELATION: UUID,
    Kind.USER: UUID,
    Kind.JSON: Any,
}


class Out(Schema):
    """What every record carries; ``version`` is its ETag."""

    model_config = ConfigDict(extra="allow")

    id: UUID
    version: int


class In(Schema):
    """Values by field key, of custom fields too; any other key is refused by name (422)."""

    model_config = ConfigDict(extra="allow")

    # In place of Ninja's own validator, which looks up named fields only and drops the rest.
    @model_validator(mode="wrap")
    @classmethod
    def _run_root_validator(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        return handler(values)


def values_of(body: In) -> dict[str, Any]:
    """The keys the caller sent, custom fields included, as the services take them."""
    return body.model_dump(exclude_unset=True)


def _type(field: ObjectField) -> Any:
    return TYPES.get(field.kind, str)


def _describe(field: ObjectField) -> str:
    text = field.help or field.label
    if field.kind == Kind.CHOICE and not callable(field.choices) and field.choices:
        text += ". One of: " + ", ".join(str(value) for value, _ in field.choices)
    if field.kind == Kind.PERCENT:
        text += ", as a fraction"
    if field.is_year:
        text += ", a year such as 1984"
    return text


def out_schema(of: ObjectType) -> type[Schema]:
    """The object as it is read."""
    fields: dict[str, Any] = {
        field.key: (
            _type(field) | None,
            Field(None, title=field.label, description=_describe(field)),
        )
        for field in of.built_in_fields()
        if field.in_api and not field.custom
    }
    return create_model(_name(of, "Out"), __base__=Out, **fields)


def in_schema(of: ObjectType, *, creating: bool) -> type[In]:
    """The object as it is made or changed. Values are checked by the services, which name the
    field in words; here only their JSON type is documented."""
    fields: dict[str, Any] = {}
    for field in of.built_in_fields():
        if not field.in_api or field.custom:
            continue
        if not (field.editable or (creating and field.on_create)):
            continue
        kind = _type(field)
        loose = Annotated[Any, WithJsonSchema(_json_schema(kind))]
        fields[field.key] = (
            loose,
            Field(None, title=field.label, description=_describe(field)),
        )
    return create_model(_name(of, "Create" if creating else "Change"), __base__=In, **fields)


def page_schema(of: ObjectType, item: type[Schema]) -> type[Schema]:
    """One page of a list; ``next_cursor`` is null on the last."""
    return create_model(
        _name(of, "Page"),
        __base__=Schema,
        items=(list[item], ...),  # type: ignore[valid-type]
        next_cursor=(str | None, None),
    )


def _name(of: ObjectType, suffix: str) -> str:
    return "".join(part.title() for part in of.key.split("_")) + suffix


def _json_schema(kind: Any) -> dict[str, Any]:
    simple: dict[Any, dict[str, Any]] = {
        str: {"type": ["string", "null"]},
        int: {"type": ["integer", "null"]},
        bool: {"type": ["boolean", "null"]},
        date: {"type": ["string", "null"], "format": "date"},
        datetime: {"type": ["string", "null"], "format": "date-time"},
        UUID: {"type": ["string", "null"], "format": "uuid"},
        DecimalText: {"type": ["string", "number", "null"]},
        Any: {},
    }
    if kind in simple:
        return simple[kind]
    return {"type": ["array", "null"], "items": {"type": "string"}}
