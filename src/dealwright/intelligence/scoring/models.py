"""Points scorecards and what they gave."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class Scorecard(models.Model):
    """One version of the rules by which leads get points; never changed once used.

    ``rules`` is a list of ``{"key", "reason", "points", "filter"}``: a lead that matches the
    filter tree gets the points, and the reason says why. ``grades`` maps a letter to the
    least score it stands for, best first. Exactly one version is active.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(unique=True)
    rules = models.JSONField(default=list)
    grades = models.JSONField(default=list)
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=models.Q(is_active=True),
                name="scorecard_one_active",
            )
        ]

    def __str__(self) -> str:
        return f"Scorecard {self.version}"


class LeadScore(models.Model):
    """The score of a lead and the reasons that sum to it: ``[{"key", "reason", "points"}]``."""

    lead = models.OneToOneField(
        "crm.Lead", primary_key=True, on_delete=models.CASCADE, related_name="score_detail"
    )
    scorecard = models.ForeignKey(Scorecard, on_delete=models.PROTECT, related_name="+")
    score = models.IntegerField()
    grade = models.CharField(max_length=2)
    reasons: Any = models.JSONField(default=list)
    scored_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.score} ({self.grade})"
