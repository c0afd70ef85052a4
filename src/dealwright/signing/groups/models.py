"""Signing groups: "any one of legal" as one recipient."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class SigningGroup(models.Model):
    """People of whom any one may act. Retired groups stay for the envelopes that named them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80, unique=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class SigningGroupMember(models.Model):
    """One of a group: a user of the product, or a name with an address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group = models.ForeignKey(SigningGroup, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=160, blank=True)
    email = models.EmailField(max_length=254, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(user__isnull=False) ^ ~Q(email=""), name="member_is_user_or_address"
            ),
            models.UniqueConstraint(
                fields=["group", "user"],
                name="signing_group_user_once",
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["group", "email"], name="signing_group_email_once", condition=~Q(email="")
            ),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        return self.user.name if self.user else self.name

    @property
    def address(self) -> str:
        return (self.user.email if self.user else self.email).lower()
