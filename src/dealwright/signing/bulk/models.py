"""Bulk sends: a template and a table, an envelope for each row."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.blueprints.models import SigningTemplate, TemplateVersion
from dealwright.signing.envelopes.models import Envelope


class BulkSend(models.Model):
    """One bulk send. ``mapping`` says what each column of the file is (``bulk.mapping``);
    ``version`` is the template's version that all rows get, fixed when it starts. ``run`` is
    the long job that works on it. Its state follows from its times."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    template = models.ForeignKey(SigningTemplate, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(
        TemplateVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    run = models.UUIDField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="bulk_send_by_user")]

    def __str__(self) -> str:
        return self.name


class BulkSendRow(models.Model):
    """A row of the file, by the number it has in a spreadsheet, and what became of it:
    ``done_at`` with the ``envelope``, or with the sentence in ``error``."""

    id = models.BigAutoField(primary_key=True)
    bulk_send = models.ForeignKey(BulkSend, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    values = models.JSONField(default=dict)
    envelope = models.OneToOneField(
        Envelope, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bulk_send", "number"], name="bulk_row_once"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | (Q(envelope__isnull=False) ^ ~Q(error="")),
                name="bulk_row_sent_or_wrong",
            ),
        ]

    def __str__(self) -> str:
        return f"Row {self.number}"
