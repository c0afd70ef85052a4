"""Companies and other organisations one sells to, buys from or competes with."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import (
    LIVING,
    currency_column,
    not_negative,
    optional_money,
    search_index,
)


class Lifecycle(models.TextChoices):
    """How far a person or company has come with us."""

    RAW = "raw", "Unknown visitor"
    SUBSCRIBER = "subscriber", "Subscriber"
    LEAD = "lead", "Lead"
    QUALIFIED = "qualified", "Qualified"
    OPPORTUNITY = "opportunity", "Opportunity"
    CUSTOMER = "customer", "Customer"
    FORMER = "former", "Former customer"


class Account(Record):
    """An organisation. ``domain`` is its registrable domain (``example.co.uk``), once among
    the living; ``other_domains`` are further ones, such as those of merged accounts."""

    class Kind(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        CUSTOMER = "customer", "Customer"
        PARTNER = "partner", "Partner"
        COMPETITOR = "competitor", "Competitor"
        VENDOR = "vendor", "Vendor"
        OTHER = "other", "Other"

    class Rating(models.TextChoices):
        HOT = "hot", "Hot"
        WARM = "warm", "Warm"
        COLD = "cold", "Cold"

    name = models.CharField(max_length=200)
    legal_name = models.CharField(max_length=200, blank=True)
    website = models.CharField(max_length=500, blank=True)
    domain = models.CharField(max_length=253, blank=True)
    other_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.PROSPECT)
    lifecycle_stage = models.CharField(max_length=12, choices=Lifecycle, default=Lifecycle.LEAD)
    industry = models.CharField(max_length=120, blank=True)
    industry_code = models.CharField(max_length=20, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    annual_revenue = optional_money()
    currency = currency_column()
    year_founded = models.PositiveIntegerField(null=True, blank=True)
    phone = models.CharField(max_length=60, blank=True)
    rating = models.CharField(max_length=4, choices=Rating, blank=True)
    tax_id = models.CharField(max_length=60, blank=True)
    lei = models.CharField(max_length=20, blank=True)
    billing_street = models.CharField(max_length=250, blank=True)
    billing_city = models.CharField(max_length=120, blank=True)
    billing_region = models.CharField(max_length=120, blank=True)
    billing_postal_code = models.CharField(max_length=30, blank=True)
    billing_country = models.CharField(max_length=80, blank=True)
    shipping_street = models.CharField(max_length=250, blank=True)
    shipping_city = models.CharField(max_length=120, blank=True)
    shipping_region = models.CharField(max_length=120, blank=True)
    shipping_postal_code = models.CharField(max_length=30, blank=True)
    shipping_country = models.CharField(max_length=80, blank=True)
    description = models.TextField(blank=True)
    source = models.CharField(max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="subsidiaries"
    )

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("account"),
            search_index("name", table="account"),
            models.Index(fields=["name", "id"], name="account_by_name", condition=LIVING),
            models.Index(fields=["parent"], name="account_parent", condition=LIVING),
            GinIndex(fields=["other_domains"], name="account_other_domains"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["domain"],
                condition=LIVING & ~models.Q(domain=""),
                name="account_domain_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="account_not_its_own_parent"
            ),
            *not_negative("annual_revenue", table="account"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountContact(models.Model):
    """One person at one account, with the role the person has there."""

    class Influence(models.TextChoices):
        CHAMPION = "champion", "Champion"
        DECISION_MAKER = "decision_maker", "Decision maker"
        INFLUENCER = "influencer", "Influencer"
        BLOCKER = "blocker", "Blocker"
        USER = "user", "User"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="contact_links")
    contact = models.ForeignKey(
        "crm.Contact", on_delete=models.CASCADE, related_name="account_links"
    )
    role = models.CharField(max_length=120, blank=True)
    influence = models.CharField(max_length=16, choices=Influence, blank=True)
    is_primary = models.BooleanField(default=False)
    started_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "contact"], name="account_contact_once"),
            models.UniqueConstraint(
                fields=["contact"],
                condition=models.Q(is_primary=True),
                name="account_contact_one_primary",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_on__isnull=True)
                | models.Q(started_on__isnull=True)
                | models.Q(ended_on__gte=models.F("started_on")),
                name="account_contact_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} at {self.account_id}"
