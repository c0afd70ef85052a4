"""Files of other products: persons behind leads, cases with numbers, nobody twice."""

from __future__ import annotations

import pytest

from crm.make import make_contact
from dealwright.base.transfer.services import import_tables, open_tables, propose_plans
from dealwright.crm.models import Account, Case, Contact, Lead
from make import acting, make_administrator

pytestmark = pytest.mark.django_db


def run(folder, name, text):
    """Import a file as the wizard proposes it; returns the report."""
    path = folder / name
    path.write_text(text)
    actor = acting(make_administrator())
    pairs = propose_plans(actor, open_tables(path))
    return import_tables(actor, pairs).report


LEADS = """FirstName,LastName,Company,Email,Status,LeadSource,Description
Ada,Byron,Engines,ada@engine.example,New,Web form,Call me
Bob,Known,Engines,bob@engine.example,Working,Phone,
"""


def test_leads_of_a_file_become_persons_and_inquiries(tmp_path):
    known = make_contact(email="bob@engine.example", first_name="Robert", last_name="Known")
    run(tmp_path, "leads.csv", LEADS)
    ada = Lead.objects.get(contact__email="ada@engine.example")
    assert (ada.status, ada.source, ada.message) == ("new", "web", "Call me")
    assert ada.account.name == "Engines"
    bob = Lead.objects.get(contact=known)
    assert (bob.status, bob.account) == ("working", ada.account)
    known.refresh_from_db()
    assert known.first_name == "Robert"
    assert Account.objects.count() == 1


def test_the_same_file_again_changes_nothing(tmp_path):
    run(tmp_path, "leads.csv", LEADS)
    versions = set(Lead.objects.values_list("pk", "version"))
    run(tmp_path, "leads.csv", LEADS + "\n")
    assert set(Lead.objects.values_list("pk", "version")) == versions
    assert Contact.objects.count() == 2


def test_cases_get_numbers_and_clocks(tmp_path):
    run(tmp_path, "cases.csv", "Subject,Priority,Case Origin\nNo power,High,Phone\nNo light,,\n")
    cases = Case.objects.order_by("number")
    assert [case.number[-5:] for case in cases] == ["00001", "00002"]
    assert cases[0].response_due_at is not None


def test_contacts_are_stored_in_normal_form(tmp_path):
    run(
        tmp_path,
        "contacts.csv",
        "First Name,Last Name,Email,Phone,Country\n"
        "Ada,Byron,ADA@Engine.example,030 123456,Germany\n",
    )
    person = Contact.objects.get()
    assert (person.email, person.phone) == ("ada@engine.example", "+4930123456")
    assert set(person.points.values_list("kind", "value", "is_primary")) == {
        ("email", "ada@engine.example", True), ("phone", "+4930123456", True),
    }  # fmt: skip
