"""How long envelopes are kept, what holds them back, and what was destroyed when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import Envelope


class RetentionPolicy(models.Model):
    """How long envelopes of a kind are kept, in days from their end.

    ``subject_object`` narrows it to envelopes about records of that kind, ``words`` to those
    with these words in their title; empty means any. Where several policies fit, the longest
    time counts; where none does, the envelope is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    subject_object = models.CharField(max_length=40, blank=True)
    words = models.CharField(max_length=120, blank=True)
    keep_days = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(keep_days__gt=0), name="retention_of_a_day_or_more")
        ]

    def __str__(self) -> str:
        return self.name


class LegalHold(models.Model):
    """A reason not to destroy an envelope, until it is released. Several may stand at once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=500)
    placed_at = models.DateTimeField(default=timezone.now, editable=False)
    placed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["placed_at"]
        indexes: ClassVar = [
            models.Index(
                fields=["envelope"],
                name="legal_hold_standing",
                condition=Q(released_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.reason


class RetentionRun(models.Model):
    """What one run destroyed, what it had to leave, and why. ``left`` maps envelope to reason."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    started_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    purged = models.JSONField(default=list)
    left = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d}: {len(self.purged)}"
