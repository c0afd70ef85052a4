"""Column shapes that the tables of this system share."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models


def money(**options: Any) -> models.DecimalField[Any, Any]:
    """An amount; its currency stands in the row's ``currency``."""
    return models.DecimalField(max_digits=18, decimal_places=2, **options)


def exact(**options: Any) -> models.DecimalField[Any, Any]:
    """A figure of a calculation, as the engine computes it."""
    return models.DecimalField(max_digits=28, decimal_places=6, **options)


def day_range(ends: str = "ends_on") -> models.Func:
    """The row's days, both ends included; without an end it goes on."""
    return models.Func(
        models.F("starts_on"),
        models.F(ends),
        models.Value("[]"),
        function="daterange",
        output_field=DateRangeField(),
    )


def no_overlap(name: str, *same: str, condition: models.Q | None = None) -> ExclusionConstraint:
    """Rows that agree in ``same`` never hold for the same day."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((each, RangeOperators.EQUAL) for each in same),
            (day_range(), RangeOperators.OVERLAPS),
        ],
        condition=condition,
    )


def in_order(name: str) -> models.CheckConstraint:
    """The end does not come before the start."""
    return models.CheckConstraint(
        condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
        name=name,
    )
