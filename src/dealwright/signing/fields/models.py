"""Places in documents that recipients fill."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from dealwright.base.identifiers import uuid7
from dealwright.signing.envelopes.models import EnvelopeDocument, Recipient


class FieldKind(models.TextChoices):
    """What a field holds."""

    SIGNATURE = "signature", "Signature"
    INITIALS = "initials", "Initials"
    NAME = "name", "Name"
    EMAIL = "email", "E-mail"
    DATE_SIGNED = "date_signed", "Date signed"
    TEXT = "text", "Text"
    CHECKBOX = "checkbox", "Checkbox"


class EnvelopeField(models.Model):
    """A place in a document that a recipient fills.

    ``page`` counts from 0; ``x``, ``y``, ``w``, ``h`` are fractions of the visible page from
    its top left corner. ``value`` is what was typed, "on" for a ticked box; a signature's ink
    stands at the recipient, and ``filled_at`` says that it was put here.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.ForeignKey(EnvelopeDocument, on_delete=models.CASCADE, related_name="fields")
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="fields")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=FieldKind)
    label = models.CharField(max_length=80, blank=True)
    page = models.PositiveSmallIntegerField()
    x = models.FloatField()
    y = models.FloatField()
    w = models.FloatField()
    h = models.FloatField()
    required = models.BooleanField(default=True)
    value = models.TextField(blank=True)
    filled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["document__position", "page", "y", "x", "position"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(x__gte=0, y__gte=0, w__gt=0, h__gt=0)
                & Q(x__lte=1, y__lte=1, w__lte=1, h__lte=1),
                name="field_lies_on_its_page",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} on page {self.page + 1}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Rounded, so that a box at the very edge is not a hair over it."""
        for axis in ("x", "y", "w", "h"):
            setattr(self, axis, round(getattr(self, axis), 6))
        super().save(*args, **kwargs)

    @property
    def title(self) -> str:
        """What a person (and a screen reader) calls it."""
        return self.label or str(FieldKind(self.kind).label)
