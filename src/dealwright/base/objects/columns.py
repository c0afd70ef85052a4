"""The typed SQL expression that reads a field: a column, a custom field or a formula."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from dealwright.base.objects.fields import Field, Kind

NUMBERS = (Kind.NUMBER, Kind.INTEGER, Kind.MONEY, Kind.PERCENT)


class AsNumber(Func):
    """Text to ``numeric`` of any size; immutable, so that an index can hold it."""

    template = "(%(expressions)s)::numeric"
    output_field: ClassVar[Any] = models.DecimalField(max_digits=38, decimal_places=12)


class AsText(Func):
    """A JSON value as its text."""

    template = "(%(expressions)s)::text"
    output_field: ClassVar[Any] = models.TextField()


class Alike(Func):
    """``ILIKE``: unlike Django's ``icontains`` it can use a trigram index on the column."""

    template = "%(expressions)s"
    arg_joiner = " ILIKE "
    output_field: ClassVar[Any] = models.BooleanField()


def escape_like(text: str) -> str:
    """Text that stands for itself in a LIKE pattern."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def custom_expression(field: Field) -> Any:
    """A custom field's value out of the JSONB column: numbers as ``numeric``, lists as JSONB,
    everything else as text. ISO dates sort and compare as text, and text can be indexed
    (a cast to date cannot)."""
    if field.kind == Kind.CHOICES:
        return KeyTransform(field.key, "custom")
    text = KeyTextTransform(field.key, "custom")
    return AsNumber(text) if field.kind in NUMBERS else text


def local_expression(model: type[models.Model], parts: list[str]) -> Any:
    """A column of ``model``, or a text inside one of its JSON columns."""
    column = model._meta.get_field(parts[0])
    if len(parts) == 1:
        return F(getattr(column, "attname", parts[0]))
    expression: Any = parts[0]
    for key in parts[1:-1]:
        expression = KeyTransform(key, expression)
    return KeyTextTransform(parts[-1], expression)


def column_of(model: type[models.Model], field: Field) -> Any:
    """The model column at the end of the field's path; None for custom fields."""
    if field.custom:
        return None
    column: Any = None
    for part in field.column.split("__"):
        if column is not None and not column.is_relation:
            return column  # the rest leads into a JSON document
        owner = model if column is None else column.related_model
        column = owner._meta.get_field(part)
    return column


class JsonTexts(Func):
    """A JSON list as an array of texts; an empty one where there is no list."""

    template = (
        "(select coalesce(array_agg(each), '{}') from jsonb_array_elements_text("
        "coalesce(%(expressions)s, '[]')) each)"
    )
    output_field: ClassVar[Any] = ArrayField(models.TextField())
