"""Public signing forms: a template that anybody may sign, and who asked for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.envelopes.models import Envelope


class SigningForm(Record):
    """A template published at ``/s/<slug>``.

    Whoever comes takes the role with the number ``role``; all other roles have fixed people in
    the template. ``most_in_all`` is how many envelopes it gives (None: any number),
    ``most_per_person`` how many one mailbox gets, ``most_per_sender`` how many times one address
    of the network may ask in a day. Envelopes belong to the form's owner.
    """

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    template = models.ForeignKey(SigningTemplate, on_delete=models.PROTECT, related_name="forms")
    role = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=160)
    introduction = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    closes_at = models.DateTimeField(null=True, blank=True)
    most_in_all = models.PositiveIntegerField(null=True, blank=True)
    most_per_person = models.PositiveSmallIntegerField(default=1)
    most_per_sender = models.PositiveSmallIntegerField(default=5)
    embed_origins = models.CharField(max_length=500, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("signing_form")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(deleted_at__isnull=True),
                name="signing_form_slug_once",
            ),
            models.CheckConstraint(
                condition=Q(role__gte=1, most_per_person__gte=1, most_per_sender__gte=1),
                name="signing_form_numbers",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class FormRequest(models.Model):
    """Someone asked for an envelope of their own. ``token_hash`` is SHA-256 of the secret that
    was mailed to them; ``confirmed_at`` when they came back with it. Of the sender's address
    only a keyed hash is kept. ``refused`` says why it was put aside as spam."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    form = models.ForeignKey(SigningForm, on_delete=models.CASCADE, related_name="requests")
    at = models.DateTimeField(default=timezone.now)
    name = models.CharField(max_length=160)
    email = models.EmailField(max_length=254)
    sender_hash = models.CharField(max_length=64, blank=True)
    token_hash = models.CharField(max_length=64, blank=True)
    refused = models.CharField(max_length=60, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    envelope = models.OneToOneField(
        Envelope, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["form", "-at"], name="form_request_newest"),
            models.Index(fields=["sender_hash", "-at"], name="form_request_sender"),
            models.Index(fields=["email", "-at"], name="form_request_email"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["token_hash"], name="form_request_token_once", condition=~Q(token_hash="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.form_id} at {self.at:%Y-%m-%d %H:%M}"
