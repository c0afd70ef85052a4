"""Proofs of who a recipient is: one-time codes, steps, what an address is enrolled with.

What could be guessed is kept as a keyed hash, what is secret encrypted. Of a fingerprint or a
face nothing ever arrives here: a passkey answers with a signature.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import IdentityMethod, Recipient


class Purpose(models.TextChoices):
    """What a proof is for: to see the documents, or for one act of signing."""

    ACCESS = "access", "Access"
    ENROL = "enrol", "Enrolment"
    ACT = "act", "Act of signing"


class OneTimeCode(models.Model):
    """A code that was sent to a recipient, bound to the recipient and one browser.

    ``destination_hash`` lets the daily limit of an address span envelopes without keeping
    the address twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="codes")
    channel = models.CharField(max_length=8, default="email")
    purpose = models.CharField(max_length=8, choices=Purpose, default=Purpose.ACCESS)
    destination_hash = models.CharField(max_length=64)
    session_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    invalidated_at = models.DateTimeField(null=True, blank=True)
    counted = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["recipient", "-sent_at"], name="one_time_code_recipient"),
            models.Index(fields=["destination_hash", "-sent_at"], name="one_time_code_address"),
            models.Index(
                fields=["-sent_at"], name="one_time_code_sms", condition=models.Q(channel="sms")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} code of {self.sent_at:%Y-%m-%d %H:%M}"


class IdentityStep(models.Model):
    """One way in which one recipient shows who they are: what it needs, and the proof.

    ``secret_hash`` is the keyed hash of an access code, ``destination`` the number for SMS
    (E.164) or the identity provider. ``secret`` is an authenticator app that is being set up,
    encrypted. ``confirmed_at`` counts in the browser of ``session_hash``; ``facts`` is what
    the evidence says of the proof. ``attempts`` are wrong tries since the sender last unlocked.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="identity_steps"
    )
    method = models.CharField(max_length=12, choices=IdentityMethod)
    secret_hash = models.CharField(max_length=64, blank=True)
    secret = models.CharField(max_length=200, blank=True)
    destination = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    session_hash = models.CharField(max_length=64, blank=True)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recipient", "method"], name="identity_step_once"),
        ]

    def __str__(self) -> str:
        return self.method


class SignerTotp(models.Model):
    """The authenticator app of an e-mail address, set up once and used for all envelopes.

    ``last_counter`` is the newest time step that was used: each code works once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    secret = models.CharField(max_length=200)
    last_counter = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.email


class SignerPasskey(models.Model):
    """A passkey of an e-mail address: its public half. The private one stays in the device."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254)
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["email"], name="signer_passkey_email")]

    def __str__(self) -> str:
        return self.email


class PasskeyChallenge(models.Model):
    """A question put to a passkey in one browser; it is answered once, within ten minutes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="challenges")
    session_hash = models.CharField(max_length=64)
    purpose = models.CharField(max_length=8, choices=Purpose)
    nonce = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recipient", "session_hash", "purpose"], name="passkey_challenge_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of {self.created_at:%Y-%m-%d %H:%M}"


class IdentityAttempt(models.Model):
    """Something counted against a limit that spans envelopes; forgotten after two days."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "key_hash", "-at"], name="identity_attempt_recent"),
            models.Index(fields=["at"], name="identity_attempt_old"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


# Where mail codes would do as well and numbers that cost their caller money are rare.
SMS_COUNTRIES = (
    "AT", "AU", "BE", "BG", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR",
    "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "NZ", "PL", "PT", "RO",
    "SE", "SI", "SK", "US",
)  # fmt: skip


def _sms_countries() -> list[str]:
    return list(SMS_COUNTRIES)


class SigningSettings(models.Model):
    """What the company decided about signing; one row.

    ``sms_countries`` (ISO 3166) are those that codes may be sent to, ``sms_per_day`` how many
    in 24 hours in all. ``part11`` is what new envelopes start with. With ``consent_code`` who
    agrees types a number from a test document.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    only = models.BooleanField(default=True, unique=True, editable=False)
    sms_countries = ArrayField(models.CharField(max_length=2), default=_sms_countries)
    sms_per_day = models.PositiveIntegerField(default=200)
    part11 = models.BooleanField(default=False)
    consent_code = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(only=True), name="signing_settings_one"),
        ]

    def __str__(self) -> str:
        return "Signing"
