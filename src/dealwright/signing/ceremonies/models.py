"""Signatures as recipients adopted them."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

import orjson
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.signing.documents.strokes import Strokes
from dealwright.signing.envelopes.models import Recipient


class AdoptedSignature(models.Model):
    """What stands for a recipient: ink kept as vectors, a typed name in a font, or a picture.

    ``picture`` is the ink of an uploaded signature as a PNG with a transparent background.

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
    picture = models.BinaryField(null=True, blank=True)
    adopted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recipient", "kind"], name="adopted_once"),
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(strokes__isnull=False, text="", picture__isnull=True)
                    | models.Q(strokes__isnull=True, text="", picture__isnull=False)
                    | models.Q(~models.Q(text=""), strokes__isnull=True, picture__isnull=True)
                ),
                name="adopted_drawn_or_typed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text or self.form}"

    @property
    def form(self) -> str:
        """How it was made: "drawn", "typed" or "uploaded"."""
        if self.picture is not None:
            return "uploaded"
        return "typed" if self.strokes is None else "drawn"

    @property
    def as_bytes(self) -> bytes:
        """The bytes whose SHA-256 stands in the evidence."""
        values: dict[str, Any] = {"strokes": self.strokes, "text": self.text, "font": self.font}
        if self.picture is not None:
            values["picture"] = base64.b64encode(bytes(self.picture)).decode()
        return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)

    @property
    def picture_url(self) -> str:
        """The picture as an address that holds it."""
        return f"data:image/png;base64,{base64.b64encode(bytes(self.picture or b'')).decode()}"

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
