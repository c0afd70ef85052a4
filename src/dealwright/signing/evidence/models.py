"""The personal part of an envelope's evidence, apart from the chain that proves it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.signing.envelopes.models import Envelope, Recipient


class EvidenceDetail(models.Model):
    """Who and from where: names, addresses, browsers of one entry of an envelope's chain.

    The chain's entry carries only the SHA-256 over ``salt`` and the canonical JSON of
    ``details``. So a purge can erase the person and the chain still verifies.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="evidence")
    recipient = models.ForeignKey(
        Recipient, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=80)
    at = models.DateTimeField(default=timezone.now)
    details = models.JSONField(default=dict)
    salt = models.CharField(max_length=32)

    class Meta:
        ordering: ClassVar = ["seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["envelope", "seq"], name="evidence_detail_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.seq}"
