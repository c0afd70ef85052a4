"""Which payee accepted which version of a plan, by which sealed document."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import Envelope

STATES = {
    "not_sent": "Not sent",
    "sent": "Sent",
    "viewed": "Opened",
    "accepted": "Accepted",
    "declined": "Declined",
    "lapsed": "Not signed",
    "superseded": "Superseded",
}


class PlanAcceptance(models.Model):
    """A payee was asked to accept a version of a plan, and what became of it.

    ``version_hash`` is the SHA-256 of the plan's text that the document says, and
    ``document_sha256`` of the document as it was sent; ``sealed_sha256`` of the sealed one.
    Where it stands follows from the times.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        "compensation.PlanVersion", on_delete=models.PROTECT, related_name="acceptances"
    )
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    envelope = models.OneToOneField(Envelope, on_delete=models.PROTECT, related_name="+")
    version_hash = models.CharField(max_length=64)
    document_sha256 = models.CharField(max_length=64)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    viewed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    sealed_sha256 = models.CharField(max_length=64, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["-asked_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["version", "payee"],
                condition=Q(
                    declined_at__isnull=True, lapsed_at__isnull=True, superseded_at__isnull=True
                ),
                name="plan_acceptance_asked_once",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True) | ~Q(sealed_sha256=""),
                name="plan_acceptance_is_sealed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["payee", "-asked_at"], name="plan_acceptance_payee")
        ]

    def __str__(self) -> str:
        return f"{self.payee_id} {self.version_id} {self.state}"

    @property
    def state(self) -> str:
        """A key of STATES."""
        if self.superseded_at:
            return "superseded"
        if self.accepted_at:
            return "accepted"
        if self.declined_at:
            return "declined"
        if self.lapsed_at:
            return "lapsed"
        return "viewed" if self.viewed_at else "sent"
