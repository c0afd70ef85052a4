"""Holds: pay that is earned and not paid out until somebody releases it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import in_order


class Hold(models.Model):
    """Pay that waits, with the reason and who says so.

    ``event`` is the deal whose pay is held, for ``payee`` or, without one, for everybody.
    Without an event all pay of ``payee`` is held, of ``plan`` alone where one is named. A hold
    takes what is posted into periods that end on ``starts_on`` or later and has not been paid;
    after ``ends_on`` it is released by itself. ``version`` is the plan version that waits for
    the payee's acceptance, where that is why.
    """

    class Origin(models.TextChoices):
        HAND = "hand", "By hand"
        ACCEPTANCE = "acceptance", "Plan not accepted"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.HAND)
    payee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    event = models.ForeignKey(
        "compensation.CreditEvent",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="holds",
    )
    plan = models.ForeignKey(
        "compensation.CompensationPlan",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    version = models.ForeignKey(
        "compensation.PlanVersion",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.TextField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    held_at = models.DateTimeField(default=timezone.now, editable=False)
    held_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    release_reason = models.TextField(blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["-held_at"]
        constraints: ClassVar = [
            in_order("hold_in_order"),
            models.CheckConstraint(
                condition=Q(payee__isnull=False) | Q(event__isnull=False),
                name="hold_of_a_person_or_a_deal",
            ),
            models.UniqueConstraint(
                fields=["payee", "version"],
                condition=Q(released_at__isnull=True, version__isnull=False),
                name="hold_once_until_accepted",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["payee"], name="hold_payee", condition=Q(released_at__isnull=True)
            ),
            models.Index(fields=["event"], name="hold_event", condition=Q(event__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.reason[:60]

    @property
    def is_active(self) -> bool:
        return self.released_at is None

    @property
    def held_by_name(self) -> str:
        return self.held_by.name if self.held_by else "Dealwright"
