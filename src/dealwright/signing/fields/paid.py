"""What a payment field asks for, and what it holds once it is paid.

The value is ``<amount> <currency> <day> <live or test> <reference>``, such as ``1250.00 EUR
2026-11-30 live pi_3PqX``: put there by the product alone, when the provider says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import override

from dealwright.base.errors import Invalid
from dealwright.base.money import Money, check_currency, format_money, locale_of, minor_units
from dealwright.base.payments.amounts import to_minor

LONGEST_DESCRIPTION = 200


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid: the money, the day (UTC), the provider's id, whether no real money moved."""

    money: Money
    day: date
    reference: str
    is_test: bool

    @property
    def value(self) -> str:
        """As the field keeps it."""
        kind = "test" if self.is_test else "live"
        money = self.money
        return f"{money.amount:f} {money.currency} {self.day.isoformat()} {kind} {self.reference}"


def read_paid(value: str) -> Paid | None:
    """What a payment field's value says; None where it is not paid."""
    parts = value.split(" ", 4)
    try:
        amount, currency, day, kind, reference = parts
        money = Money(Decimal(amount), currency)
        return Paid(money, date.fromisoformat(day), reference, kind == "test")
    except (ValueError, InvalidOperation, Invalid):
        return None


def shown_payment(value: str, language: str) -> str:
    """The value as it stands in the document, in the envelope's language."""
    paid = read_paid(value)
    if paid is None:
        return value
    said = {
        "money": shown_money(paid.money, language),
        "day": paid.day.isoformat(),
        "reference": paid.reference,
    }
    with override(language):
        if paid.is_test:
            return _("TEST, no money moved: %(money)s %(day)s, reference %(reference)s") % said
        return _("%(money)s paid %(day)s, reference %(reference)s") % said


def shown_money(money: Money, language: str = "en") -> str:
    """``EUR 1,250.00``: the code before the number, as contracts have it."""
    digits = minor_units(money.currency)
    form = "#,##0" + ("." + "0" * digits if digits else "")
    number = format_decimal(money.rounded().amount, format=form, locale=locale_of(language))
    return f"{money.currency} {number}"


def price_tag(money: Money, language: str) -> str:
    """The amount as people of a language write it, for a button: ``€1,250.00``."""
    return format_money(money.amount, money.currency, language)


def currency_of(checks: Mapping[str, Any]) -> str:
    """The currency of a payment field; that of the company where the field names none."""
    from dealwright.base.people.organization import organization

    return str(checks.get("currency") or "") or organization().currency


def as_amount(text: str) -> Decimal | None:
    """An amount as it is kept: digits with a point; None for anything else."""
    plain = text.strip()
    if not plain or len(plain) > 20 or not set(plain) <= set("0123456789."):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def wrong_payment(checks: Mapping[str, Any]) -> str:
    """What is wrong with the amount, currency or description of a payment; nothing where all of
    it can be paid."""
    if any(not isinstance(checks[key], str) for key in checks):
        return "Amount, currency and description of a payment are texts."
    description = str(checks.get("description", ""))
    if len(description) > LONGEST_DESCRIPTION or any(ord(each) < 32 for each in description):
        return f"The description may have at most {LONGEST_DESCRIPTION} characters in one line."
    try:
        if "currency" in checks and check_currency(checks["currency"]) != checks["currency"]:
            return "Write the currency as a code such as EUR."
        if "amount" in checks:
            amount = as_amount(checks["amount"])
            if amount is None:
                return "Write the amount as digits with a point, such as 1250.00."
            to_minor(Money(amount, currency_of(checks)))
    except Invalid as error:
        return str(error)
    return ""
