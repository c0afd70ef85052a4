"""Column shapes that the tables of this system share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from dealwright.base.errors import Invalid
from dealwright.base.money import check_currency
from dealwright.base.people.organization import organization

_kept: ContextVar[str] = ContextVar("default_currency", default="")
LIVING = models.Q(deleted_at__isnull=True)


def default_currency() -> str:
    """The currency of new records where nobody says another: the company's own."""
    return _kept.get() or organization().currency


@contextmanager
def keep_default_currency() -> Iterator[None]:
    """Read it once for many records."""
    token = _kept.set(organization().currency)
    try:
        yield
    finally:
        _kept.reset(token)


def money(**options: Any) -> models.DecimalField[Any, Any]:
    """An amount; its currency stands in the row's ``currency``."""
    return models.DecimalField(max_digits=18, decimal_places=2, **options)


def optional_money() -> models.DecimalField[Any, Any]:
    """An amount that may be unknown, which is not the same as zero."""
    return money(null=True, blank=True)


def currency_column() -> models.CharField[Any, Any]:
    return models.CharField(max_length=3, default=default_currency)


def fraction(**options: Any) -> models.DecimalField[Any, Any]:
    """A percentage as a fraction: 0.25 is 25 %."""
    return models.DecimalField(max_digits=9, decimal_places=6, **options)


def not_negative(*columns: str, table: str) -> list[models.CheckConstraint]:
    """One check per column that refuses values below zero; NULL passes."""
    return [
        models.CheckConstraint(
            condition=models.Q(**{f"{column}__gte": 0}) | models.Q(**{f"{column}__isnull": True}),
            name=f"{table}_{column}_not_negative",
        )
        for column in columns
    ]


def is_fraction(*columns: str, table: str) -> list[models.CheckConstraint]:
    """One check per column that keeps it between 0 and 1; NULL passes."""
    return [
        models.CheckConstraint(
            condition=models.Q(**{f"{column}__range": (0, 1)})
            | models.Q(**{f"{column}__isnull": True}),
            name=f"{table}_{column}_is_fraction",
        )
        for column in columns
    ]


def checked_currency(code: str) -> str:
    """The ISO 4217 code in capitals; raises Invalid under the field ``currency``."""
    try:
        return check_currency(code)
    except Invalid as error:
        raise Invalid(
            error.message, code=error.code, fields={"currency": [error.message]}
        ) from None


def search_index(column: str, *, table: str) -> GinIndex:
    """The trigram index that lets the search find a part of a text."""
    return GinIndex(fields=[column], opclasses=["gin_trgm_ops"], name=f"{table}_{column}_search")
