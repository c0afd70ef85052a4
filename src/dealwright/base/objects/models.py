"""Fields that users add to objects."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7


class CustomField(models.Model):
    """A typed field that a user added to an object; values live in ``Record.custom``."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        MONEY = "money", "Money"
        DATE = "date", "Date"
        BOOLEAN = "bool", "Yes or no"
        CHOICE = "choice", "One of a list"
        CHOICES = "choices", "Several of a list"
        URL = "url", "Web address"
        FORMULA = "formula", "Formula"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    object = models.CharField(max_length=40)
    key = models.SlugField(max_length=60)
    label = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind)
    options = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    required = models.BooleanField(default=False)
    formula = models.TextField(blank=True)
    help_text = models.CharField(max_length=240, blank=True)
    position = models.PositiveIntegerField(default=0)
    is_indexed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["object", "position", "label"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["object", "key"], name="custom_field_key_once")
        ]
