"""What was found out about people and companies, from where, and how sure it is."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7


class Fact(models.Model):
    """One value for one field of one record, said by one source. Append-only.

    ``confidence`` is a fraction. ``applied`` says that the value was written to the record;
    a fact that was not stays a proposal, because something surer stood there.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    object = models.CharField(max_length=40)
    record_id = models.UUIDField()
    field = models.CharField(max_length=60)
    value = models.TextField()
    source = models.CharField(max_length=60)
    evidence = models.CharField(max_length=400, blank=True)
    confidence = models.DecimalField(max_digits=4, decimal_places=3)
    observed_at = models.DateTimeField(default=timezone.now)
    applied = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["record_id", "field", "-observed_at"], name="fact_record")
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["record_id", "field", "value", "source"], name="fact_once"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__range=(0, 1)), name="fact_confidence_is_fraction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.value}"
