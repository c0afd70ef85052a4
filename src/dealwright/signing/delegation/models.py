"""Standing delegation: who stands in for whom, from when until when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class Delegation(models.Model):
    """What comes to ``email`` from ``starts_on`` to ``ends_on`` (both included, in UTC) goes to
    somebody else. ``user`` is whose address it is, where it is one of a user."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="delegations"
    )
    email = models.EmailField(max_length=254)
    to_name = models.CharField(max_length=160)
    to_email = models.EmailField(max_length=254)
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-starts_on"]
        indexes: ClassVar = [
            models.Index(
                fields=["email", "starts_on"],
                name="delegation_in_force",
                condition=Q(ended_at__isnull=True),
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="delegation_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(email=F("to_email")), name="delegation_to_somebody_else"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.to_email}, {self.starts_on} to {self.ends_on}"
