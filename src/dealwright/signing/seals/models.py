"""What is set about the seal, which keys there are, and what was renewed of sealed files."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import EnvelopeDocument

ONE_ROW = uuid.UUID(int=1)


class SealProfile(models.TextChoices):
    """The levels of ETSI EN 319 142-1."""

    B_B = "B-B", "B-B: the signature alone"
    B_T = "B-T", "B-T: with a trusted time"
    B_LT = "B-LT", "B-LT: with proof that no certificate was revoked"
    B_LTA = "B-LTA", "B-LTA: with a time stamp over all of it, renewed by itself"


class SealCertificate(models.Model):
    """A seal key that is not the installation's own: imported, in a token, or at a service.

    The private key of an imported one lies in the data folder; ``place`` says where the others
    are (PKCS#11: ``module``, ``token``, ``key``; CSC: ``url``, ``version``, ``credential``,
    ``algorithms``). ``secret`` is the token's PIN, or the service's token and PIN in JSON,
    encrypted. Rows stay: the key must be known for what it sealed. ``told_days`` is the last
    notice that was given before it expires.
    """

    class Kind(models.TextChoices):
        IMPORTED = "imported", "Imported file"
        TOKEN = "token", "PKCS#11 token"
        SERVICE = "service", "Signing service"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=Kind)
    certificate = models.TextField()
    chain = models.TextField(blank=True)
    fingerprint = models.CharField(max_length=64)
    place = models.JSONField(default=dict)
    secret = models.TextField(blank=True)
    expires_at = models.DateTimeField()
    told_days = models.PositiveSmallIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "fingerprint"], name="seal_certificate_once")
        ]

    def __str__(self) -> str:
        return self.fingerprint[:16]


class SealSettings(models.Model):
    """How documents are sealed; one row. No ``key`` means the own one, of ``own_key``'s kind.

    An empty ``profile`` is B-T with a time-stamping authority, else B-B. ``private_hosts`` may
    be asked for revocations although they are not public. ``weak_digests`` are taken as broken:
    archive time stamps over them are renewed, and with a stronger one.
    """

    id = models.UUIDField(primary_key=True, default=ONE_ROW, editable=False)
    profile = models.CharField(max_length=8, blank=True)
    tsa_urls = models.TextField(blank=True)
    tsa_roots = models.TextField(blank=True)
    fetches_revocations = models.BooleanField(default=True)
    private_hosts = models.TextField(blank=True)
    weak_digests = models.CharField(max_length=80, blank=True)
    own_key = models.CharField(max_length=8, default="p256")
    key = models.ForeignKey(
        SealCertificate, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    root_told_days = models.PositiveSmallIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=ONE_ROW), name="seal_settings_one_row")
        ]

    def __str__(self) -> str:
        return self.profile or "As configured"


class RevokedCertificate(models.Model):
    """A certificate of the own root that counts no longer, since when and why."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    serial = models.CharField(max_length=40, unique=True)
    revoked_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["revoked_at"]

    def __str__(self) -> str:
        return self.serial


class ArchivedVersion(models.Model):
    """A sealed document with a newer archive time stamp; the seal and all before it stay in it.

    The document keeps its sealed file; each renewal is a row more, ``number`` counting from 1.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    document = models.ForeignKey(
        EnvelopeDocument, on_delete=models.PROTECT, related_name="archived_versions"
    )
    number = models.PositiveSmallIntegerField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    before_sha256 = models.CharField(max_length=64)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "number"], name="archived_version_once")
        ]

    def __str__(self) -> str:
        return f"Archived version {self.number}"
