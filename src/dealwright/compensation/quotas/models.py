"""Quotas, and the reporting lines along which credit rolls up."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import in_order, money, no_overlap


class Quota(models.Model):
    """What a person should reach under a name (``measure``) in some days.

    ``per`` says what the amount is for: the whole range, or each month, quarter or year in it.
    """

    class Per(models.TextChoices):
        RANGE = "range", "The whole time"
        MONTH = "month", "Each month"
        QUARTER = "quarter", "Each quarter"
        YEAR = "year", "Each year"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="quotas")
    measure = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = money()
    per = models.CharField(max_length=7, choices=Per, default=Per.RANGE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["user__name", "measure", "starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="quota_not_negative"),
            in_order("quota_in_order"),
            no_overlap("quota_one_at_a_time", "user", "measure"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.measure} {self.starts_on}"


class ReportingLine(models.Model):
    """Who reported to whom on which days: what was the manager yesterday stays so."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reporting_lines")
    manager = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["user", "starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(user=models.F("manager")), name="reporting_line_to_another"
            ),
            in_order("reporting_line_in_order"),
            no_overlap("reporting_line_one_at_a_time", "user"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} under {self.manager_id}"
