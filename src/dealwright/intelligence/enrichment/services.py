"""Filling in what can be known, without ever writing over what a person wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import phonenumbers
from babel import Locale
from nameparser import HumanName

from dealwright.base.access.actor import Actor, change
from dealwright.base.records.services import save_changes
from dealwright.crm.accounts.models import Account
from dealwright.crm.contacts.models import Contact
from dealwright.crm.leads.models import Lead
from dealwright.intelligence.enrichment.domains import DomainFacts, domain_facts
from dealwright.intelligence.enrichment.models import Fact


@dataclass(frozen=True, slots=True)
class Finding:
    """A value that a source gives for a field, before it is weighed."""

    record: Any
    object: str
    field: str
    value: str
    source: str
    evidence: str
    confidence: Decimal


def enrich_lead(actor: Actor, lead_id: UUID) -> list[Fact]:
    """Everything the lead's e-mail domain, phone and name tell, written to the person and the
    company where those fields are still empty; the rest is kept as proposals."""
    lead: Lead = Lead.everything.select_related("contact", "account").get(pk=lead_id)
    return keep_findings(actor, _findings_about(lead.contact, lead.account))


def enrich_contact(actor: Actor, contact_id: UUID) -> list[Fact]:
    """The same for a person without a lead."""
    contact: Contact = Contact.everything.select_related("account").get(pk=contact_id)
    return keep_findings(actor, _findings_about(contact, contact.account))


def keep_findings(actor: Actor, findings: Iterable[Finding]) -> list[Fact]:
    """Write each finding as a fact and, where the field is empty, onto the record.

    A finding that was kept before is not kept again.
    """
    facts = []
    with change(actor):
        for finding in findings:
            empty = getattr(finding.record, finding.field) in (None, "")
            fact, new = Fact.objects.get_or_create(
                record_id=finding.record.pk,
                field=finding.field,
                value=finding.value,
                source=finding.source,
                defaults={
                    "object": finding.object,
                    "evidence": finding.evidence[:400],
                    "confidence": finding.confidence,
                    "applied": empty,
                },
            )
            if new:
                facts.append(fact)
                if empty:
                    save_changes(actor, finding.record, {finding.field: finding.value})
    return facts


def facts_about(record_id: UUID) -> list[dict[str, Any]]:
    """Where the values of a record come from, newest first per field."""
    rows = (
        Fact.objects.filter(record_id=record_id)
        .order_by("field", "-observed_at")
        .values("field", "value", "source", "evidence", "confidence", "observed_at", "applied")
    )
    return [dict(row) for row in rows]


def apply_fact(actor: Actor, fact_id: UUID) -> Fact:
    """Take a proposal: write its value over what stands on the record."""
    from dealwright.base.records.services import update_record

    with change(actor):
        fact: Fact = Fact.objects.select_for_update().get(pk=fact_id)
        update_record(actor, fact.object, fact.record_id, {fact.field: fact.value})
        fact.applied = True
        fact.save(update_fields=["applied"])
    return fact


def _findings_about(contact: Contact, account: Account | None) -> Iterable[Finding]:
    told = domain_facts(contact.email) if contact.email else None
    if told is not None:
        yield from _from_domain(contact, account, told)
    yield from _from_phone(contact)
    yield from _from_name(contact)


def _from_domain(contact: Contact, account: Account | None, told: DomainFacts) -> Iterable[Finding]:
    evidence = f"The address ends in {told.domain}."
    if told.country_code:
        country = Locale("en").territories.get(told.country_code, "")
        if country:
            yield Finding(
                contact, "contact", "country", country, "domain", evidence, Decimal("0.700")
            )
            if account is not None:
                yield Finding(
                    account, "account", "billing_country", country, "domain", evidence,
                    Decimal("0.700"),
                )  # fmt: skip
    if account is not None and not told.is_free and not told.is_disposable:
        yield Finding(
            account, "account", "domain", told.domain, "domain", evidence, Decimal("0.900")
        )
        yield Finding(
            account, "account", "website", f"https://{told.domain}", "domain", evidence,
            Decimal("0.600"),
        )  # fmt: skip


def _from_phone(contact: Contact) -> Iterable[Finding]:
    number = contact.phone or contact.mobile
    if not number:
        return
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return
    region = phonenumbers.region_code_for_number(parsed)
    country = Locale("en").territories.get(region or "", "")
    if country:
        yield Finding(
            contact, "contact", "country", country, "phone",
            f"The number {number} is registered there.", Decimal("0.900"),
        )  # fmt: skip
    zones = phonenumbers.timezone.time_zones_for_number(parsed) if _has_zones() else ()
    if len(zones) == 1 and zones[0] != "Etc/Unknown":
        yield Finding(
            contact, "contact", "timezone", zones[0], "phone",
            f"All numbers like {number} lie in it.", Decimal("0.900"),
        )  # fmt: skip


def _has_zones() -> bool:
    import phonenumbers.timezone  # noqa: F401

    return True


def _from_name(contact: Contact) -> Iterable[Finding]:
    """First and last name from an address like ``jane.doe@…`` when none is known."""
    if contact.first_name or contact.last_name or "@" not in contact.email:
        return
    local = contact.email.split("@")[0]
    words = [word for word in local.replace("_", ".").split(".") if word.isalpha()]
    if len(words) != 2 or min(map(len, words)) < 2:
        return
    name = HumanName(" ".join(word.capitalize() for word in words))
    evidence = f"Read from the address {contact.email}."
    for field, value in (("first_name", name.first), ("last_name", name.last)):
        yield Finding(contact, "contact", field, value, "address", evidence, Decimal("0.600"))
