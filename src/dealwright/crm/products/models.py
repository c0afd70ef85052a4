"""What is sold, and for how much by which price book."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import (
    LIVING,
    currency_column,
    fraction,
    is_fraction,
    money,
    not_negative,
    optional_money,
)


class BillingPeriod(models.TextChoices):
    """How often a recurring product is charged."""

    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"
    YEAR = "year", "Year"


class Product(Record):
    """A thing or service that can stand on a line. ``list_price`` is per ``unit`` and, for
    recurring products, per ``billing_period``."""

    name = models.CharField(max_length=200)
    sku = models.CharField(max_length=80, blank=True)
    family = models.CharField(max_length=120, blank=True)
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=40, blank=True)
    list_price = optional_money()
    cost = optional_money()
    currency = currency_column()
    tax_rate = fraction(default=0)
    is_recurring = models.BooleanField(default=False)
    billing_period = models.CharField(max_length=8, choices=BillingPeriod, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("product"),
            models.Index(fields=["name", "id"], name="product_by_name", condition=LIVING),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sku"], condition=LIVING & ~models.Q(sku=""), name="product_sku_once"
            ),
            *not_negative("list_price", "cost", table="product"),
            *is_fraction("tax_rate", table="product"),
        ]

    def __str__(self) -> str:
        return self.name


class PriceBook(Record):
    """Prices for a market, a currency or a season. At most one is the standard per currency."""

    name = models.CharField(max_length=160)
    currency = currency_column()
    is_standard = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)
    description = models.TextField(blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("price_book")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], condition=LIVING, name="price_book_name_once"),
            models.UniqueConstraint(
                fields=["currency"],
                condition=LIVING & models.Q(is_standard=True),
                name="price_book_one_standard",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_to__gte=models.F("valid_from")),
                name="price_book_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PriceBookEntry(models.Model):
    """A product's price in a book from ``min_quantity`` pieces on."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    price_book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="entries")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="prices")
    min_quantity = models.DecimalField(max_digits=14, decimal_places=4, default=1)
    list_price = money()

    class Meta:
        ordering: ClassVar = ["min_quantity"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["price_book", "product", "min_quantity"], name="price_book_entry_once"
            ),
            *not_negative("list_price", table="price_book_entry"),
            models.CheckConstraint(
                condition=models.Q(min_quantity__gt=0), name="price_book_entry_quantity_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} from {self.min_quantity}: {self.list_price}"


class Line(models.Model):
    """A line of an opportunity or a quote: a quantity of something at a price.

    ``amount`` is what the line costs without tax: quantity times unit price less discount,
    rounded at the currency's minor unit. ``discount`` and ``tax_rate`` are fractions.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    position = models.PositiveIntegerField(default=1)
    product = models.ForeignKey(
        Product, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=4, default=1)
    list_price = optional_money()
    unit_price = money()
    discount = fraction(default=0)
    tax_rate = fraction(default=0)
    amount = money()
    starts_on = models.DateField(null=True, blank=True)
    term_months = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="%(class)s_quantity_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(unit_price__gte=0), name="%(class)s_unit_price_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0), name="%(class)s_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(discount__range=(0, 1)), name="%(class)s_discount_is_fraction"
            ),
            models.CheckConstraint(
                condition=models.Q(tax_rate__range=(0, 1)), name="%(class)s_tax_rate_is_fraction"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"
