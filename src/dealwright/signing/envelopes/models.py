"""Envelopes: what is to be signed, by whom, where, and how far it has come.

Where an envelope or a recipient stands is computed by the database from the timestamps of
what happened, so it cannot say anything else.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from dealwright.base.files.models import StoredFile
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes
from dealwright.signing.consent.models import ConsentText
from dealwright.signing.groups.models import SigningGroup


def _derived(*steps: tuple[str, str], otherwise: str) -> Case:
    """The first step whose timestamp is set, in the order given."""
    return Case(
        *(When(Q(**{f"{column}__isnull": False}), then=Value(state)) for column, state in steps),
        default=Value(otherwise),
    )


class EnvelopeStatus(models.TextChoices):
    """How far an envelope is."""

    DRAFT = "draft", "Draft"
    SCHEDULED = "scheduled", "Scheduled"
    SENT = "sent", "Sent"
    IN_PROGRESS = "in_progress", "In progress"
    SEALING = "sealing", "Sealing"
    SEAL_FAILED = "seal_failed", "Seal failed"
    COMPLETED = "completed", "Completed"
    DECLINED = "declined", "Declined"
    VOIDED = "voided", "Voided"
    EXPIRED = "expired", "Expired"
    PURGED = "purged", "Purged"


class SignatureLevel(models.TextChoices):
    """What stands in the documents for each signer beside the organisation's seal.

    Simple: the evidence of their act. Advanced: a signature by a certificate of their own as
    well, issued by the organisation on the evidence of the identity step.
    """

    SES = "ses", "Simple"
    AES = "aes", "Advanced: a certificate for each signer"


class Envelope(Record):
    """Documents that some people sign, and everything that happens until the seal.

    ``subject_object`` and ``subject_id`` name the record it is about (a contract, a quote),
    of which this system knows nothing else. ``signed_at`` is when the last recipient acted;
    ``completed_at`` when the seal was on every document. ``send_at``, ``seal_at``,
    ``remind_at`` and ``warn_at`` are due times that the worker claims; ``scheduled_at`` is when
    somebody set the first of them. Whose turn comes is reminded ``remind_first_days`` later,
    then every ``remind_every_days``, ``remind_most`` times (None: for 30 days), counted in
    ``reminders_sent`` since the turn began. ``warn_days`` before it expires everyone waited for
    is told. ``purged_at`` is when its files and what it knew of people were destroyed.
    """

    title = models.CharField(max_length=200)
    message = models.TextField(blank=True)
    subject_object = models.CharField(max_length=40, blank=True)
    subject_id = models.UUIDField(null=True, blank=True)
    language = models.CharField(max_length=12, default="en")
    scheduled_at = models.DateTimeField(null=True, blank=True)
    send_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    purged_at = models.DateTimeField(null=True, blank=True)
    remind_every_days = models.PositiveSmallIntegerField(null=True, blank=True)
    remind_first_days = models.PositiveSmallIntegerField(null=True, blank=True)
    remind_most = models.PositiveSmallIntegerField(null=True, blank=True)
    reminders_sent = models.PositiveSmallIntegerField(default=0)
    remind_at = models.DateTimeField(null=True, blank=True)
    warn_days = models.PositiveSmallIntegerField(null=True, blank=True)
    warn_at = models.DateTimeField(null=True, blank=True)
    may_reassign = models.BooleanField(default=True)
    part11 = models.BooleanField(default=False)
    signature_level = models.CharField(
        max_length=4, choices=SignatureLevel, default=SignatureLevel.SES
    )
    seal_at = models.DateTimeField(null=True, blank=True)
    seal_attempts = models.PositiveIntegerField(default=0)
    seal_failed_at = models.DateTimeField(null=True, blank=True)
    seal_error = models.TextField(blank=True)
    seal_profile = models.CharField(max_length=8, blank=True)
    certificate = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    status = models.GeneratedField(
        expression=_derived(
            ("purged_at", "purged"),
            ("voided_at", "voided"),
            ("declined_at", "declined"),
            ("expired_at", "expired"),
            ("completed_at", "completed"),
            ("seal_failed_at", "seal_failed"),
            ("signed_at", "sealing"),
            ("started_at", "in_progress"),
            ("sent_at", "sent"),
            ("scheduled_at", "scheduled"),
            otherwise="draft",
        ),
        output_field=models.CharField(max_length=12),
        db_persist=True,
    )

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("envelope"),
            models.Index(fields=["subject_id", "-created_at"], name="envelope_subject"),
            models.Index(
                fields=["seal_at"], name="envelope_seal_due", condition=Q(seal_at__isnull=False)
            ),
            models.Index(
                fields=["send_at"], name="envelope_send_due", condition=Q(send_at__isnull=False)
            ),
            models.Index(
                fields=["remind_at"],
                name="envelope_reminder_due",
                condition=Q(remind_at__isnull=False),
            ),
            models.Index(
                fields=["warn_at"], name="envelope_warning_due", condition=Q(warn_at__isnull=False)
            ),
            models.Index(
                fields=["expires_at"],
                name="envelope_expiry_due",
                condition=Q(
                    expires_at__isnull=False,
                    sent_at__isnull=False,
                    signed_at__isnull=True,
                    declined_at__isnull=True,
                    voided_at__isnull=True,
                    expired_at__isnull=True,
                ),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(signed_at__isnull=False),
                name="envelope_completed_after_signed",
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True)
                | Q(declined_at__isnull=True, voided_at__isnull=True, expired_at__isnull=True),
                name="envelope_ends_one_way",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=False)
                | Q(started_at__isnull=True, signed_at__isnull=True, declined_at__isnull=True),
                name="envelope_acts_after_sending",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def chain(self) -> str:
        """The name of its evidence chain."""
        return f"envelope:{self.pk}"

    @property
    def is_open(self) -> bool:
        """Sent, and still waiting for someone."""
        return self.sent_at is not None and not (
            self.signed_at or self.declined_at or self.voided_at or self.expired_at
        )

    @property
    def has_ended(self) -> bool:
        """Sent, and nothing more happens: completed, declined, voided, expired or purged."""
        return self.sent_at is not None and bool(
            self.completed_at
            or self.declined_at
            or self.voided_at
            or self.expired_at
            or self.purged_at
        )

    @property
    def url(self) -> str:
        return f"/envelopes/{self.pk}"


class EnvelopeDocument(models.Model):
    """One document: as it was given, as it was prepared and shown, and as it was sealed.

    ``prepared`` is what recipients see and its hash what they agree to; ``pages`` holds the
    geometry of its pages, ``texts`` what they say, for those who hear them, ``notes`` what the
    sender should know of its making. Once sent it does not change. ``sealed`` carries the
    signatures, the certificate of completion and the seal; ``archive_due_at`` is when its
    archive time stamp is to be renewed, which rests on ``archive_digest``.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.CASCADE, related_name="documents")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    original = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    original_sha256 = models.CharField(max_length=64)
    prepared = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    prepared_sha256 = models.CharField(max_length=64)
    pages = models.JSONField()
    texts = models.JSONField(default=list)
    notes = models.JSONField(default=list, blank=True)
    sealed = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    sealed_sha256 = models.CharField(max_length=64, blank=True)
    archive_due_at = models.DateTimeField(null=True, blank=True)
    archive_digest = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering: ClassVar = ["position"]
        indexes: ClassVar = [
            models.Index(
                fields=["archive_due_at"],
                name="document_archive_due",
                condition=Q(archive_due_at__isnull=False),
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["envelope", "position"], name="document_position_once"),
            models.UniqueConstraint(
                fields=["sealed_sha256"], name="sealed_once", condition=~Q(sealed_sha256="")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def page_count(self) -> int:
        return len(self.pages)


class Role(models.TextChoices):
    """What a recipient does. A copy goes to everyone in the end.

    An in-person signer signs on the host's device, a witness confirms having seen another
    recipient sign, an editor fills in and corrects before the others are asked.
    """

    SIGNER = "signer", "Signs"
    APPROVER = "approver", "Approves"
    VIEWER = "viewer", "Confirms reading"
    CC = "cc", "Gets a copy"
    IN_PERSON_SIGNER = "in_person_signer", "Signs in person"
    WITNESS = "witness", "Witnesses"
    EDITOR = "editor", "Edits"


SIGNING_ROLES = (Role.SIGNER, Role.IN_PERSON_SIGNER, Role.WITNESS)


class IdentityMethod(models.TextChoices):
    """How a recipient shows who they are, beyond holding the link."""

    EMAIL_LINK = "email_link", "Link alone"
    ACCESS_CODE = "access_code", "Access code"
    EMAIL_OTP = "email_otp", "Code by e-mail"
    SMS_OTP = "sms_otp", "Code by SMS"
    WHATSAPP_OTP = "whatsapp_otp", "Code by WhatsApp"
    MESSENGER_OTP = "messenger_otp", "Code by messenger"
    ACCOUNT = "account", "Account"
    TOTP = "totp", "Authenticator app"
    WEBAUTHN = "webauthn", "Passkey"
    IDP = "idp", "Identity provider"


def by_mailed_code() -> list[str]:
    """What is asked of a recipient unless the sender says otherwise."""
    return [IdentityMethod.EMAIL_OTP.value]


class Recipient(models.Model):
    """One person in an envelope. Who it is never changes; another person is another row.

    ``order`` is the routing order: equal numbers act side by side, a higher one waits.
    ``identity_methods`` are the ways they show who they are, in order; none is the link alone.
    ``meaning`` is what their signature means, in their words (21 CFR 11.50).
    ``token_hash`` is SHA-256 of the link's 256-bit secret. ``session_hash`` binds a
    confirmed code to one browser. ``queued_at`` is when the envelope was sent and they were to
    wait, ``delivered_at`` when their mail server took the invitation. Whoever hands the part on
    has ``reassigned_at`` and who took it in ``reassigned_to``; whose part fell away, because a
    condition did not hold or another of the group acted, has ``skipped_at``.

    ``condition`` is an expression over what earlier recipients filled in: where it does not
    hold, the turn falls away. A row with a ``group`` stands for any one of its members: when
    its turn comes each member has a row with ``member_of``, and whoever acts first takes its
    place. ``named_by`` is the recipient who says who this is, until then without an address.
    ``witness_of`` is whom a witness sees sign; ``host`` on whose device an in-person signer
    signs, and ``hosted_at`` when it was last handed over.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.CASCADE, related_name="recipients")
    position = models.PositiveSmallIntegerField()
    order = models.PositiveSmallIntegerField(default=1)
    role = models.CharField(max_length=20, choices=Role, default=Role.SIGNER)
    name = models.CharField(max_length=160)
    email = models.EmailField(max_length=254, blank=True)
    identity_methods = ArrayField(
        models.CharField(max_length=16, choices=IdentityMethod), default=by_mailed_code, blank=True
    )
    meaning = models.CharField(max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, blank=True)
    session_hash = models.CharField(max_length=64, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent = models.ForeignKey(
        ConsentText, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    consent_withdrawn_at = models.DateTimeField(null=True, blank=True)
    identifying_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    locked_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    decline_reason = models.TextField(blank=True)
    reassigned_at = models.DateTimeField(null=True, blank=True)
    reassigned_to = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reassigned_from"
    )
    skipped_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    condition = models.CharField(max_length=500, blank=True)
    group = models.ForeignKey(
        SigningGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    member_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    named_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="names"
    )
    witness_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="witnesses"
    )
    host = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    hosted_at = models.DateTimeField(null=True, blank=True)
    status = models.GeneratedField(
        expression=Case(
            When(declined_at__isnull=False, then=Value("declined")),
            When(signed_at__isnull=False, role="approver", then=Value("approved")),
            When(signed_at__isnull=False, role="viewer", then=Value("acknowledged")),
            When(signed_at__isnull=False, then=Value("signed")),
            When(reassigned_at__isnull=False, then=Value("reassigned")),
            When(skipped_at__isnull=False, then=Value("skipped")),
            When(expired_at__isnull=False, then=Value("expired")),
            When(locked_at__isnull=False, then=Value("auth_failed")),
            When(
                identifying_at__isnull=False,
                verified_at__isnull=True,
                then=Value("authenticating"),
            ),
            When(opened_at__isnull=False, then=Value("viewed")),
            When(bounced_at__isnull=False, then=Value("bounced")),
            When(delivered_at__isnull=False, then=Value("delivered")),
            When(sent_at__isnull=False, then=Value("sent")),
            When(queued_at__isnull=False, then=Value("waiting")),
            default=Value("created"),
        ),
        output_field=models.CharField(max_length=16),
        db_persist=True,
    )

    class Meta:
        ordering: ClassVar = ["order", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["envelope", "position"], name="recipient_position_once"
            ),
            models.UniqueConstraint(
                fields=["token_hash"], name="recipient_token_once", condition=~Q(token_hash="")
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) | Q(declined_at__isnull=True),
                name="recipient_signs_or_declines",
            ),
            models.CheckConstraint(
                condition=~Q(role__in=("signer", "in_person_signer", "witness"))
                | Q(signed_at__isnull=True)
                | Q(consented_at__isnull=False),
                name="recipient_consents_before_signing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"

    @property
    def acts(self) -> bool:
        """Whether the envelope waits for this person."""
        return self.role != Role.CC

    @property
    def signs(self) -> bool:
        """Whether a signature of this person stands in the documents."""
        return self.role in SIGNING_ROLES

    @property
    def is_done(self) -> bool:
        """Whether nothing is waited for from this person, because they acted or need not."""
        return bool(self.signed_at or self.declined_at or self.reassigned_at or self.skipped_at)

    @property
    def is_group(self) -> bool:
        """Whether this row stands for any one member of a group, none of whom acted yet."""
        return self.group_id is not None and self.member_of_id is None

    @property
    def is_unnamed(self) -> bool:
        """Whether an earlier recipient still has to say who this is."""
        return self.named_by_id is not None and not self.email

    @property
    def label(self) -> str:
        """How evidence and audit name the person without naming them."""
        return f"{Role(self.role).name.replace('_', ' ').capitalize()} {self.position}"


class FormerLink(models.Model):
    """A link that a newer one replaced: whoever still holds it is told so, and nothing else."""

    token_hash = models.CharField(max_length=64, primary_key=True)
    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="former_links")
    replaced_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Replaced link of {self.recipient_id}"


STATUS_LABELS = {
    "created": "Not sent yet",
    "waiting": "Waiting",
    "sent": "Invited",
    "delivered": "Delivered",
    "bounced": "Mail came back",
    "viewed": "Opened",
    "authenticating": "Showing who they are",
    "auth_failed": "Locked: too many wrong codes",
    "signed": "Signed",
    "approved": "Approved",
    "acknowledged": "Confirmed reading",
    "declined": "Declined",
    "reassigned": "Handed on",
    "skipped": "Not needed",
    "expired": "Expired",
}
