"""What an import did, row by row: enough to explain it and to take it back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class ImportJob(models.Model):
    """One import of one or several tables.

    ``files`` are the stored files it reads (id, name), ``plan`` the list of table plans as
    JSON, one per file, null for a file left out. ``report`` is what came out of it, or of
    the last check before: counts per object and outcome, sums, oddities with row numbers.
    ``run`` is the long job that works on it. Its state follows from its times.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(max_length=200)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="imports")
    plan = models.JSONField(default=list)
    files = models.JSONField(default=list)
    error_file = models.UUIDField(null=True, blank=True)
    run = models.UUIDField(null=True, blank=True)
    report = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    @property
    def state(self) -> str:
        if self.undone_at:
            return "undone"
        if self.failed_at:
            return "failed"
        return "finished" if self.finished_at else "waiting"

    @property
    def is_checked(self) -> bool:
        """Whether ``report`` says what an import by the present plan would do."""
        return self.state == "waiting" and bool(self.report.get("checked"))


class ImportRow(models.Model):
    """One record that an import created or changed.

    ``before`` holds the former values of the changed columns; ``version`` the record's
    version after the import, so that undo can see whether somebody worked on it since.
    """

    CREATED = "created"
    UPDATED = "updated"

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="rows")
    model = models.CharField(max_length=80)
    record_id = models.UUIDField()
    row_number = models.PositiveIntegerField(default=0)
    action = models.CharField(max_length=7)
    before = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["job", "id"], name="import_row_job")]


class SavedMapping(models.Model):
    """A mapping a person made, offered again for files with the same header."""

    id = models.BigAutoField(primary_key=True)
    fingerprint = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    plan = models.JSONField()
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fingerprint", "user"], name="saved_mapping_once")
        ]
