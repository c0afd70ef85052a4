"""What the parties owe each other, and when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.records.models import Record, record_indexes
from dealwright.contracts.agreements.models import Contract


class Obligation(Record):
    """One duty with one due day; a repeated duty is one row per day, made ahead."""

    class Kind(models.TextChoices):
        PAY = "pay", "Pay"
        DELIVER = "deliver", "Deliver"
        REPORT = "report", "Report"
        NOTIFY = "notify", "Notify"
        RENEW = "renew", "Decide on renewal"
        OTHER = "other", "Other"

    class Party(models.TextChoices):
        US = "us", "We"
        THEM = "them", "They"

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="obligations")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OTHER)
    party = models.CharField(max_length=4, choices=Party, default=Party.US)
    action = models.CharField(max_length=250)
    due_on = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    fulfilled_on = models.DateField(null=True, blank=True)
    waived_on = models.DateField(null=True, blank=True)
    notes = models.TextField(blank=True)
    origin = models.CharField(max_length=40, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("obligation"),
            models.Index(
                fields=["due_on"],
                name="obligation_due",
                condition=models.Q(
                    fulfilled_on__isnull=True, waived_on__isnull=True, deleted_at__isnull=True
                ),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["contract", "origin", "due_on"],
                condition=~models.Q(origin=""),
                name="obligation_origin_once",
            )
        ]

    def __str__(self) -> str:
        return self.action
