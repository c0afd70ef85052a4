"""Who must agree before a contract goes out."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Profile, User
from dealwright.contracts.agreements.models import Contract


class ApprovalRule(models.Model):
    """When ``filter`` (a filter tree of contracts; empty matches all) holds, somebody of
    ``profile``, or the one ``user``, or the owner's manager must approve, in ``stage`` order."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    filter = models.JSONField(default=dict, blank=True)
    profile = models.CharField(max_length=20, choices=Profile, blank=True)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    owners_manager = models.BooleanField(default=False)
    stage = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["stage", "name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(
                    models.Q(user__isnull=False, profile="", owners_manager=False)
                    | (models.Q(user__isnull=True, owners_manager=False) & ~models.Q(profile=""))
                    | models.Q(user__isnull=True, profile="", owners_manager=True)
                ),
                name="approval_rule_has_one_approver",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApprovalStep(models.Model):
    """One decision that is asked for, for one content of one contract.

    ``profile`` or ``user`` says who may decide; ``voided_at`` is set when the content changed
    before, so that nobody approves what nobody saw.
    """

    class Decision(models.TextChoices):
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="approvals")
    rule = models.ForeignKey(ApprovalRule, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=250)
    stage = models.PositiveIntegerField(default=1)
    profile = models.CharField(max_length=20, blank=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    content_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=Decision, blank=True)
    comment = models.TextField(blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["stage", "asked_at"]
        indexes: ClassVar = [
            models.Index(
                fields=["user", "asked_at"],
                name="approval_step_open",
                condition=models.Q(decided_at__isnull=True, voided_at__isnull=True),
            )
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(decided_at__isnull=True, decision="")
                | (
                    models.Q(decided_at__isnull=False, decided_by__isnull=False)
                    & ~models.Q(decision="")
                ),
                name="approval_step_decided_whole",
            )
        ]

    def __str__(self) -> str:
        return self.reason
