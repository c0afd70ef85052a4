"""Payments of signers: what was asked for, at which provider, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.money import Money
from dealwright.base.people.models import User
from dealwright.signing.envelopes.models import Envelope, Recipient
from dealwright.signing.fields.models import EnvelopeField


class Provider(models.TextChoices):
    """Where money is paid."""

    STRIPE = "stripe", "A provider with Stripe’s interface"
    TEST = "test", "Trying out: no money moves"


class PaymentSettings(models.Model):
    """One row: which provider takes payments, none until an administrator chose one.

    ``key`` and ``webhook_secret`` are encrypted. They stay while something else is chosen, so
    that payments begun before can still be asked about and sent back.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    provider = models.CharField(max_length=10, choices=Provider, blank=True)
    url = models.CharField(max_length=500, blank=True)
    key = models.CharField(max_length=700, blank=True)
    webhook_secret = models.CharField(max_length=700, blank=True)
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="payment_settings_are_one"),
            models.CheckConstraint(
                condition=~Q(provider="stripe") | ~Q(key=""), name="payment_settings_have_a_key"
            ),
        ]

    def __str__(self) -> str:
        return self.provider or "No provider"


class PaymentState(models.TextChoices):
    """How far a payment is; the first five words are those of the API."""

    CREATED = "created", "Begun"
    PAID = "paid", "Paid"
    EXPIRED = "expired", "Not paid in time"
    FAILED = "failed", "Failed"
    REFUNDED = "refunded", "Refunded"


class Payment(models.Model):
    """One visit to the provider's page for one field.

    ``amount`` and ``currency`` are fixed when it begins. ``session`` and ``reference`` are the
    provider's ids of the visit and of the payment; ``address`` is its page while one can pay
    there. ``submitted_at`` is when the person was done there and the money had still to come.
    ``received`` is what the provider says it took.

    ``counts`` says that the field is paid by it: one payment of a field at most. Money that came
    and does not count has ``problem`` for why: it is to be sent back. ``check_at`` is when the
    provider is asked again. ``is_test`` says that no real money moved.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    envelope = models.ForeignKey(Envelope, on_delete=models.PROTECT, related_name="payments")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="payments")
    field = models.ForeignKey(
        EnvelopeField, null=True, blank=True, on_delete=models.SET_NULL, related_name="payments"
    )
    title = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=200, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=10, choices=Provider)
    is_test = models.BooleanField(default=False)
    session = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=5000, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=300)
    language = models.CharField(max_length=12, default="en")
    received = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    received_currency = models.CharField(max_length=3, blank=True)
    counts = models.BooleanField(default=False)
    problem = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    ends_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)
    refund = models.CharField(max_length=200, blank=True)
    refunded_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    check_at = models.DateTimeField(null=True, blank=True)
    checks = models.PositiveSmallIntegerField(default=0)
    state = models.GeneratedField(
        expression=Case(
            When(refunded_at__isnull=False, then=Value("refunded")),
            When(paid_at__isnull=False, then=Value("paid")),
            When(failed_at__isnull=False, then=Value("failed")),
            When(expired_at__isnull=False, then=Value("expired")),
            default=Value("created"),
        ),
        output_field=models.CharField(max_length=10),
        db_persist=True,
    )

    class Meta:
        ordering: ClassVar = ["created_at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["envelope", "created_at"], name="payment_envelope"),
            models.Index(
                fields=["check_at"], name="payment_check_due", condition=Q(check_at__isnull=False)
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["field"], name="payment_counts_once", condition=Q(counts=True)
            ),
            models.UniqueConstraint(
                fields=["provider", "session"],
                name="payment_session_once",
                condition=~Q(session=""),
            ),
            models.UniqueConstraint(
                fields=["provider", "reference"],
                name="payment_reference_once",
                condition=~Q(reference=""),
            ),
            models.CheckConstraint(
                condition=Q(counts=False)
                | Q(
                    paid_at__isnull=False,
                    refunded_at__isnull=True,
                    received=F("amount"),
                    received_currency=F("currency"),
                ),
                name="payment_counts_when_paid",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_above_zero"),
            models.CheckConstraint(
                condition=Q(refunded_at__isnull=True) | Q(paid_at__isnull=False),
                name="payment_refunded_after_paid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} {self.currency}, {self.state}"

    @property
    def money(self) -> Money:
        """What was asked for."""
        return Money(self.amount, self.currency).rounded()

    @property
    def taken(self) -> Money:
        """What the provider took; what was asked for while nothing came."""
        if self.received is None:
            return self.money
        return Money(self.received, self.received_currency).rounded()

    @property
    def is_open(self) -> bool:
        """Whether it may still be paid, as far as is known here."""
        return not (self.paid_at or self.expired_at or self.failed_at)

    @property
    def return_url(self) -> str:
        """Where the provider sends the person back to. It holds no secret: it shows nothing to
        who was not at the signing page in the same browser."""
        return f"{self.origin}/payments/{self.pk}/return"


class TestCheckout(models.Model):
    """A session of the provider for trying out: what a real one would keep on its side."""

    __test__ = False  # no class of tests

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(max_length=100, unique=True)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=200, blank=True)
    return_url = models.CharField(max_length=500)
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Test session of {self.reference}"
