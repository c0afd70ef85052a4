"""One-time codes: kept as a keyed hash, short-lived, and few tries."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.signing.envelopes.models import Recipient


class OneTimeCode(models.Model):
    """A code that was sent to a recipient, bound to the recipient and one browser.

    ``destination_hash`` lets the daily limit of an address span envelopes without keeping
    the address twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="codes")
    channel = models.CharField(max_length=8, default="email")
    destination_hash = models.CharField(max_length=64)
    session_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    invalidated_at = models.DateTimeField(null=True, blank=True)
    counted = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["recipient", "-sent_at"], name="one_time_code_recipient"),
            models.Index(fields=["destination_hash", "-sent_at"], name="one_time_code_address"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} code of {self.sent_at:%Y-%m-%d %H:%M}"
