"""Who holds which territory on which days."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import in_order, no_overlap


class TerritoryHolder(models.Model):
    """A person who holds a territory on some days, with a ``share`` of what falls into it.

    ``territory`` is the text that an event's field names. Shares need not sum to 1: each is
    taken of the whole amount.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    territory = models.CharField(max_length=120, db_index=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="territories")
    share = models.DecimalField(max_digits=9, decimal_places=6, default=Decimal(1))
    role = models.CharField(max_length=80, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["territory", "starts_on", "user__name", "role"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(share__gt=0), name="territory_share_above_zero"
            ),
            in_order("territory_holder_in_order"),
            no_overlap("territory_held_once", "territory", "user", "role"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} holds {self.territory}"

    @property
    def share_text(self) -> str:
        """The share as it is read and typed: ``80%``."""
        return f"{self.share * 100:f}".rstrip("0").rstrip(".") + "%"
