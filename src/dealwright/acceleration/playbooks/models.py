"""Plays: what to do in a stage, and what of it was done for a deal."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes


class Play(Record):
    """Guidance and a checklist for deals in one stage."""

    name = models.CharField(max_length=120)
    stage = models.ForeignKey("crm.Stage", on_delete=models.CASCADE, related_name="plays")
    guidance = models.TextField(blank=True)
    checklist = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("play")

    def __str__(self) -> str:
        return self.name


class PlayCheck(models.Model):
    """A point of a checklist that was done for a deal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    play = models.ForeignKey(Play, on_delete=models.CASCADE, related_name="checks")
    opportunity = models.ForeignKey(
        "crm.Opportunity", on_delete=models.CASCADE, related_name="play_checks"
    )
    item = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["play", "opportunity", "item"], name="play_check_once")
        ]

    def __str__(self) -> str:
        return self.item
