"""Quotas, and the lines between people along which credit rolls up."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Team, User
from dealwright.compensation.columns import in_order, money, no_overlap
from dealwright.compensation.plans.pieces import REPORTING

FIRST_DAY = date(1900, 1, 1)  # of what has been so since ever


class Quota(models.Model):
    """What a person, whoever has a position, or a team should reach under a name (``measure``)
    in some days.

    ``per`` says what the amount is for: the whole range, or each month, quarter or year in it.
    """

    class Per(models.TextChoices):
        RANGE = "range", "The whole time"
        MONTH = "month", "Each month"
        QUARTER = "quarter", "Each quarter"
        YEAR = "year", "Each year"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="quotas")
    position = models.CharField(max_length=120, blank=True, default="")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    measure = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = money()
    per = models.CharField(max_length=7, choices=Per, default=Per.RANGE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["user__name", "position", "team__name", "measure", "starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="quota_not_negative"),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, position="", team__isnull=True)
                | (models.Q(user__isnull=True, team__isnull=True) & ~models.Q(position=""))
                | models.Q(user__isnull=True, position="", team__isnull=False),
                name="quota_of_one_holder",
            ),
            in_order("quota_in_order"),
            no_overlap("quota_one_at_a_time", "user", "measure"),
            no_overlap(
                "quota_of_position_one_at_a_time",
                "position",
                "measure",
                condition=~models.Q(position=""),
            ),
            no_overlap("quota_of_team_one_at_a_time", "team", "measure"),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.measure} {self.starts_on}"

    @property
    def holder(self) -> str:
        """The name of whoever it is for."""
        if self.user is not None:
            return str(self.user.name)
        return str(self.team.name) if self.team is not None else self.position


class ReportingLine(models.Model):
    """Who stood under whom on which days: what was so yesterday stays so.

    The relation “reporting” follows the users' managers by itself; others (a mentor, an overlay
    specialist) are stated by those who manage pay.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reporting_lines")
    manager = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    relation = models.CharField(max_length=40, default=REPORTING)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["user", "relation", "starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(user=models.F("manager")), name="reporting_line_to_another"
            ),
            in_order("reporting_line_in_order"),
            no_overlap("reporting_line_one_at_a_time", "user", "relation"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} under {self.manager_id}: {self.relation}"
