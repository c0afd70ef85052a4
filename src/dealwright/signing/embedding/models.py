"""Signing and sending inside other sites: which may, and the addresses given out for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.credentials import ApiToken
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import Envelope, Recipient


class EmbeddingSite(models.Model):
    """An origin (``https://portal.example.com``) that may show signing inside its pages and to
    which signers may be sent back. With a ``token`` only that API client may name it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    origin = models.CharField(max_length=200)
    token = models.ForeignKey(
        ApiToken, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["origin"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["origin", "token"], name="embedding_site_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.origin


class EmbeddedSigning(models.Model):
    """One address that an API client got for one recipient.

    ``url_hash`` is SHA-256 of the secret in the address, which works once and until
    ``url_expires_at``; ``session_hash`` of the one that takes its place in the frame from
    ``opened_at`` on. ``asserted`` is what the client says of how it knows the person.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="embeddings")
    client = models.CharField(max_length=200)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    origin = models.CharField(max_length=200, blank=True)
    return_url = models.CharField(max_length=1000, blank=True)
    asserted = models.JSONField(default=dict)
    url_hash = models.CharField(max_length=64, unique=True)
    url_expires_at = models.DateTimeField()
    session_hash = models.CharField(max_length=64, blank=True)
    state = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session_hash"],
                name="embedded_session_once",
                condition=~Q(session_hash=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.client} for {self.recipient_id}"


class EmbeddedSending(models.Model):
    """One address that an API client got to prepare and send one draft inside one origin.

    Secrets and times are as at ``EmbeddedSigning``. What is done there is done by ``user``, as
    long as they may and the ``token`` of the client is good. ``closed_at`` is when the visit was
    ended, by sending or by leaving.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    envelope = models.ForeignKey(
        Envelope, on_delete=models.CASCADE, related_name="embedded_sendings"
    )
    client = models.CharField(max_length=200)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(
        ApiToken, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    origin = models.CharField(max_length=200)
    url_hash = models.CharField(max_length=64, unique=True)
    url_expires_at = models.DateTimeField()
    session_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    opened_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["session_hash"],
                name="embedded_sending_session_once",
                condition=~Q(session_hash=""),
            )
        ]

    def __str__(self) -> str:
        return f"{self.client} for {self.envelope_id}"
