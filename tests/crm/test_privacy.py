"""A person gets everything we keep, and is forgotten everywhere."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.db import connection

from crm.make import make_account, make_contact, make_lead, make_opportunity
from dealwright.base.access.actor import Actor, system
from dealwright.base.errors import Conflict, NotAllowed
from dealwright.base.events.models import OutboxEvent
from dealwright.base.files import store_file
from dealwright.base.messaging import suppressed_reason
from dealwright.base.records.models import AuditEvent
from dealwright.base.records.services import update_record
from dealwright.crm.activities.mail import send_email_from_record
from dealwright.crm.activities.services import add_note, log_call
from dealwright.crm.leads.capture import capture_lead
from dealwright.crm.merging.services import merge_records
from dealwright.crm.models import Contact, Opportunity
from dealwright.crm.privacy.services import erase_person, export_person
from make import acting, make_user

pytestmark = pytest.mark.django_db
VISITOR = Actor(user=None, via="public", label="Visitor")
TRACES = ("Lovelace", "lovelace", "555123")


def make_known_person() -> Contact:
    """A person with traces of her name all over the house."""
    person = make_contact(
        first_name="Ada",
        last_name="Lovelace",
        email="ada.lovelace@engine.example",
        phone="+4930555123",
    )
    lead = capture_lead(
        VISITOR, {"email": "ada.lovelace@engine.example"}, message="I am Ada Lovelace"
    )
    deal = make_opportunity(contact=person, account=make_account(), amount="1000")
    add_note(system(), "contact", person.pk, "Lovelace likes tea")
    log_call(system(), "lead", lead.pk, body="Call Lovelace back")
    update_record(system(), "contact", person.pk, {"job_title": "Countess Lovelace"})
    send_email_from_record(
        system(), "opportunity", deal.pk, to=person.email, subject="Dear Lovelace", text="Hello"
    )
    store_file(
        system(), name="lovelace.txt", content=b"Lovelace", object="contact", record_id=person.pk
    )
    merge_records(
        system(),
        "contact",
        person.pk,
        make_contact(first_name="Ada", last_name="Lovelace", email="a.lovelace@engine.example").pk,
    )
    return person


def tables_with(words: tuple[str, ...]) -> set[str]:
    """Tables of the house in whose rows one of the words stands."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select tablename from pg_tables where schemaname = 'public'"
            " and (tablename like 'crm\\_%' or tablename like 'base\\_%')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'select exists(select from "{table}" t where t::text ~ %s)', ["|".join(words)]
            )
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_the_export_holds_what_is_kept():
    person = make_known_person()
    name, content = export_person(system(), person.pk)
    assert name == f"person-{person.pk}.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        document = json.loads(archive.read("person.json"))
        names = archive.namelist()
    for table in (
        "crm_contact", "crm_contactpoint", "crm_lead", "crm_activity", "crm_opportunity",
        "base_outboundmessage", "base_storedfile", "base_auditevent",
    ):  # fmt: skip
        assert document[table], table
        assert f"{table}.csv" in names
    assert document["crm_contact"][0]["last_name"] == "Lovelace"
    assert "wrapped_key" not in document["base_storedfile"][0]


def test_an_erased_person_leaves_no_trace_but_the_business():
    person = make_known_person()
    assert len(tables_with(TRACES)) >= 6
    request = erase_person(system(), person.pk, reason="Asked for it")
    # The file's name is destroyed with its content when the bin is emptied.
    assert tables_with(TRACES) <= {"base_storedfile"}
    person.refresh_from_db()
    assert (person.name, person.email, person.is_identified) == ("Erased person", "", False)
    assert Opportunity.objects.get().amount == 1000
    assert request.counts["activities"] >= 3
    assert request.counts["audit lines"] > 0
    assert OutboxEvent.objects.filter(name="contact.erased", record_id=person.pk).exists()
    assert suppressed_reason("ada.lovelace@engine.example", "marketing")
    assert AuditEvent.objects.filter(record_id=person.pk).exists()


def test_the_audit_trail_refuses_changes_afterwards():
    erase_person(system(), make_contact().pk)
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("update base_auditevent set via = 'x'")


def test_only_administrators_erase_and_only_once():
    rep = make_user()
    person = make_contact(owner=rep)
    with pytest.raises(NotAllowed):
        erase_person(acting(rep), person.pk)
    erase_person(system(), person.pk)
    with pytest.raises(Conflict):
        erase_person(system(), person.pk)


def test_another_lead_of_the_same_address_is_a_new_person():
    person = make_contact(email="ada.lovelace@engine.example")
    make_lead(contact=person)
    erase_person(system(), person.pk)
    assert capture_lead(VISITOR, {"email": "ada.lovelace@engine.example"}).contact != person
