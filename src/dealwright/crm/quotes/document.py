"""An offer as a PDF, typeset from its rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import typst
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.utils import timezone

from dealwright.base.money import format_money, locale_of
from dealwright.base.people.organization import organization
from dealwright.crm.products.pricing import taxes
from dealwright.crm.quotes.models import Quote, QuoteLineItem

TEMPLATE = Path(__file__).parent / "templates" / "quote.typ"


def render_quote(quote: Quote, lines: Sequence[QuoteLineItem]) -> bytes:
    """The PDF (tagged, for screen readers). Equal rows give equal pages."""
    return bytes(typst.compile(TEMPLATE, sys_inputs={"data": json.dumps(_data(quote, lines))}))


def _data(quote: Quote, lines: Sequence[QuoteLineItem]) -> dict[str, Any]:
    company = organization()
    locale = locale_of(company.language)

    def money(amount: Decimal) -> str:
        return format_money(amount, quote.currency, company.language)

    def percent(fraction: Decimal) -> str:
        return format_percent(fraction, format="#,##0.##%", locale=locale)

    facts = [
        ("Date", format_date(timezone.localdate(quote.sent_at), "long", locale=locale)),
        *(
            [("Valid until", format_date(quote.valid_until, "long", locale=locale))]
            if quote.valid_until
            else []
        ),
        *([("Revision", str(quote.revision))] if quote.revision > 1 else []),
        *([("Your contact", quote.owner.name)] if quote.owner else []),
    ]
    sums = [("Subtotal", money(quote.subtotal))]
    if quote.discount_amount:
        sums.append((f"Discount {percent(quote.discount)}", f"−{money(quote.discount_amount)}"))
    sums += [
        (f"Tax {percent(each.rate)} on {money(each.base)}", money(each.tax))
        for each in taxes(lines, quote.discount, quote.currency)
        if each.rate
    ]
    return {
        "company": company.name,
        "number": str(quote),
        "title": quote.name,
        "introduction": quote.introduction,
        "recipient": _recipient(quote),
        "facts": facts,
        "lines": [
            {
                "position": str(number),
                "name": line.name,
                "details": _details(line, locale),
                "quantity": format_decimal(line.quantity, format="#,##0.####", locale=locale),
                "unit_price": money(line.unit_price),
                "discount": percent(line.discount) if line.discount else "",
                "amount": money(line.amount),
            }
            for number, line in enumerate(lines, 1)
        ],
        "sums": sums,
        "total": money(quote.total),
        "terms": quote.terms,
    }


def _recipient(quote: Quote) -> list[str]:
    parts: list[str] = []
    if quote.account is not None:
        account = quote.account
        parts += [
            account.legal_name or account.name,
            *([f"Attn. {quote.contact.name}"] if quote.contact else []),
            account.billing_street,
            " ".join(
                part
                for part in (
                    account.billing_postal_code,
                    account.billing_city,
                    account.billing_region,
                )
                if part
            ),
            account.billing_country,
        ]
    elif quote.contact is not None:
        parts += [str(quote.contact.name), quote.contact.email]
    return [part for part in parts if part]


def _details(line: QuoteLineItem, locale: Any) -> str:
    parts = [line.description.strip()]
    if line.starts_on:
        parts.append(f"From {format_date(line.starts_on, 'long', locale=locale)}")
    if line.term_months:
        parts.append(f"{line.term_months} months")
    return " · ".join(part for part in parts if part)
