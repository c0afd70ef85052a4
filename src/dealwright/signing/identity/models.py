"""Proofs of who a recipient is: one-time codes, steps, what an address is enrolled with.

What could be guessed is kept as a keyed hash, what is secret encrypted. Of a fingerprint or a
face nothing ever arrives here: a passkey answers with a signature.
"""

from __future__ import annotations

from typing import ClassVar

from allauth.socialaccount.models import SocialApp
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import IdentityMethod, Recipient


class Purpose(models.TextChoices):
    """What a proof is for: to see the documents, or for one act of signing."""

    ACCESS = "access", "Access"
    ENROL = "enrol", "Enrolment"
    ACT = "act", "Act of signing"


class Assurance(models.TextChoices):
    """What an identity provider has to have checked of a person, and told us how
    (OpenID Connect for Identity Assurance 1.0)."""

    DOCUMENT_FACE = "document_face", "ID document and face"
    DOCUMENT = "document", "ID document"
    QUESTIONS = "questions", "Knowledge questions"


class OtherName(models.TextChoices):
    """What follows when a verified name is not the one that the sender gave."""

    REFUSE = "refuse", "Refuse"
    SHOW = "show", "Accept, and show both names"


class OneTimeCode(models.Model):
    """A code that was sent to a recipient, bound to the recipient and one browser.

    ``destination_hash`` lets the daily limit of an address span envelopes without keeping
    the address twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="codes")
    channel = models.CharField(max_length=12, default="email")
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
            models.Index(
                fields=["channel", "-sent_at"],
                name="one_time_code_messenger",
                condition=models.Q(channel__in=["whatsapp", "messenger"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} code of {self.sent_at:%Y-%m-%d %H:%M}"


class IdentityStep(models.Model):
    """One way in which one recipient shows who they are: what it needs, and the proof.

    ``secret_hash`` is the keyed hash of an access code, ``destination`` the number for SMS or
    WhatsApp (E.164), the address in the company's messenger, or the identity provider, which has
    to have made the check ``assurance`` where that is set; ``other_name`` says what follows when
    the name it verified is not the recipient's. ``secret`` is an authenticator app that is being
    set up, encrypted. ``confirmed_at`` counts in the browser of ``session_hash``; ``facts`` is what
    the evidence says of the proof. ``attempts`` are wrong tries since the sender last unlocked.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(
        Recipient, on_delete=models.CASCADE, related_name="identity_steps"
    )
    method = models.CharField(max_length=16, choices=IdentityMethod)
    secret_hash = models.CharField(max_length=64, blank=True)
    secret = models.CharField(max_length=200, blank=True)
    destination = models.CharField(max_length=200, blank=True)
    assurance = models.CharField(max_length=16, choices=Assurance, blank=True)
    other_name = models.CharField(
        max_length=8, choices=OtherName, default=OtherName.REFUSE, blank=True
    )
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


class ProviderChecks(models.Model):
    """What an identity provider is set up to check of signers.

    ``offers`` are of ``Assurance``. ``trust_framework`` and ``acr_values``, where given, must be
    in its answer; ``most_days`` is how old a check may be.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.OneToOneField(SocialApp, on_delete=models.CASCADE, related_name="checks")
    offers = ArrayField(models.CharField(max_length=16, choices=Assurance), default=list)
    trust_framework = models.CharField(max_length=100, blank=True)
    acr_values = models.CharField(max_length=400, blank=True)
    most_days = models.PositiveIntegerField(default=365)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"Checks by {self.provider}"


class MessengerSettings(models.Model):
    """How codes go out by WhatsApp and by the company's own messenger; one row.

    WhatsApp goes through the company's SMS provider: from ``whatsapp_from`` (a number, or a
    messaging service), in the approved template (``HX…``) of each language. ``channel_*`` is a
    bridge of the company's to any other messenger; ``channel_to`` says whether its addresses are
    phone numbers or names. ``secret`` is encrypted. ``*_per_day`` are most codes in
    24 hours.
    """

    class To(models.TextChoices):
        PHONE = "phone", "Phone numbers"
        NAME = "name", "Names or ids of its own"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    only = models.BooleanField(default=True, unique=True, editable=False)
    whatsapp_from = models.CharField(max_length=40, blank=True)
    whatsapp_templates = models.JSONField(default=dict, blank=True)
    whatsapp_per_day = models.PositiveIntegerField(default=200)
    channel_name = models.CharField(max_length=40, blank=True)
    channel_url = models.CharField(max_length=500, blank=True)
    secret = models.CharField(max_length=400, blank=True)
    channel_to = models.CharField(max_length=8, choices=To, default=To.PHONE)
    channel_per_day = models.PositiveIntegerField(default=200)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(only=True), name="messenger_settings_one"),
        ]

    def __str__(self) -> str:
        return "Messengers"


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
    agrees types a number from a test document. With ``successor_codes`` a recipient who has shown
    who they are may give whoever takes their part a code or number of their own. ``stamp`` is the
    company's, for fields that senders stamp.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    only = models.BooleanField(default=True, unique=True, editable=False)
    sms_countries = ArrayField(models.CharField(max_length=2), default=_sms_countries)
    sms_per_day = models.PositiveIntegerField(default=200)
    part11 = models.BooleanField(default=False)
    consent_code = models.BooleanField(default=False)
    successor_codes = models.BooleanField(default=False)
    stamp = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
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
