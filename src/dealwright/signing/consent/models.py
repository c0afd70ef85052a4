"""The text that a signer agrees to before signing electronically, kept in every version."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7


class ConsentText(models.Model):
    """One version of the consent disclosure (15 USC 7001(c)). The table refuses UPDATE and DELETE.

    ``body`` is plain text in paragraphs; a paragraph that begins with ``## `` is a heading.
    ``sha256`` is over title, a line feed and body in UTF-8, as it stands in the evidence.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    language = models.CharField(max_length=12, default="en")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["language", "version"], name="consent_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.version}"

    @property
    def paragraphs(self) -> list[tuple[str, str]]:
        """("heading" or "text", words) in order."""
        parts = [part.strip() for part in self.body.split("\n\n") if part.strip()]
        return [
            ("heading", part.removeprefix("## ")) if part.startswith("## ") else ("text", part)
            for part in parts
        ]
