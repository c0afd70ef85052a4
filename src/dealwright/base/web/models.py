"""What the pages keep: how to take a change back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class UndoStep(models.Model):
    """How one person's change of records is taken back, for a day.

    ``changes`` is a list of ``{"id", "version", "values"}`` (write the former values, where
    the record still has that version), ``{"id", "restore": true}`` or ``{"id", "delete":
    true}``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    object = models.CharField(max_length=40)
    changes = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["created_at"], name="undo_step_age")]

    def __str__(self) -> str:
        return f"{self.object}: {len(self.changes)}"
