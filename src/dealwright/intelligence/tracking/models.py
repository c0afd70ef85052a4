"""Who came by, and every touch between us and a person, whatever system it happened in."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7


class Visitor(models.Model):
    """A browser that allowed to be recognised; ``contact`` once a form told who it is."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    anonymous_id = models.CharField(max_length=64, unique=True)
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.SET_NULL, related_name="visitors"
    )
    first_seen_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)
    identified_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.anonymous_id


class TrackingSettings(models.Model):
    """One row. ``sites`` holds hosts, one a line; none means every site. An empty ``question``
    is the product's own. ``keep_days`` is for visits of browsers whose person is not known."""

    # One fixed key: the audit names rows by UUID.
    ONLY: ClassVar = UUID(int=1)

    id = models.UUIDField(primary_key=True, default=ONLY, editable=False)
    is_on = models.BooleanField(default=True)
    question = models.TextField(blank=True)
    sites = models.TextField(blank=True)
    keep_days = models.PositiveIntegerField(default=390)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(id=UUID(int=1)), name="tracking_settings_is_one"
            )
        ]

    def __str__(self) -> str:
        return "Tracking settings"


class Channel(models.TextChoices):
    """Where a touch came through; the order is that of the journey page, top to bottom."""

    DIRECT = "direct", "Direct"
    SEARCH = "search", "Organic search"
    PAID = "paid", "Paid"
    SOCIAL = "social", "Social"
    REFERRAL = "referral", "Referral"
    CAMPAIGN = "campaign", "Campaign"
    FORM = "form", "Form"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    MEETING = "meeting", "Meeting"
    SALES = "sales", "Sales"
    CONTRACT = "contract", "Contract"
    SIGNATURE = "signature", "Signature"
    PAY = "pay", "Commission"


class Touchpoint(models.Model):
    """One touch. ``key`` makes recording it twice harmless; ``ref_object`` and ``ref_id`` name
    the record it is the trace of. ``is_marketing`` touches share in the attribution of revenue;
    ``is_machine`` marks bots and scanners, which never count."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    title = models.CharField(max_length=250)
    occurred_at = models.DateTimeField(default=timezone.now)
    visitor = models.ForeignKey(
        Visitor, null=True, blank=True, on_delete=models.SET_NULL, related_name="touches"
    )
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.CASCADE, related_name="touches"
    )
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.CASCADE, related_name="touches"
    )
    lead = models.ForeignKey(
        "crm.Lead", null=True, blank=True, on_delete=models.CASCADE, related_name="touches"
    )
    opportunity = models.ForeignKey(
        "crm.Opportunity", null=True, blank=True, on_delete=models.CASCADE, related_name="touches"
    )
    utm_source = models.CharField(max_length=250, blank=True)
    utm_medium = models.CharField(max_length=250, blank=True)
    utm_campaign = models.CharField(max_length=250, blank=True)
    utm_term = models.CharField(max_length=250, blank=True)
    utm_content = models.CharField(max_length=250, blank=True)
    url = models.CharField(max_length=1000, blank=True)
    referrer = models.CharField(max_length=1000, blank=True)
    ref_object = models.CharField(max_length=40, blank=True)
    ref_id = models.UUIDField(null=True, blank=True)
    is_marketing = models.BooleanField(default=False)
    is_machine = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["opportunity", "occurred_at"], name="touch_opportunity"),
            models.Index(fields=["contact", "occurred_at"], name="touch_contact"),
            models.Index(fields=["account", "occurred_at"], name="touch_account"),
            models.Index(fields=["visitor", "occurred_at"], name="touch_visitor"),
            models.Index(fields=["lead"], name="touch_lead"),
        ]

    def __str__(self) -> str:
        return self.title
