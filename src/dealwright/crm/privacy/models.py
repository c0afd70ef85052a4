"""What the law on personal data asks us to keep: who asked to be forgotten and when it was done."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class ErasureRequest(models.Model):
    """A person's wish to be erased (GDPR article 17) and when it was done. Holds no personal
    data itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact_id = models.UUIDField()
    reason = models.CharField(max_length=250, blank=True)
    requested_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    counts = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["contact_id"], name="erasure_request_contact")]

    def __str__(self) -> str:
        return str(self.contact_id)
