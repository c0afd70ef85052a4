"""Messages that go out and come in, notices in the product, and what may not be sent."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes


class Channel(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class MessageTemplate(Record):
    """A reusable message in Liquid: ``Dear {{ contact.first_name }}``."""

    class Format(models.TextChoices):
        TEXT = "text", "Plain text"
        HTML = "html", "HTML"

    name = models.CharField(max_length=160)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.EMAIL)
    format = models.CharField(max_length=4, choices=Format, default=Format.TEXT)
    subject = models.CharField(max_length=400, blank=True)
    body = models.TextField()

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("message_template")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"],
                name="message_template_name_once",
                condition=Q(deleted_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.name


class OutboundMessage(models.Model):
    """One message to one person, written in the transaction that wants it sent.

    Its status is read from the timestamps. ``held_at`` is set where no server was
    configured when it was written: it rests in the outbox until an administrator releases
    or discards it. ``claimed_at`` is set while a worker hands it over. A sensitive one
    (a sign-in code) loses its text once it is sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    channel = models.CharField(max_length=8, choices=Channel)
    purpose = models.CharField(max_length=40, blank=True)
    to = models.CharField(max_length=320)
    to_name = models.CharField(max_length=200, blank=True)
    cc = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    reply_to = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=998, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    attachments = models.ManyToManyField(StoredFile, blank=True, related_name="+")
    object = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    template = models.ForeignKey(
        MessageTemplate, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    message_id = models.CharField(max_length=300, unique=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = ArrayField(models.CharField(max_length=998), default=list, blank=True)
    provider_id = models.CharField(max_length=200, blank=True)
    is_sensitive = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    queued_at = models.DateTimeField(default=timezone.now)
    held_at = models.DateTimeField(null=True, blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    suppressed_at = models.DateTimeField(null=True, blank=True)
    discarded_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-id"], name="outbound_newest"),
            models.Index(fields=["record_id", "-id"], name="outbound_record"),
            models.Index(fields=["created_by", "-id"], name="outbound_by_person"),
            models.Index(fields=["to", "-id"], name="outbound_to"),
            models.Index(
                fields=["next_attempt_at"],
                name="outbound_due",
                condition=Q(next_attempt_at__isnull=False),
            ),
            models.Index(
                fields=["held_at"], name="outbound_held", condition=Q(held_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject or self.channel} to {self.to}"

    @property
    def status(self) -> str:
        """The furthest it has come, read from the timestamps; see ``STATUS_LABELS``."""
        for name in ("bounced", "delivered", "sent", "failed", "suppressed", "discarded", "held"):
            if getattr(self, f"{name}_at"):
                return name
        return "sending" if self.claimed_at else ("retrying" if self.attempts else "queued")

    @property
    def carried_by(self) -> str:
        """What carries a short text, for people: SMS, or what its address names; else nothing."""
        from dealwright.base.messaging.carriers import carrier_of

        if self.channel != Channel.SMS:
            return ""
        carrier = carrier_of(self.to)
        return carrier.label() if carrier else str(Channel.SMS.label)


STATUS_LABELS = {
    "queued": "Queued",
    "sending": "Sending",
    "retrying": "Trying again",
    "held": "Resting",
    "sent": "Sent",
    "delivered": "Delivered",
    "bounced": "Bounced",
    "failed": "Failed",
    "suppressed": "Not sent: unsubscribed",
    "discarded": "Discarded",
}


class InboundMessage(models.Model):
    """An e-mail that came in. ``raw`` keeps it as it was; ``sha256`` makes receiving repeatable."""

    class Kind(models.TextChoices):
        REPLY = "reply", "Reply"
        NEW = "new", "New mail"
        AUTO_REPLY = "auto_reply", "Automatic reply"
        BOUNCE = "bounce", "Bounce"
        DELAY = "delay", "Delay notice"
        RECEIPT = "receipt", "Delivery or read receipt"
        COMPLAINT = "complaint", "Spam complaint"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribe request"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=Kind)
    message_id = models.CharField(max_length=998, blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = ArrayField(models.CharField(max_length=998), default=list, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    to = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    subject = models.CharField(max_length=998, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    bounce_status = models.CharField(max_length=12, blank=True)
    outbound = models.ForeignKey(
        OutboundMessage, null=True, blank=True, on_delete=models.SET_NULL, related_name="answers"
    )
    object = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    raw = models.ForeignKey(StoredFile, null=True, on_delete=models.SET_NULL, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    dated_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-id"], name="inbound_newest"),
            models.Index(fields=["record_id", "-id"], name="inbound_record"),
            models.Index(fields=["from_address", "-id"], name="inbound_from"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} from {self.from_address}"

    @property
    def is_auto_reply(self) -> bool:
        return self.kind == self.Kind.AUTO_REPLY

    @property
    def is_bounce(self) -> bool:
        return self.kind == self.Kind.BOUNCE


class Notice(models.Model):
    """Something a user should know, shown under the bell."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=500, blank=True)
    object = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="notice_newest"),
            models.Index(fields=["user"], name="notice_unread", condition=Q(read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.title


class Suppression(models.Model):
    """An address that must not be written to; only its hash is kept.

    ``purpose`` narrows it to one kind of mail; empty means every kind that asks
    (``sequence`` and ``marketing``).
    """

    class Reason(models.TextChoices):
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "The address does not exist"
        COMPLAINED = "complained", "Reported as spam"
        BY_HAND = "by_hand", "Set by hand"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    address_hash = models.CharField(max_length=64)
    purpose = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=12, choices=Reason)
    source = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address_hash", "purpose"], name="suppression_once")
        ]

    def __str__(self) -> str:
        return f"{self.address_hash[:12]} ({self.reason})"


class MailSettings(models.Model):
    """How mail and SMS leave and arrive; one row. Passwords are encrypted."""

    class Security(models.TextChoices):
        STARTTLS = "starttls", "STARTTLS (usually port 587)"
        TLS = "tls", "TLS from the start (usually port 465 or 993)"
        NONE = "none", "Not encrypted"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    smtp_host = models.CharField(max_length=253, blank=True)
    smtp_port = models.PositiveIntegerField(default=587)
    smtp_security = models.CharField(max_length=8, choices=Security, default=Security.STARTTLS)
    smtp_username = models.CharField(max_length=320, blank=True)
    smtp_password = models.CharField(max_length=1000, blank=True)
    from_address = models.EmailField(max_length=320, blank=True)
    from_name = models.CharField(max_length=200, blank=True)
    plus_addressing = models.BooleanField(default=False)
    imap_host = models.CharField(max_length=253, blank=True)
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=8, choices=Security, default=Security.TLS)
    imap_username = models.CharField(max_length=320, blank=True)
    imap_password = models.CharField(max_length=1000, blank=True)
    imap_folder = models.CharField(max_length=200, default="INBOX")
    imap_validity = models.CharField(max_length=20, blank=True)
    imap_last_uid = models.PositiveBigIntegerField(default=0)
    imap_fetched_at = models.DateTimeField(null=True, blank=True)
    imap_error = models.CharField(max_length=500, blank=True)
    sms_url = models.URLField(max_length=500, blank=True)
    sms_account = models.CharField(max_length=120, blank=True)
    sms_token = models.CharField(max_length=1000, blank=True)
    sms_from = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="mail_settings_one_row")
        ]

    def __str__(self) -> str:
        return self.smtp_host or "No mail server"
