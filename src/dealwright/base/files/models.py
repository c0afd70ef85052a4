"""Files that people and the product keep; the content lies encrypted beside the database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import LivingManager


class StoredFile(models.Model):
    """One file. Its content never changes: a newer one of the same name is the next version.

    ``sha256`` is of the content as given; ``wrapped_key`` is the file's own AES-256 key,
    encrypted by the master key ``key_id`` names; ``nonce`` begins the nonces of its chunks.
    ``object`` and ``record_id`` name the owning record, through which it is seen.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    wrapped_key = models.BinaryField(max_length=80)
    nonce = models.BinaryField(max_length=7)
    object = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    purpose = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = LivingManager()
    everything: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        base_manager_name = "everything"
        default_manager_name = "everything"
        indexes: ClassVar = [
            models.Index(fields=["record_id", "purpose", "-created_at"], name="stored_file_record"),
            models.Index(fields=["key_id"], name="stored_file_key"),
            models.Index(
                fields=["deleted_at"],
                name="stored_file_in_bin",
                condition=models.Q(deleted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        """Where it is looked at or downloaded."""
        return f"/files/{self.id}"

    @property
    def is_destroyed(self) -> bool:
        """Whether its key is gone, so that nobody can read it again."""
        return not self.wrapped_key

    @property
    def is_image(self) -> bool:
        return self.content_type in ("image/png", "image/jpeg", "image/gif", "image/webp")

    @property
    def is_pdf(self) -> bool:
        return self.content_type == "application/pdf"
