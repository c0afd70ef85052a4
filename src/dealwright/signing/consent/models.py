"""The text that a signer agrees to before signing electronically, kept in every version."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class ConsentText(models.Model):
    """One version of the consent disclosure (15 USC 7001(c)). The table refuses UPDATE and DELETE.

    ``body`` is plain text in paragraphs; a paragraph that begins with ``## `` is a heading.
    ``is_own`` says that an administrator wrote it and not the product. ``covers`` names what of
    15 USC 7001(c)(1) the writer found in it. Who agreed to an earlier version and has not signed
    agrees anew where ``asks_again``. ``sha256`` is over title, a line feed and body in UTF-8, as
    it stands in the evidence.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    language = models.CharField(max_length=12, default="en")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    is_own = models.BooleanField(default=False)
    covers = ArrayField(models.CharField(max_length=20), default=list)
    asks_again = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
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
