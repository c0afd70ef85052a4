"""Compensation plans, their versions, and who is on them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import in_order, money, no_overlap


class CompensationPlan(models.Model):
    """A plan over time; what it says on a day stands in the version of that day."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(max_length=80, unique=True)  # `plan:` in the text
    name = models.CharField(max_length=160)
    currency = models.CharField(max_length=3)
    calendar = models.CharField(max_length=20)  # as the plan's text has it, see engine.periods
    fiscal_year_starts = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True, blank=True)
    pay_after_acceptance = models.BooleanField(default=False)  # holds pay until it is signed

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """One text of a plan and the days on which it pays.

    A draft can be rewritten; the text of an active version never changes (a trigger sees to
    it): a change is a new version from a later day.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(CompensationPlan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    hash = models.CharField(max_length=64)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    activated_at = models.DateTimeField(null=True, blank=True)
    activated_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["plan", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once"),
            models.CheckConstraint(
                condition=models.Q(activated_at__isnull=True) | models.Q(starts_on__isnull=False),
                name="plan_version_active_has_start",
            ),
            in_order("plan_version_in_order"),
            no_overlap(
                "plan_version_one_at_a_time",
                "plan",
                condition=models.Q(activated_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.number}"

    @property
    def status(self) -> str:
        return "draft" if self.activated_at is None else "active"


class PlanAssignment(models.Model):
    """A payee on a plan for some days, with the pay terms of those days.

    ``salary`` and ``target`` are yearly amounts in the plan's currency; ``fields`` are the
    values of the plan's ``payee_fields``. A change of terms is a new row.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(CompensationPlan, on_delete=models.PROTECT, related_name="assignments")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="plan_assignments")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    salary = money(null=True, blank=True)
    target = money(null=True, blank=True)
    fields = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["user__name", "starts_on"]
        constraints: ClassVar = [
            in_order("plan_assignment_in_order"),
            no_overlap("plan_assignment_one_at_a_time", "plan", "user"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "starts_on"], name="plan_assignment_user")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.plan_id}"
