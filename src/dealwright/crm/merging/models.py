"""What a merge took together, kept so that it can be taken apart again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class MergeEvent(models.Model):
    """One merge of ``merged_id`` into ``survivor_id``.

    ``survivor_before`` and ``merged_before`` hold both rows as they were; ``moved`` lists
    each reference that was re-parented as ``{"table", "column", "key", "ids", "stamp"}``;
    ``dropped`` the rows as they were, ``{"table", "row"}``, that were deleted because they
    would have doubled one of the survivor's, or that gained or lost the mark of being
    preferred: put back in reverse order, they undo it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    object = models.CharField(max_length=40)
    survivor_id = models.UUIDField()
    merged_id = models.UUIDField()
    survivor_before = models.JSONField()
    merged_before = models.JSONField()
    survivor_after = models.JSONField(default=dict)
    moved = models.JSONField(default=list)
    dropped = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["survivor_id"], name="merge_event_survivor"),
            models.Index(fields=["merged_id"], name="merge_event_merged"),
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.survivor_id}"
