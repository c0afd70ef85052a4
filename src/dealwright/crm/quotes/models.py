"""Offers to a customer, in revisions, as a document that can be accepted."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import (
    LIVING,
    currency_column,
    fraction,
    is_fraction,
    money,
    not_negative,
)
from dealwright.crm.products.models import Line


class Quote(Record):
    """An offer. ``number`` stays through its revisions; ``total`` is subtotal less
    ``discount_amount`` plus ``tax_amount``, all in ``currency``."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        SENT = "sent", "Sent"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"
        EXPIRED = "expired", "Expired"
        REPLACED = "replaced", "Replaced by a newer revision"

    number = models.CharField(max_length=40)
    revision = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=250)
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    opportunity = models.ForeignKey(
        "crm.Opportunity", on_delete=models.PROTECT, related_name="quotes"
    )
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="quotes"
    )
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="quotes"
    )
    price_book = models.ForeignKey(
        "crm.PriceBook", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    currency = currency_column()
    discount = fraction(default=0)
    subtotal = money(default=0)
    discount_amount = money(default=0)
    tax_amount = money(default=0)
    total = money(default=0)
    valid_until = models.DateField(null=True, blank=True)
    terms = models.TextField(blank=True)
    introduction = models.TextField(blank=True)
    public_token = models.CharField(max_length=64, blank=True, editable=False)
    document_id = models.UUIDField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.CharField(max_length=254, blank=True)
    viewed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=200, blank=True)
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_reason = models.TextField(blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("quote"),
            models.Index(fields=["opportunity"], name="quote_opportunity", condition=LIVING),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number", "revision"], name="quote_number_once"),
            models.UniqueConstraint(
                fields=["public_token"],
                condition=~models.Q(public_token=""),
                name="quote_public_token_once",
            ),
            *not_negative("subtotal", "discount_amount", "tax_amount", "total", table="quote"),
            *is_fraction("discount", table="quote"),
            models.CheckConstraint(
                condition=models.Q(
                    total=models.F("subtotal")
                    - models.F("discount_amount")
                    + models.F("tax_amount")
                ),
                name="quote_total_adds_up",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="accepted") | models.Q(accepted_at__isnull=False),
                name="quote_accepted_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="rejected") | models.Q(rejected_at__isnull=False),
                name="quote_rejected_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.number if self.revision == 1 else f"{self.number}/{self.revision}"


class QuoteLineItem(Line):
    """One line of an offer."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="lines")
