"""Templates: an envelope with roles in place of people, used again and again."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes
from dealwright.signing.envelopes.models import Envelope


class SigningTemplate(Record):
    """Documents, roles and fields from which envelopes are made.

    ``name`` is how senders know it; ``title`` and ``message`` are what recipients read and may
    hold ``{{ values }}`` (Liquid) of the record it is used for or of the row of a bulk send.
    ``roles`` and ``fields`` are lists as ``blueprints.contents`` describes them. ``revision`` is
    the number of the version that envelopes made now belong to: the first change after a use
    begins the next. Archived ones are offered no longer.
    """

    name = models.CharField(max_length=160)
    title = models.CharField(max_length=200)
    message = models.TextField(blank=True)
    language = models.CharField(max_length=12, default="en")
    expires_days = models.PositiveSmallIntegerField(default=30)
    remind_every_days = models.PositiveSmallIntegerField(null=True, blank=True, default=3)
    remind_first_days = models.PositiveSmallIntegerField(null=True, blank=True)
    remind_most = models.PositiveSmallIntegerField(null=True, blank=True)
    warn_days = models.PositiveSmallIntegerField(null=True, blank=True, default=3)
    may_reassign = models.BooleanField(default=True)
    roles = models.JSONField(default=list)
    fields = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=1)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("signing_template")

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"/signing-templates/{self.pk}"


class TemplateDocument(models.Model):
    """A document of a template, checked and normalised as an envelope's. Envelopes made from it
    share its files. One that was taken away stays for the versions that had it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    template = models.ForeignKey(
        SigningTemplate, on_delete=models.CASCADE, related_name="documents"
    )
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    original = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    original_sha256 = models.CharField(max_length=64)
    prepared = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    prepared_sha256 = models.CharField(max_length=64)
    pages = models.JSONField()
    texts = models.JSONField(default=list)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def page_count(self) -> int:
        return len(self.pages)


class TemplateVersion(models.Model):
    """A template as envelopes were made from it; never changed. ``content`` holds its texts and
    settings, the ids of its documents, its roles and fields."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    template = models.ForeignKey(SigningTemplate, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template", "number"], name="signing_template_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class TemplateUse(models.Model):
    """From which version of which template an envelope was made, and how: by hand, in bulk,
    or through a public form."""

    envelope = models.OneToOneField(
        Envelope, primary_key=True, on_delete=models.CASCADE, related_name="made_from"
    )
    version = models.ForeignKey(TemplateVersion, on_delete=models.PROTECT, related_name="uses")
    source = models.CharField(max_length=12, default="use")
    source_id = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["version", "-at"], name="template_use_newest"),
            models.Index(
                fields=["source_id"],
                name="template_use_source",
                condition=models.Q(source_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.envelope_id} from {self.version_id}"
