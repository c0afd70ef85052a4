"""Forms on public pages and what came in through them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import LIVING


def default_form_fields() -> list[dict[str, Any]]:
    """What a new form asks for."""
    return [
        {"key": "first_name", "label": "First name", "required": False},
        {"key": "last_name", "label": "Last name", "required": True},
        {"key": "email", "label": "E-mail", "required": True},
        {"key": "company", "label": "Company", "required": False},
        {"key": "message", "label": "How can we help?", "required": False},
    ]


class WebForm(Record):
    """A public form at ``/forms/<slug>``. ``fields`` is a list of
    ``{"key", "label", "required"}``; keys are those of ``forms.fields.QUESTIONS``."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    title = models.CharField(max_length=160)
    introduction = models.TextField(blank=True)
    fields = models.JSONField(default=default_form_fields)
    button = models.CharField(max_length=60, default="Send")
    thanks = models.TextField(default="Thank you. We will be in touch soon.")
    redirect_url = models.CharField(max_length=500, blank=True)
    campaign = models.ForeignKey(
        "crm.Campaign", null=True, blank=True, on_delete=models.SET_NULL, related_name="forms"
    )
    is_active = models.BooleanField(default=True)
    embed_origins = models.CharField(max_length=500, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("web_form")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slug"], condition=LIVING, name="web_form_slug_once")
        ]

    def __str__(self) -> str:
        return self.name


class FormSubmission(models.Model):
    """One sending of a form, kept as typed; ``refused`` says why it made no lead.

    The sender's address is kept only as a keyed hash, to count how often one sends.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    form = models.ForeignKey(WebForm, on_delete=models.CASCADE, related_name="submissions")
    at = models.DateTimeField(default=timezone.now)
    values = models.JSONField(default=dict)
    sender_hash = models.CharField(max_length=64, blank=True)
    refused = models.CharField(max_length=60, blank=True)
    lead = models.ForeignKey(
        "crm.Lead", null=True, blank=True, on_delete=models.SET_NULL, related_name="submissions"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["form", "-at"], name="form_submission_newest"),
            models.Index(fields=["sender_hash", "-at"], name="form_submission_sender"),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} at {self.at:%Y-%m-%d %H:%M}"
