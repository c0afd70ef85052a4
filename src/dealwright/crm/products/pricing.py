"""What lines cost: pure computing in Decimal, without the database.

A line's amount is quantity times unit price less its discount, rounded once. A discount on
the whole is spread over the tax rates in proportion, so that the parts sum to it exactly,
and tax is computed once per rate (EN 16931, BR-CO-17).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Protocol

from dealwright.base.money import Money, allocate, minor_units, round_money

_STORED_DIGITS = 2  # of the money columns


class Priced(Protocol):
    """What a total needs of a line."""

    @property
    def amount(self) -> Decimal: ...

    @property
    def tax_rate(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """``total`` is exactly ``subtotal - discount_amount + tax_amount``."""

    subtotal: Decimal
    discount_amount: Decimal
    tax_amount: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class TaxOfRate:
    """The tax of one rate and the net amount it was computed on."""

    rate: Decimal
    base: Decimal
    tax: Decimal


def to_cents(amount: Decimal, currency: str) -> Decimal:
    """The amount at the currency's minor units, at most the two digits that are stored."""
    rounded = round_money(amount, currency)
    if minor_units(currency) > _STORED_DIGITS:
        # Rounding the given amount, not the rounded one: two roundings are not one.
        return round_money(amount, "EUR")
    return rounded


def line_amount(
    quantity: Decimal, unit_price: Decimal, discount: Decimal, currency: str
) -> Decimal:
    """Net amount of a line; ``discount`` is a fraction."""
    return to_cents(quantity * unit_price * (1 - discount), currency)


def taxes(lines: Iterable[Priced], discount: Decimal, currency: str) -> Sequence[TaxOfRate]:
    """Tax per rate, lowest rate first, after the discount on the whole."""
    ordered = sorted(lines, key=lambda line: line.tax_rate)
    groups = [
        (rate, sum((line.amount for line in same), Decimal(0)))
        for rate, same in groupby(ordered, key=lambda line: line.tax_rate)
    ]
    subtotal = sum((amount for _, amount in groups), Decimal(0))
    off = to_cents(subtotal * discount, currency)
    shares = (
        allocate(Money(off, currency), [amount for _, amount in groups])
        if off
        else [Money.zero(currency)] * len(groups)
    )
    return [
        TaxOfRate(rate, amount - share.amount, to_cents((amount - share.amount) * rate, currency))
        for (rate, amount), share in zip(groups, shares, strict=True)
    ]


def totals(lines: Iterable[Priced], discount: Decimal, currency: str) -> Totals:
    """Sums of an offer; ``discount`` is a fraction of the whole."""
    lines = list(lines)
    subtotal = sum((line.amount for line in lines), Decimal(0))
    off = to_cents(subtotal * discount, currency)
    tax = sum((each.tax for each in taxes(lines, discount, currency)), Decimal(0))
    return Totals(subtotal, off, tax, subtotal - off + tax)
