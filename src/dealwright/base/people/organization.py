"""The company that this installation belongs to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.timezone import now


class Organization(models.Model):
    """One row: the company's name and the defaults of new users and records."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(max_length=160)
    currency = models.CharField(max_length=3, default="USD")
    timezone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="organization_is_one")
        ]

    def __str__(self) -> str:
        return self.name


def organization() -> Organization:
    """The company; unsaved defaults before the first administrator has signed up."""
    return Organization.objects.filter(pk=1).first() or Organization(name="Dealwright")
