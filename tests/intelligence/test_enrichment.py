"""What an address tells, and what it may write."""

from __future__ import annotations

import pytest

from crm.make import make_account, make_contact, make_lead
from dealwright.base.access.actor import system
from dealwright.intelligence.enrichment.domains import domain_facts
from dealwright.intelligence.enrichment.models import Fact
from dealwright.intelligence.enrichment.services import enrich_lead

ROBOT = system("test")


@pytest.mark.parametrize(
    ("email", "domain", "free", "company", "country"),
    [
        ("jane@mail.north-wind.co.uk", "north-wind.co.uk", False, "North Wind", "GB"),
        ("max@gmx.de", "gmx.de", True, "", "DE"),
        ("ann@acme.io", "acme.io", False, "Acme", ""),
        ("li@ibm.com", "ibm.com", False, "IBM", ""),
        ("x@mailinator.com", "mailinator.com", False, "", ""),
    ],
)
def test_a_domain_tells(email, domain, free, company, country):
    told = domain_facts(email)
    assert told is not None
    assert (told.domain, told.is_free, told.company, told.country_code) == (
        domain, free, company, country,
    )  # fmt: skip


@pytest.mark.parametrize("email", ["", "nobody", "a@", "a@localhost", "@"])
def test_no_domain_tells_nothing(email):
    assert domain_facts(email) is None


@pytest.mark.django_db
def test_it_fills_empty_fields_and_says_from_where():
    account = make_account(name="Nordwind")
    contact = make_contact(email="erika.muster@nordwind.de", account=account.pk, last_name="")
    lead = make_lead(contact=contact.pk, account=account.pk)

    enrich_lead(ROBOT, lead.pk)

    contact.refresh_from_db()
    account.refresh_from_db()
    assert contact.country == "Germany"
    assert (account.domain, account.billing_country) == ("nordwind.de", "Germany")
    fact = Fact.objects.get(record_id=contact.pk, field="country")
    assert (fact.source, fact.evidence, fact.applied) == (
        "domain", "The address ends in nordwind.de.", True,
    )  # fmt: skip


@pytest.mark.django_db
def test_what_a_person_wrote_stays():
    contact = make_contact(email="jan@firma.de", country="Austria")
    lead = make_lead(contact=contact.pk)
    enrich_lead(ROBOT, lead.pk)
    enrich_lead(ROBOT, lead.pk)
    contact.refresh_from_db()
    assert contact.country == "Austria"
    assert Fact.objects.get(record_id=contact.pk, field="country").applied is False
