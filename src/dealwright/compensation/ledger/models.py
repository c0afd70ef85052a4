"""The commission ledger: double entry, append-only, and what was paid out of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import money


class Account(models.TextChoices):
    """Accounts of the ledger; debits are positive, credits negative."""

    EXPENSE = "expense", "Commission expense"
    PAYABLE = "payable", "Payable to payees"
    DRAW = "draw_receivable", "Draws to be recovered"
    HOLDBACK = "holdback", "Held back until payment"
    WITHHELD = "cap_withheld", "Withheld above caps"
    CLAWBACK = "clawback_receivable", "Clawbacks to be recovered"
    POINTS = "points_liability", "Rewards owed beside pay"
    ON_HOLD = "on_hold", "Held until released"
    CASH = "cash_clearing", "Paid out"


class Posting(models.Model):
    """One leg of an entry. The legs of an entry sum to zero (a deferred trigger), and none goes
    into a period that no longer takes postings (a trigger)."""

    class Kind(models.TextChoices):
        CALCULATION = "calculation", "Calculation"
        ADJUSTMENT = "adjustment", "Adjustment"
        PAYMENT = "payment", "Payment"
        HOLD = "hold", "Hold"
        RELEASE = "release", "Release"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.UUIDField()
    kind = models.CharField(max_length=11, choices=Kind)
    run = models.ForeignKey(
        "compensation.CalculationRun", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    adjustment = models.ForeignKey(
        "compensation.Adjustment", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    batch = models.ForeignKey(
        "compensation.PaymentBatch", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    hold = models.ForeignKey(
        "compensation.Hold", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(
        "compensation.CompensationPlan", null=True, on_delete=models.PROTECT, related_name="+"
    )
    component = models.CharField(max_length=40, blank=True)
    earned_period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="+"
    )
    posted_period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="postings"
    )
    account = models.CharField(max_length=20, choices=Account)
    amount = money()
    currency = models.CharField(max_length=3)
    memo = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["id"]
        indexes: ClassVar = [
            models.Index(fields=["payee", "posted_period", "account"], name="posting_statement"),
            models.Index(fields=["posted_period", "account"], name="posting_period"),
            models.Index(fields=["entry"], name="posting_entry"),
            models.Index(fields=["payee", "account", "currency"], name="posting_balance"),
            models.Index(
                fields=["hold"], name="posting_hold", condition=models.Q(hold__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount} {self.currency}"


# What moves earned pay without being earned: to leave out where earnings are summed.
NOT_EARNED = (Posting.Kind.PAYMENT, Posting.Kind.HOLD, Posting.Kind.RELEASE)


class PaymentBatch(models.Model):
    """What was handed to payroll for a period: who, how much, and the file."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="batches"
    )
    paid_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    file_id = models.UUIDField(null=True)
    payee_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.period_id} {self.paid_at}"
