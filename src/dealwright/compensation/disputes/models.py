"""Questions about a statement, and adjustments by hand that two people make."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import money


class Category(models.TextChoices):
    """What most questions about pay are about."""

    SPLIT = "split", "Split or credit"
    TERRITORY = "territory", "Territory"
    REFUND = "refund", "Refund or clawback timing"
    PLAN = "plan", "Plan change"
    RATE = "rate", "Exchange rate"
    OTHER = "other", "Something else"


class Dispute(models.Model):
    """A payee says that something on a statement is wrong. It ends with a resolution, and with
    an adjustment where money follows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="disputes"
    )
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.PROTECT, related_name="+"
    )
    component = models.CharField(max_length=40)
    line = models.ForeignKey(
        "compensation.RunLine", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    category = models.CharField(max_length=10, choices=Category, default=Category.OTHER)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    answered_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    accepted = models.BooleanField(null=True)

    class Meta:
        ordering: ClassVar = ["-opened_at"]
        indexes: ClassVar = [models.Index(fields=["payee", "period"], name="dispute_payee")]

    def __str__(self) -> str:
        return f"{self.payee_id} {self.component}"

    @property
    def status(self) -> str:
        if self.resolved_at:
            return "accepted" if self.accepted else "rejected"
        return "answered" if self.answered_at else "open"

    @property
    def is_overdue(self) -> bool:
        """No answer yet, and the day by which one was due is over."""
        open_ = self.answered_at is None and self.resolved_at is None
        return open_ and self.due_on < timezone.localdate()


class DisputeMessage(models.Model):
    """One message in a dispute's thread."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    dispute = models.ForeignKey(Dispute, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    body = models.TextField()
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        return self.body[:60]


class Adjustment(models.Model):
    """An amount by hand with its reason: one person proposes it, another approves it, and only
    then is it posted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.PROTECT, related_name="+"
    )
    component = models.CharField(max_length=40)
    period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="adjustments"
    )
    dispute = models.ForeignKey(
        Dispute, null=True, blank=True, on_delete=models.PROTECT, related_name="adjustments"
    )
    line = models.ForeignKey(
        "compensation.RunLine", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    category = models.CharField(max_length=10, choices=Category, default=Category.OTHER)
    amount = money()
    currency = models.CharField(max_length=3)
    reason = models.TextField()
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-proposed_at"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(decided_by=models.F("proposed_by")),
                name="adjustment_needs_two_people",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_at__isnull=True) | models.Q(rejected_at__isnull=True),
                name="adjustment_decided_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} {self.amount} {self.currency}"

    @property
    def status(self) -> str:
        if self.approved_at:
            return "approved"
        return "rejected" if self.rejected_at else "proposed"
