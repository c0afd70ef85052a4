"""Merging takes everything along and can be taken apart without a trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from crm.make import (
    make_account,
    make_activity,
    make_campaign,
    make_case,
    make_contact,
    make_lead,
    make_opportunity,
    make_quote,
)
from dealwright.base.access.actor import system
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.models import OutboxEvent
from dealwright.base.files import store_file
from dealwright.base.records.services import set_external_id, share_record
from dealwright.crm.accounts.services import link_contact
from dealwright.crm.campaigns.services import add_members
from dealwright.crm.contacts.services import add_contact_point
from dealwright.crm.merging.duplicates import duplicates_of, find_duplicates
from dealwright.crm.merging.services import merge_records, merged_into, unmerge_records
from dealwright.crm.merging.tables import references_to
from dealwright.crm.models import Account, AccountContact, CampaignMember, Contact, ContactPoint
from dealwright.crm.opportunities.team import set_contact_role
from make import acting, make_user

pytestmark = pytest.mark.django_db


def snapshot() -> dict[str, Any]:
    """Every row of the CRM's tables, without what counts changes."""
    found = {}
    for model in apps.get_app_config("crm").get_models():
        table = model._meta.db_table
        if table in ("crm_mergeevent",):
            continue
        with connection.cursor() as cursor:
            cursor.execute(f'select to_jsonb(t) from "{table}" t order by id')
            rows = [
                row if isinstance(row, dict) else json.loads(row) for (row,) in cursor.fetchall()
            ]
        for row in rows:
            for counted in ("version", "updated_at", "updated_by_id"):
                row.pop(counted, None)
        found[table] = rows
    return found


def pointing_at(model: Any, record_id: Any) -> dict[tuple[str, str], int]:
    """How many rows of each column of the house point at a record."""
    counts = {}
    for reference in references_to(model):
        with connection.cursor() as cursor:
            cursor.execute(
                f'select count(*) from "{reference.table}" where "{reference.column}" = %s',
                [record_id],
            )
            counts[reference.table, reference.column] = cursor.fetchone()[0]
    return counts


def make_connected_contact(**fields: Any) -> Contact:
    """A person with something in every table that can point at one."""
    account = make_account()
    person = make_contact(account=account, **fields)
    add_contact_point(system(), person.pk, "email", f"second.{person.pk.hex[-8:]}@mail.example")
    make_contact(reports_to=person)
    lead = make_lead(contact=person)
    deal = make_opportunity(contact=person, account=account)
    set_contact_role(system(), deal.pk, person.pk, "champion")
    make_quote(opportunity=deal)
    make_case(contact=person)
    make_activity(contact=person, lead=lead)
    add_members(system(), make_campaign().pk, [person.pk])
    set_external_id("contact", person.pk, "salesforce", person.pk.hex)
    share_record(system(), "contact", person.pk, make_user().pk)
    store_file(system(), name="a.txt", content=b"hello", object="contact", record_id=person.pk)
    return person


def test_every_reference_of_the_house_moves_and_comes_back():
    survivor, merged = make_connected_contact(), make_connected_contact()
    before, own = pointing_at(Contact, merged.pk), pointing_at(Contact, survivor.pk)
    was = snapshot()
    touched = {key for key, count in before.items() if count}
    assert len(touched) >= 12
    event = merge_records(system(), "contact", survivor.pk, merged.pk)
    assert sum(pointing_at(Contact, merged.pk).values()) == 0
    after = pointing_at(Contact, survivor.pk)
    assert after == {key: own[key] + before[key] for key in own}
    unmerge_records(system(), event.pk)
    assert pointing_at(Contact, merged.pk) == before
    assert pointing_at(Contact, survivor.pk) == own
    assert snapshot() == was


def test_every_reference_of_an_account_moves_and_comes_back():
    def connected() -> Account:
        account = make_account(domain=f"d{make_account().pk.hex[-10:]}.example")
        make_account(parent=account)
        person = make_contact(account=account)
        make_opportunity(account=account)
        make_lead(contact=person, account=account)
        make_case(account=account)
        make_activity(account=account)
        make_quote(opportunity=make_opportunity(account=account))
        return account

    survivor, merged = connected(), connected()
    before, own = pointing_at(Account, merged.pk), pointing_at(Account, survivor.pk)
    was = snapshot()
    event = merge_records(system(), "account", survivor.pk, merged.pk)
    assert sum(pointing_at(Account, merged.pk).values()) == 0
    assert pointing_at(Account, survivor.pk) == {key: own[key] + before[key] for key in own}
    survivor.refresh_from_db()
    assert merged.domain in survivor.other_domains
    unmerge_records(system(), event.pk)
    assert snapshot() == was


def test_empty_fields_are_filled_and_choices_decide_the_rest():
    survivor = make_contact(first_name="Ada", last_name="Byron", job_title="Clerk", phone="")
    merged = make_contact(first_name="Augusta", last_name="King", phone="+4930123456")
    merge_records(system(), "contact", survivor.pk, merged.pk, choices={"last_name": "merged"})
    survivor.refresh_from_db()
    assert survivor.name == "Ada King"
    assert (survivor.job_title, survivor.phone) == ("Clerk", "+4930123456")
    assert survivor.points.get(kind="phone").is_primary


