"""Pages take a bounded number of statements, and leads given out at once go to two people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm.make import make_account, make_activity, make_contact, make_lead, make_opportunity
from dealwright.base.access.actor import system
from dealwright.crm.leads.models import AssignmentMember, AssignmentRule, Lead
from dealwright.crm.leads.services import assign_lead
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from make import make_user

MOST = 15


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 12])
def test_pages_take_a_bounded_number_of_statements(count):
    rep = make_user()
    client = Client()
    client.force_login(rep)
    account = make_account(owner=rep)
    person = make_contact(owner=rep, account=account)
    lead = make_lead(owner=rep, contact=person)
    deal = make_opportunity(owner=rep, account=account, contact=person)
    for _ in range(count):
        make_opportunity(owner=rep, account=account, amount="10")
        make_activity(owner=rep, opportunity=deal, account=account, contact=person, lead=lead)
        make_activity(owner=rep, opportunity=deal, kind="call", account=account, contact=person)
    taken = {}
    for address in (
        f"/opportunities/{deal.pk}",
        f"/opportunities/{deal.pk}?tab=lines",
        f"/opportunities/{deal.pk}?tab=people",
        f"/leads/{lead.pk}",
        f"/accounts/{account.pk}",
        f"/contacts/{person.pk}",
        f"/timeline/opportunity/{deal.pk}",
        "/tasks",
        "/reports/win-rate",
        "/reports/pipeline",
        "/reports/funnel",
    ):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        taken[address.split("?")[0].rsplit("/", 1)[0] + address[-12:]] = len(queries)
    assert max(taken.values()) <= MOST, taken


@pytest.mark.django_db(transaction=True)
def test_two_leads_at_once_go_to_two_members():
    ensure_default_pipeline()
    rule = AssignmentRule.objects.create(name="Inbound")
    members = [make_user(f"Member {number}") for number in range(4)]
    for user in members:
        AssignmentMember.objects.create(rule=rule, user=user)
    leads = [Lead.objects.get(pk=make_lead(owner=members[0]).pk) for _ in range(8)]

    def assign(lead):
        try:
            return assign_lead(system("Test"), lead.pk).owner_id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        owners = list(pool.map(assign, leads))
    assert sorted(owners.count(user.pk) for user in members) == [2, 2, 2, 2]
