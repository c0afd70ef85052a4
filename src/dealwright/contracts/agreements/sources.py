"""Where a variable's value comes from: the deal, the quote, the customer, ourselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dealwright.base.people.organization import organization
from dealwright.contracts.library.clauses import Variable
from dealwright.crm.accounts.models import Account
from dealwright.crm.contacts.models import Contact
from dealwright.crm.opportunities.models import Opportunity
from dealwright.crm.quotes.models import Quote


@dataclass(frozen=True, slots=True)
class Origin:
    """The records a contract is made from; each may be missing."""

    opportunity: Opportunity | None = None
    quote: Quote | None = None
    account: Account | None = None
    contact: Contact | None = None


Source = Callable[[Origin], Any]


def _of(name: str, attribute: str) -> Source:
    def read(origin: Origin) -> Any:
        record = getattr(origin, name)
        return getattr(record, attribute, None) if record is not None else None

    return read


def _address(origin: Origin) -> str:
    account = origin.account
    if account is None:
        return ""
    town = " ".join(part for part in (account.billing_postal_code, account.billing_city) if part)
    parts = (account.billing_street, town, account.billing_region, account.billing_country)
    return ", ".join(part for part in parts if part)


def _services(origin: Origin) -> str:
    """The lines of the quote, or of the deal, one paragraph each."""
    lines: list[Any] = []
    if origin.quote is not None:
        lines = list(origin.quote.lines.all())
    elif origin.opportunity is not None:
        lines = list(origin.opportunity.line_items.all())
    told = [f"{line.quantity.normalize():f} × {line.name}" for line in lines]
    if not told and origin.opportunity is not None:
        told = [origin.opportunity.name]
    return "\n\n".join(told)


def _total(origin: Origin) -> Decimal | None:
    if origin.quote is not None:
        net: Decimal = origin.quote.subtotal - origin.quote.discount_amount
        return net
    return origin.opportunity.amount if origin.opportunity is not None else None


SOURCES: dict[str, tuple[str, Source]] = {
    "account.name": ("Customer: name", _of("account", "name")),
    "account.legal_name": ("Customer: legal name", _of("account", "legal_name")),
    "account.legal_name_or_name": (
        "Customer: legal name, else name",
        lambda o: (o.account.legal_name or o.account.name) if o.account else None,
    ),
    "account.address": ("Customer: address", _address),
    "account.tax_id": ("Customer: tax number", _of("account", "tax_id")),
    "contact.name": ("Person: name", _of("contact", "name")),
    "contact.email": ("Person: e-mail", _of("contact", "email")),
    "opportunity.name": ("Deal: name", _of("opportunity", "name")),
    "opportunity.amount": ("Deal: amount", _of("opportunity", "amount")),
    "opportunity.contract_term_months": (
        "Deal: term in months",
        _of("opportunity", "contract_term_months"),
    ),
    "quote.number": ("Quote: number", _of("quote", "number")),
    "quote.total": ("Quote or deal: amount without tax", _total),
    "quote.services": ("Quote or deal: lines", _services),
    "organization.name": ("We: name", lambda o: organization().name),
    "today": ("Today", lambda o: timezone.localdate()),
}


def source_label(source: str) -> str:
    """What a source is called; "" for none."""
    known = SOURCES.get(source)
    return known[0] if known is not None else ""


def value_from(source: str, origin: Origin) -> str:
    """What stands at a source now, as text; "" for nothing."""
    known = SOURCES.get(source)
    if known is None:
        return ""
    value = known[1](origin)
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def fill_variables(variables: list[Variable], origin: Origin) -> dict[str, dict[str, Any]]:
    """Every variable with its value, where that came from, and what stood there."""
    filled = {}
    for variable in variables:
        found = value_from(variable.source, origin) if variable.source else ""
        filled[variable.key] = {
            "value": found or variable.default,
            "source": variable.source,
            "source_value": found,
            "overridden": False,
        }
    return filled


def drift_of(
    variables: list[Variable], filled: Mapping[str, Mapping[str, Any]], origin: Origin
) -> list[dict[str, str]]:
    """Variables whose source says something else now than when the contract was filled."""
    drifted = []
    for variable in variables:
        known = filled.get(variable.key)
        if known is None or not known.get("source") or known["source"] == "today":
            continue
        now = value_from(known["source"], origin)
        if now and now != known.get("source_value", ""):
            drifted.append(
                {
                    "key": variable.key,
                    "label": variable.label,
                    "value": str(known.get("value", "")),
                    "now": now,
                }
            )
    return drifted