def test_both_addresses_stay_and_the_chosen_one_is_preferred():
    survivor, merged = make_contact(email="a@x.example"), make_contact(email="b@x.example")
    was = snapshot()
    event = merge_records(system(), "contact", survivor.pk, merged.pk, choices={"email": "merged"})
    points = dict(survivor.points.values_list("value", "is_primary"))
    assert points == {"a@x.example": False, "b@x.example": True}
    unmerge_records(system(), event.pk)
    assert snapshot() == was


def test_what_would_double_is_dropped_and_comes_back():
    survivor, merged = make_contact(), make_contact()
    campaign, account = make_campaign(), make_account()
    for person, role in ((survivor, "CFO"), (merged, "Finance")):
        add_members(system(), campaign.pk, [person.pk])
        link_contact(system(), account.pk, person.pk, role=role)
    was = snapshot()
    event = merge_records(system(), "contact", survivor.pk, merged.pk)
    assert CampaignMember.objects.get().contact == survivor
    assert AccountContact.objects.get().role == "CFO"
    unmerge_records(system(), event.pk)
    assert snapshot() == was
    assert CampaignMember.objects.count() == 2


def test_people_of_merged_accounts_keep_one_main_account():
    survivor, merged = make_account(), make_account()
    person = make_contact(account=merged)
    link_contact(system(), survivor.pk, person.pk, role="Adviser")
    was = snapshot()
    event = merge_records(system(), "account", survivor.pk, merged.pk)
    link = AccountContact.objects.get(contact=person)
    assert (link.account, link.is_primary, link.role) == (survivor, True, "Adviser")
    unmerge_records(system(), event.pk)
    assert snapshot() == was


def test_a_subsidiary_merged_with_its_parent_does_not_hang_below_itself():
    parent = make_account()
    child = make_account(parent=parent)
    merge_records(system(), "account", child.pk, parent.pk)
    child.refresh_from_db()
    assert child.parent is None


def test_what_came_after_the_merge_stays_with_the_survivor():
    survivor, merged = make_contact(), make_contact()
    event = merge_records(system(), "contact", survivor.pk, merged.pk)
    later = make_opportunity(contact=survivor)
    unmerge_records(system(), event.pk)
    later.refresh_from_db()
    assert later.contact == survivor


def test_a_merge_is_told_and_leads_on_from_the_old_id():
    survivor, middle, first = make_contact(), make_contact(), make_contact()
    merge_records(system(), "contact", middle.pk, first.pk)
    merge_records(system(), "contact", survivor.pk, middle.pk)
    assert merged_into("contact", first.pk) == survivor.pk
    assert merged_into("contact", survivor.pk) is None
    event = OutboxEvent.objects.filter(name="record.merged").last()
    assert event.payload["survivor_id"] == str(survivor.pk)


def test_merging_needs_two_records_one_may_change():
    rep = make_user()
    mine, other = make_contact(owner=rep), make_contact(owner=make_user())
    with pytest.raises(NotFound):
        merge_records(acting(rep), "contact", mine.pk, other.pk)
    share_record(system(), "contact", other.pk, rep.pk)
    with pytest.raises(NotAllowed):
        merge_records(acting(rep), "contact", mine.pk, other.pk)
    with pytest.raises(Invalid):
        merge_records(system(), "contact", mine.pk, mine.pk)
    with pytest.raises(Invalid):
        merge_records(system(), "lead", mine.pk, other.pk)


def test_a_merge_is_undone_once():
    event = merge_records(system(), "contact", make_contact().pk, make_contact().pk)
    unmerge_records(system(), event.pk)
    with pytest.raises(Conflict):
        unmerge_records(system(), event.pk)


def test_duplicates_are_found_by_address_phone_and_name():
    person = make_contact(
        first_name="Augusta", last_name="Byron", email="ada@engine.example", phone="+4930123456"
    )
    point = {"email": "ADA@engine.example"}
    assert [each.reason for each in find_duplicates(system(), "contact", point)] == [
        "Same e-mail address"
    ]
    phone = find_duplicates(system(), "contact", {"phone": "+49 30 123456", "name": "X Y"})
    assert [each.id for each in phone] == [person.pk]
    named = find_duplicates(
        system(),
        "contact",
        {"first_name": "Byron", "last_name": "Augusta", "email": "x@engine.example"},
    )
    assert [each.reason for each in named] == ["Like name"]
    stranger = {"first_name": "Augusta", "last_name": "Byron", "email": "x@other.example"}
    assert find_duplicates(system(), "contact", stranger) == []


def test_duplicate_accounts_are_found_beyond_legal_forms():
    acme = make_account(name="Acme Corporation", domain="acme.example")
    found = find_duplicates(system(), "account", {"name": "ACME Corp."})
    assert [(each.id, each.reason) for each in found] == [(acme.pk, "Like name")]
    by_domain = find_duplicates(system(), "account", {"website": "https://www.acme.example/x"})
    assert by_domain[0].score == 1.0
    assert duplicates_of(system(), "account", acme.pk) == []


def test_hidden_records_are_no_duplicates():
    make_contact(email="ada@engine.example", owner=make_user())
    assert find_duplicates(acting(make_user()), "contact", {"email": "ada@engine.example"}) == []


def test_no_person_is_made_twice_with_one_address():
    person = make_contact(email="ada@engine.example")
    add_contact_point(system(), person.pk, "email", "ada@home.example")
    for taken in ("ada@engine.example", "ADA@home.example"):
        with pytest.raises(Conflict):
            make_contact(email=taken)
    assert ContactPoint.objects.filter(contact=person).count() == 2
