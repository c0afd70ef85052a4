"""What happened that pays: bookings, payments, terminations, scores, and whose they are."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import money


class CreditEvent(models.Model):
    """One event that plans may pay on.

    ``key`` is the source's own name for it: sending it again changes this row instead of
    making another. ``reference`` is the event it follows (a payment or termination of a
    booking). ``object`` and ``record_id`` lead to the record behind it; ``attributes`` hold
    what plans read by ``fields`` and ids of further records (contract, envelope). A void
    event counts no longer.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=40)
    date = models.DateField()
    title = models.CharField(max_length=250, blank=True)
    amount = money(default=0)
    currency = models.CharField(max_length=3)
    quantity = models.DecimalField(max_digits=18, decimal_places=6, default=1)
    cost = money(default=0)
    payee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reference = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="followers"
    )
    object = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    voided_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["date", "key"]
        indexes: ClassVar = [
            models.Index(
                fields=["date", "kind"],
                name="credit_event_day",
                condition=models.Q(voided_at__isnull=True),
            ),
            models.Index(fields=["record_id"], name="credit_event_record"),
            models.Index(fields=["payee", "date"], name="credit_event_payee"),
            GinIndex(fields=["key"], opclasses=["gin_trgm_ops"], name="credit_event_key_search"),
        ]

    def __str__(self) -> str:
        return self.key


class CreditSplit(models.Model):
    """A payee's share of an event; direct shares sum to 1, overlay ones to anything."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(CreditEvent, on_delete=models.CASCADE, related_name="splits")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    share = models.DecimalField(max_digits=9, decimal_places=6)
    role = models.CharField(max_length=80, blank=True)
    kind = models.CharField(
        max_length=7, choices=[("direct", "Direct"), ("overlay", "Overlay")], default="direct"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "user", "role", "kind"], name="credit_split_once"
            ),
            models.CheckConstraint(condition=models.Q(share__gt=0), name="credit_split_above_zero"),
        ]
        indexes: ClassVar = [models.Index(fields=["user"], name="credit_split_user")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.share}"
