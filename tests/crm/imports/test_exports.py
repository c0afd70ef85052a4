"""Standard exports of other products: mapped by no hand, linked right, again nothing, and back."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps

from crm.imports.exports import HUBSPOT, PIPEDRIVE, SALESFORCE, write
from dealwright.base.access.actor import system
from dealwright.base.people.models import User
from dealwright.base.records.models import ExternalId
from dealwright.base.transfer.services import import_tables, open_tables, propose_plans, try_import
from dealwright.base.transfer.undo import undo_import
from dealwright.crm.models import Account, Activity, Contact, Lead, Opportunity, Product
from make import make_user

pytestmark = pytest.mark.django_db
ROBOT = system("test", via="cli")


def planned(folder):
    pairs = propose_plans(ROBOT, open_tables(folder))
    assert all(plan for _, plan in pairs), [table.name for table, plan in pairs if plan is None]
    return pairs


def row_counts() -> Counter[str]:
    logs = {"AuditEvent", "OutboxEvent", "EventDelivery", "ImportJob", "ImportRow", "SearchEntry"}
    return Counter(
        {
            model._meta.label: model._base_manager.count()
            for model in apps.get_models()
            if model.__module__.startswith("dealwright.") and model.__name__ not in logs
        }
    )


def mapped(pairs, table):
    plan = next(plan for each, plan in pairs if each.name.startswith(table))
    return {column.column: column.field for column in plan.columns if column.field}


def totals(report) -> Counter[str]:
    found: Counter[str] = Counter()
    for counter in report["counts"].values():
        found.update(counter)
    return found


def again_and_back(folder, job, before):
    """The same files change nothing, and the undo leaves nothing."""
    again = import_tables(ROBOT, planned(folder), accept_suggestions=True).report
    assert set(totals(again)) == {"unchanged"}, again["counts"]
    assert undo_import(ROBOT, job)["kept"] == 0, job.report["undo"]
    left = row_counts()
    assert {
        label: left[label] - before[label] for label in left if left[label] != before[label]
    } == {}


def test_salesforce(tmp_path):
    before = row_counts()
    pairs = planned(write(tmp_path, SALESFORCE))
    assert {plan.system for _, plan in pairs} == {"salesforce"}
    assert {table.name: plan.object for table, plan in pairs} == {
        "Account": "account", "Contact": "contact", "Lead": "lead", "Opportunity": "opportunity",
        "Product2": "product", "Task": "activity", "User": "user",
    }  # fmt: skip
    assert mapped(pairs, "Opportunity") == {
        "Id": "external_id", "AccountId": "account", "Name": "name", "Description": "description",
        "StageName": "stage", "Amount": "amount", "Probability": "probability",
        "CloseDate": "close_date", "Type": "kind", "NextStep": "next_step",
        "LeadSource": "lead_source", "ForecastCategoryName": "forecast_category",
        "OwnerId": "owner",
    }  # fmt: skip
    job = import_tables(ROBOT, pairs, accept_suggestions=True)
    assert set(totals(job.report)) == {"created"}, job.report["oddities"]
    rita = User.objects.get(email="rita@ours.example")
    assert {each.owner for each in Opportunity.objects.all()} == {rita}
    company = Account.objects.get(name="Northwind GmbH")
    assert (company.kind, company.rating, company.year_founded) == ("customer", "hot", 1984)
    # Ids that differ by the case of one letter are two ids.
    assert Account.objects.get(name="Northwind Labs").parent == company
    ada, charles = Contact.objects.get(first_name="Ada"), Contact.objects.get(first_name="Charles")
    assert (ada.account, ada.birthdate) == (company, date(1985, 12, 10))
    assert (charles.reports_to, charles.do_not_email) == (ada, True)
    deals = {deal.name: deal for deal in Opportunity.objects.all()}
    won, renewal, pilot = deals["Platform 2026"], deals["Renewal 2027"], deals["Pilot"]
    assert (won.status, won.stage.name, won.amount) == ("won", "Won", Decimal(48000))
    assert (won.closed_at.date(), won.kind) == (date(2026, 3, 31), "new")
    assert (renewal.stage.name, renewal.probability) == ("Contract", Decimal("0.75"))
    assert (renewal.kind, renewal.forecast_category) == ("expansion", "best_case")
    assert (pilot.stage.name, pilot.account.name) == ("Prospecting", "Northwind Labs")
    grace = Lead.objects.get()
    assert (grace.source, grace.account.name) == ("event", "Cobol Works")
    assert grace.status == "working"  # since the file of tasks tells of a call
    tasks = {task.subject: task for task in Activity.objects.all()}
    assert tasks["Send quote"].opportunity == renewal
    assert (tasks["Send quote"].contact, tasks["Send quote"].status) == (ada, "open")
    call = tasks["Call Grace"]
    assert (call.kind, call.status, call.lead, call.duration_seconds) == (
        "call", "completed", grace, 65,
    )  # fmt: skip
    assert tasks["Prepare pilot"].account.name == "Northwind Labs"
    assert Product.objects.get().sku == "CORE-1"
    again_and_back(tmp_path, job, before)


def test_hubspot(tmp_path):
    rita = make_user("Rita Vogel")
    before = row_counts()
    pairs = planned(write(tmp_path, HUBSPOT))
    assert {plan.system for _, plan in pairs} == {"hubspot"}
    assert mapped(pairs, "hubspot-crm-exports-all-deals") == {
        "Record ID": "external_id", "Deal Name": "name", "Deal Stage": "stage",
        "Pipeline": "pipeline", "Close Date": "close_date", "Deal owner": "owner",
        "Amount": "amount", "Deal Type": "kind", "Deal probability": "probability",
        "Next step": "next_step", "Forecast category": "forecast_category",
        "Associated Contact IDs": "contact", "Associated Company IDs (Primary)": "account",
    }  # fmt: skip
    job = import_tables(ROBOT, pairs, accept_suggestions=True)
    assert set(totals(job.report)) == {"created"}, job.report["oddities"]
    bluebay = Account.objects.get(name="Bluebay")
    assert (bluebay.domain, bluebay.owner, bluebay.year_founded) == ("bluebay.example", rita, 2004)
    harbour = Account.objects.get(name="Harbour Games")
    assert (harbour.kind, harbour.lifecycle_stage) == ("partner", "qualified")
    people = {person.first_name: person for person in Contact.objects.all()}
    assert people["Ben"].account == harbour
    assert people["Lone"].account == bluebay  # an id that nothing has; the name beside it
    won = Opportunity.objects.get(name="Bluebay platform")
    assert (won.status, won.account, won.contact) == ("won", bluebay, people["Priya"])
    pilot = Opportunity.objects.get(name="Harbour pilot")
    assert (pilot.stage.name, pilot.probability, pilot.owner) == (
        "Prospecting",
        Decimal("0.2"),
        rita,
    )
    call = Activity.objects.get(subject="Call Ben")
    assert (call.kind, call.status, call.priority) == ("call", "open", "high")
    assert (call.opportunity, call.contact, call.account) == (pilot, people["Ben"], harbour)
    assert Activity.objects.get(subject="Thank Priya").status == "completed"
    product = Product.objects.get()
    assert (product.list_price, product.billing_period) == (Decimal(120), "month")
    again_and_back(tmp_path, job, before)


def test_pipedrive(tmp_path):
    rita = make_user("Rita Vogel")
    before = row_counts()
    pairs = planned(write(tmp_path, PIPEDRIVE))
    assert {plan.system for _, plan in pairs} == {"pipedrive"}
    assert mapped(pairs, "deals") == {
        "Deal - ID": "external_id", "Deal - Title": "name", "Deal - Owner": "owner",
        "Deal - Value": "amount", "Deal - Currency of Value": "currency",
        "Deal - Probability": "probability", "Deal - Organization ID": "account",
        "Deal - Pipeline": "pipeline", "Deal - Contact person ID": "contact",
        "Deal - Stage": "stage", "Deal - Status": "outcome",
        "Deal - Deal closed on": "closed_on", "Deal - Lost reason": "lost_reason",
        "Deal - Expected close date": "close_date",
    }  # fmt: skip
    job = import_tables(ROBOT, pairs, accept_suggestions=True)
    assert set(totals(job.report)) == {"created"}, job.report["oddities"]
    casa = Account.objects.get(name="Casa Lumina")
    assert (casa.billing_city, casa.billing_street, casa.owner) == ("Lisbon", "Rua Nova", rita)
    marta, joao = Contact.objects.get(last_name="Reis"), Contact.objects.get(last_name="Lima")
    assert (marta.first_name, marta.account) == ("Marta", casa)
    assert (joao.first_name, joao.email) == ("Joao Maria", "joao@porto.example")
    deals = {deal.name: deal for deal in Opportunity.objects.all()}
    won, lost, running = deals["Casa deal"], deals["Porto deal"], deals["Casa renewal"]
    assert (won.status, won.close_date, won.account) == ("won", date(2026, 4, 2), casa)
    assert (won.currency, won.contact) == ("EUR", marta)
    assert (lost.status, lost.lost_reason, lost.lost_detail) == (
        "lost", "other", "Went with a friend",
    )  # fmt: skip
    assert (running.stage.name, running.probability) == ("Engaging", Decimal("0.4"))
    lead = Lead.objects.get()
    assert (lead.contact, lead.message, lead.source) == (marta, "Second kitchen", "web")
    todo = Activity.objects.get(subject="Prepare renewal")
    assert (todo.kind, todo.status, todo.opportunity, todo.contact) == (
        "task", "open", running, marta,
    )  # fmt: skip
    assert Activity.objects.get(subject="Lunch").status == "completed"
    oven = Product.objects.get()
    assert (oven.sku, oven.list_price, oven.tax_rate) == ("OV-1", Decimal(1500), Decimal("0.23"))
    again_and_back(tmp_path, job, before)


def test_stages_of_others_are_proposed_and_taken_only_when_asked(tmp_path):
    write(tmp_path, {name: HUBSPOT[name] for name in HUBSPOT if "deals" in name})
    report = try_import(ROBOT, planned(tmp_path)).as_json()
    assert report["counts"] == {"opportunity": {"rejected": 2}}
    told = {each["value"]: each for each in report["oddities"] if each["column"] == "Deal Stage"}
    assert {value: each["suggestion"] for value, each in told.items()} == {
        "Closed won (Sales Pipeline)": "Won", "appointmentscheduled": "Prospecting",
    }  # fmt: skip
    assert told["appointmentscheduled"]["message"] == (
        "“appointmentscheduled” is no stage that there is; did you mean “Prospecting”?"
    )
    taken = try_import(ROBOT, planned(tmp_path), accept_suggestions=True).as_json()
    assert taken["counts"] == {"opportunity": {"created": 2}}


def test_files_come_in_the_order_of_their_links(tmp_path):
    write(
        tmp_path,
        {
            "deals.csv": "Deal Name,Account,Contact\nBig one,Acme,Ada Byron\n",
            "organizations.csv": "Name,Parent account\nAcme Labs,Acme\nAcme,\n",
            "a people.csv": "Name,Organization\nAda Byron,Acme\n",
        },
    )
    report = import_tables(ROBOT, planned(tmp_path)).report
    deal = Opportunity.objects.get()
    assert (deal.account.name, deal.contact.name) == ("Acme", "Ada Byron")
    assert Account.objects.get(name="Acme Labs").parent == deal.account
    assert [each["code"] for each in report["oddities"] if each["code"] == "unmatched"] == []


def test_a_table_without_a_key_is_warned_of(tmp_path):
    write(tmp_path, {"deals.csv": "Deal Name\nBig one\n"})
    told = try_import(ROBOT, planned(tmp_path)).as_json()["oddities"]
    assert (told[0]["code"], told[0]["count"], told[0]["message"]) == (
        "no_key",
        0,
        "deals.csv has no key column and nothing to match by: "
        "importing this file again would make all rows anew.",
    )


@pytest.mark.parametrize(
    ("header", "key", "system_name"),
    [
        ("Deal - ID,Deal - Title", "Deal - ID", "pipedrive"),
        ("Deal - Pipedrive System ID,Deal - Title", "Deal - Pipedrive System ID", "pipedrive"),
        ("Record ID,Deal Name", "Record ID", "hubspot"),
        ("Deal Name,Deal ID", "Deal ID", "file"),
        ("Opportunity ID,Opportunity Name", "Opportunity ID", "file"),
        ("Id,Opportunity Name,OwnerId", "Id", "salesforce"),
        ("opportunity_id,deal name", "opportunity_id", "file"),
        ("Deal Name,Account ID", "", "file"),
    ],
)
def test_keys_and_systems_are_recognised(tmp_path, header, key, system_name):
    write(tmp_path, {"deals.csv": f"{header}\n" + ",".join("ab" for _ in header.split(",")) + "\n"})
    _, plan = planned(tmp_path)[0]
    column = plan.column_for("external_id")
    assert (column.column if column else "", plan.system) == (key, system_name)


def test_an_export_of_ours_comes_back_to_its_records(tmp_path):
    account = Account.objects.create(name="Acme")
    write(tmp_path, {"accounts.csv": f"id,name\n{account.pk},Acme renamed\n"})
    report = import_tables(ROBOT, planned(tmp_path)).report
    account.refresh_from_db()
    assert (report["counts"], account.name) == ({"account": {"updated": 1}}, "Acme renamed")
    assert not ExternalId.objects.exists()
