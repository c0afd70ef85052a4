"""Signatures as recipients adopted them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.signing.documents.strokes import Strokes
from dealwright.signing.envelopes.models import Recipient


class AdoptedSignature(models.Model):
    """What stands for a recipient: ink kept as vectors, or a typed name in a font.

    Not in the audit trail, which would copy the ink; the evidence chain holds its SHA-256.
    """

    class Kind(models.TextChoices):
        SIGNATURE = "signature", "Signature"
        INITIALS = "initials", "Initials"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="adopted")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=160, blank=True)
    font = models.CharField(max_length=40, blank=True)
    strokes = models.JSONField(null=True, blank=True)
    adopted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recipient", "kind"], name="adopted_once"),
            models.CheckConstraint(
                condition=models.Q(strokes__isnull=False) ^ ~models.Q(text=""),
                name="adopted_drawn_or_typed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text or 'drawn'}"

    @property
    def ink(self) -> Strokes | None:
        """The drawing, or None where it was typed."""
        if self.strokes is None:
            return None
        return Strokes(
            ratio=self.strokes["ratio"],
            strokes=tuple(
                tuple((x, y, ms) for x, y, ms in stroke) for stroke in self.strokes["strokes"]
            ),
        )
