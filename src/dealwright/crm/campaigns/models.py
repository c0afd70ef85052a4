"""Campaigns and who was reached by them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import currency_column, is_fraction, not_negative, optional_money


class Campaign(Record):
    """A planned effort to win attention, with what it may cost and what it cost."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        EVENT = "event", "Event"
        WEBINAR = "webinar", "Webinar"
        ADVERTISING = "advertising", "Advertising"
        CONTENT = "content", "Content"
        REFERRAL = "referral", "Referral"
        OTHER = "other", "Other"

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        ACTIVE = "active", "Active"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.OTHER)
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    budget = optional_money()
    actual_cost = optional_money()
    expected_revenue = optional_money()
    expected_response = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    currency = currency_column()
    description = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("campaign")
        constraints: ClassVar = [
            *not_negative("budget", "actual_cost", "expected_revenue", table="campaign"),
            *is_fraction("expected_response", table="campaign"),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(starts_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="campaign_not_its_own_parent"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignMember(models.Model):
    """A person in a campaign and what came of it."""

    class Status(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENT = "sent", "Sent"
        RESPONDED = "responded", "Responded"
        ATTENDED = "attended", "Attended"
        OPTED_OUT = "opted_out", "Opted out"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="members")
    contact = models.ForeignKey(
        "crm.Contact", on_delete=models.CASCADE, related_name="campaign_memberships"
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.PLANNED)
    responded_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["campaign", "contact"], name="campaign_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} in {self.campaign_id}"
