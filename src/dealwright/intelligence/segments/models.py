"""Named groups of people or companies: live by filter, or frozen on a day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes


class Segment(Record):
    """Records of one object that match a filter tree."""

    class Of(models.TextChoices):
        CONTACT = "contact", "Contacts"
        ACCOUNT = "account", "Accounts"
        LEAD = "lead", "Leads"
        OPPORTUNITY = "opportunity", "Opportunities"

    name = models.CharField(max_length=120)
    of = models.CharField(max_length=12, choices=Of, default=Of.CONTACT)
    filter = models.JSONField(default=dict, blank=True)
    description = models.TextField(blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("segment")

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """A record of a frozen segment."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="members")
    record_id = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["segment", "record_id"], name="segment_member_once")
        ]

    def __str__(self) -> str:
        return str(self.record_id)
