"""Pay periods and how far each has come."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User

STATES = {
    "open": "Open",
    "calculated": "Calculated",
    "in_approval": "In approval",
    "approved": "Approved",
    "closed": "Closed",
}


class PayPeriod(models.Model):
    """A month, quarter or year that is paid as one.

    It goes from open over calculated, in approval and approved to closed; each state is a
    time. Only while open or calculated does the ledger take postings into it, and a closed
    one stays as it is for ever: its postings are sealed under ``merkle_root``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    calendar = models.CharField(max_length=20)
    fiscal_year_starts = models.PositiveSmallIntegerField(default=1)
    number = models.IntegerField()  # grows by one each period, see engine.periods
    label = models.CharField(max_length=12)
    starts_on = models.DateField()
    ends_on = models.DateField()
    calculated_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    merkle_root = models.CharField(max_length=64, blank=True)
    posting_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-starts_on", "calendar"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["calendar", "fiscal_year_starts", "number"], name="pay_period_once"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_at__isnull=True) | models.Q(submitted_at__isnull=False),
                name="pay_period_approved_was_submitted",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) | models.Q(approved_at__isnull=False),
                name="pay_period_closed_was_approved",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def state(self) -> str:
        """A key of STATES."""
        if self.closed_at:
            return "closed"
        if self.approved_at:
            return "approved"
        if self.submitted_at:
            return "in_approval"
        return "calculated" if self.calculated_at else "open"

    @property
    def state_label(self) -> str:
        return STATES[self.state]

    @property
    def takes_postings(self) -> bool:
        return self.submitted_at is None
