"""Sharing beyond owner and role tree."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Role, Team, User


class ObjectAccess(models.Model):
    """An administrator's change to what a profile may do with an object by default."""

    id = models.BigAutoField(primary_key=True)
    object = models.CharField(max_length=40)
    profile = models.CharField(max_length=20)
    level = models.CharField(
        max_length=5,
        choices=[
            ("none", "Nothing"),
            ("own", "Own and shared records"),
            ("read", "See all, change own"),
            ("write", "See and change all"),
        ],
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["object", "profile"], name="object_access_once")
        ]


class SharingRule(models.Model):
    """Opens records to a team or a role: those that match ``filter`` (a filter tree; empty
    means all) and, where set, those whose owner is in ``from_team`` or ``from_role``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    object = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    filter = models.JSONField(default=dict, blank=True)
    from_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    from_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    to_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    to_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    may_write = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(to_team__isnull=False) ^ models.Q(to_role__isnull=False),
                name="sharing_rule_has_one_receiver",
            )
        ]


class RecordShare(models.Model):
    """One record shared by hand with a user, team or role (``grantee``: the id of one)."""

    id = models.BigAutoField(primary_key=True)
    object = models.CharField(max_length=40)
    record_id = models.UUIDField()
    grantee = models.UUIDField()
    may_write = models.BooleanField(default=False)
    shared_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["record_id", "grantee"], name="record_share_once")
        ]
