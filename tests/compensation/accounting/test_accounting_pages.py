"""The pages of accounting: what they show, to whom, how they refuse; the same over the API."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from compensation.accounting.make import FLAT, make_policy, month
from compensation.accounting.test_payroll import GERMAN
from compensation.make import TEST, book, close, make_payee, make_plan
from compensation.test_api import Caller
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Profile
from dealwright.compensation.accounting.models import (
    ContractCost,
    CostCentre,
    CostDecision,
    CostPolicy,
    MonthClose,
    PlanRate,
)
from dealwright.compensation.accounting.payroll_models import EmployeeNumber, PayrollLayout
from dealwright.compensation.accounting.services import run_month, set_account_number
from dealwright.compensation.ledger.models import PaymentBatch
from dealwright.compensation.ledger.services import pay_period
from make import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HOME = "/compensation/accounting"


@pytest.fixture
def client() -> Client:
    found = Client()
    found.force_login(make_user("Fay Finance", profile=Profile.FINANCE))
    return found


def see(client: Client, address: str, status: int = 200) -> str:
    response = client.get(f"{HOME}{address}")
    assert response.status_code == status, response.content[:2000]
    return re.sub(r"\s+", " ", response.content.decode())


def send(client: Client, address: str, status: int = 303, **values: Any) -> str:
    response = client.post(f"{HOME}{address}", values)
    assert response.status_code == status, response.content[:3000]
    return response.headers.get("Location", "") or re.sub(r"\s+", " ", response.content.decode())


def csv_of(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("paid.csv", text.encode(), "text/csv")


def test_every_page_is_there_before_anything_is(client: Client) -> None:
    assert "No policy says yet" in see(client, "")
    assert "No deal has capitalised costs" in see(client, "/deals")
    assert "Nothing is accrued" in see(client, "/accruals")
    assert "Nothing is written here" in see(client, "/journal")
    assert "No policy yet" in see(client, "/settings")
    assert "There is no active plan yet" in see(client, "/settings/policy")
    assert "No rates yet" in see(client, "/rates")
    assert "Nothing was paid yet" in see(client, "/payroll")
    assert "There is no pay yet to try it with" in see(client, "/payroll/layouts/new")
    for address in ("?month=soon", "/deals?month=0000-00&start=x", "/journal?account=x&kind=y"):
        see(client, address)


def test_a_month_from_policy_to_close(client: Client) -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann Agent")
    deal = book(120000, (ann, "1"), on=date(2027, 1, 15), title="Acme, fifty seats")
    listed = see(client, "/settings/policy")
    assert "Commission" in listed and "Clawback" not in listed
    send(
        client,
        "/settings/policy",
        starts_on="2027-01-01",
        components=f"{plan.pk}:commission",
        months="36",
        basis="fixed",
        convention="month",
        method="prospective",
        tax_rate="7,65",
        expedient="on",
    )
    policy = CostPolicy.objects.get()
    assert (str(policy.tax_rate), policy.months) == ("0.076500", 36)
    assert send(client, "/months/2027-01/run") == f"{HOME}?month=2027-01"
    shown = see(client, "?month=2027-01")
    assert "6 lines were written" not in shown and "lines were written." in shown
    assert "€12,559.17" in shown  # 12,918.00 - 358.83
    deals = see(client, "/deals?month=2027-01&search=acme")
    assert "Acme, fifty seats" in deals and "€12,918.00" in deals
    schedule = see(client, f"/deals/{deal.pk}")
    assert "€358.83" in schedule and "€358.95" in schedule and "Expected" in schedule
    cost = ContractCost.objects.get()
    assert "10% of 120,000 EUR is 12,000 EUR." in see(client, f"/costs/{cost.pk}")
    assert "the fixed period of benefit" in see(client, f"/costs/{cost.pk}")
    journal = see(client, "/journal?month=2027-01&account=payroll_tax_expense")
    assert "€918.00" in journal and "€12,000.00" not in journal
    assert "€13,200.00" in see(client, "/accruals?month=2027-01&by=plan")
    assert "Ann Agent" in see(client, "/accruals?month=2027-01")
    send(client, "/months/2027-01/close")
    assert MonthClose.objects.count() == 1
    assert "Sealed: 7 journal lines under one Merkle root" in see(client, "?month=2027-01")
    again = send(client, "/months/2027-01/close", 422)
    assert "2027-01 is closed. The first open month is 2027-02." in again
    send(client, "/months/2027-02/explode", 404)


def test_wrong_input_is_named_and_kept(client: Client) -> None:
    page = send(
        client,
        "/settings/policy",
        422,
        starts_on="2027-01-01",
        months="0",
        basis="fixed",
        convention="month",
        method="prospective",
        tax_rate="200",
    )
    assert "The months are from 1 to 600." in page and 'value="200"' in page
    assert "Give a percentage" in send(
        client, "/settings/policy", 422, starts_on="2027-01-01", months="3", tax_rate="x"
    )
    assert "Choose a day" in send(client, "/settings/policy", 422, starts_on="")
    send(client, "/months/soon/run", 422)


def test_decisions_on_a_deal(client: Client) -> None:
    plan = make_plan(FLAT)
    make_policy(plan, months=20)
    deal = book(1000, (make_payee(plan), "1"))
    run_month(TEST, month(1))
    here = f"/deals/{deal.pk}"
    send(
        client,
        f"{here}/impairment",
        consideration="60",
        costs="10",
        month="2027-01",
        reason="Behind",
    )
    assert "€45.00" in see(client, here)  # 95.00 stood against 50.00
    (test,) = CostDecision.objects.all()
    send(client, f"/decisions/{test.pk}/withdraw")
    send(client, f"{here}/period", months="40", month="2027-02", reason="They stay")
    send(client, f"{here}/ended", on="2027-03-05", reason="Bought by another")
    shown = see(client, here)
    assert "Bought by another" in shown and "Taken back" in shown
    assert "Give a reason" in send(client, f"{here}/ended", 422, on="2027-03-05", reason="")
    assert "is not an amount" in send(
        client, f"{here}/impairment", 422, consideration="x", month="2027-03", reason="y"
    )
    send(client, f"{here}/something", 404)
    send(client, f"/decisions/{uuid7()}/withdraw", 404)


def test_numbers_centres_and_files(client: Client) -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann")
    book(1000, (ann, "1"))
    run_month(TEST, month(1))
    refused = client.get(f"{HOME}/files/journal.csv?month=2027-01")
    assert refused.headers["Location"] == f"{HOME}/settings#accounts"
    assert "no number of your general ledger yet: Accrued commissions, Commission" in see(
        client, "/settings"
    )
    send(client, "/settings/accounts", commission_expense="6010", accrued_commission="2110")
    found = client.get(f"{HOME}/files/journal.csv?month=2027-01").content.decode()
    assert "2027-01-31,ACC-2027-01,accrual,6010,Commission expense,,110.00,0.00,EUR," in found
    send(client, "/settings/centres", code="S-1", user=str(ann.pk))
    assert "S-1" in see(client, "/settings")
    send(client, f"/settings/centres/{CostCentre.objects.get().pk}/delete")
    assert "Give a cost centre" in send(client, "/settings/centres", 422, code="")
    for name in ("roll-forward", "accruals"):
        assert client.get(f"{HOME}/files/{name}.csv?month=2027-01").status_code == 200
    assert client.get(f"{HOME}/files/nothing.csv").status_code == 404


def test_rates_by_hand_and_from_a_file(client: Client) -> None:
    send(
        client, "/rates", base="usd", quote="EUR", rate="0,9", starts_on="2027-01-01", type="plan",
        source="Budget",
    )  # fmt: skip
    assert "Budget" in see(client, "/rates")
    assert "is not a rate" in send(
        client,
        "/rates",
        422,
        base="USD",
        quote="EUR",
        rate="x",
        starts_on="2027-01-01",
        type="plan",
    )
    wrong = csv_of("from,to,date,rate\nUSD,EUR,soon,1\n")
    assert "Row 2: “soon” is not a day" in send(client, "/rates/import", 422, file=wrong)
    send(client, "/rates/import", file=csv_of("from,to,date,rate\nGBP,EUR,2027-01-01,1.15\n"))
    assert "GBP → EUR" in see(client, "/rates")
    send(client, f"/rates/{PlanRate.objects.get().pk}/delete")
    assert "Choose a CSV file" in send(client, "/rates/import", 422)


def test_layouts_are_written_tried_and_used(client: Client) -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann Agent")
    book(1000, (ann, "1"))
    january = close("2027-01")
    send(client, "/payroll/numbers", user=str(ann.pk), number="00815")
    values = {name: value for name, value in GERMAN.items() if value not in (True, False)}
    page = send(
        client, "/payroll/layouts/new", 200, **values, name="DATEV", header="on", preview="1"
    )
    assert "00815;2000;100,00;EUR;" in page and not PayrollLayout.objects.exists()
    wrong = values | {"columns": "Betrag = amuont"}
    page = send(client, "/payroll/layouts/new", 422, **wrong, name="DATEV")
    assert "Line 1: there is no field “amuont”." in page and "Betrag = amuont" in page
    send(client, "/payroll/layouts/new", **values, name="DATEV", header="on")
    row = PayrollLayout.objects.get()
    assert "Personalnummer = employee" in see(client, f"/payroll/layouts/{row.pk}")
    send(client, f"/payroll/layouts/{row.pk}/use")
    batch = pay_period(TEST, january.pk, paid_at=datetime(2027, 2, 5, tzinfo=UTC))
    file = b"".join(client.get(f"/files/{batch.file_id}").streaming_content)
    assert b"00815;2000;100,00;EUR;05.02.2027;4711;Commission" in file
    assert "This layout is in use" in send(client, f"/payroll/layouts/{row.pk}/delete", 422)
    send(client, f"/payroll/layouts/{row.pk}/leave")
    send(client, f"/payroll/layouts/{row.pk}/delete")
    send(client, "/payroll/numbers/import", file=csv_of("payee,number\nAnn Agent,9\n"))
    assert EmployeeNumber.objects.get().number == "9"


def test_a_payment_is_reconciled_by_a_person(client: Client) -> None:
    plan = make_plan(FLAT)
    ann, bob = make_payee(plan, "Ann Agent"), make_payee(plan, "Bob Builder")
    book(1000, (ann, "1"))
    book(2000, (bob, "1"))
    january = close("2027-01")
    batch = pay_period(TEST, january.pk, paid_at=datetime(2027, 2, 5, tzinfo=UTC))
    here = f"/payroll/batches/{batch.pk}"
    assert "Payroll has not said yet" in see(client, here)
    assert "Row 2: “x” is not an amount." in send(
        client, f"{here}/upload", 422, file=csv_of("employee,amount,date\nAnn Agent,x,2027-02-05\n")
    )
    text = (
        "employee,amount,date\nAnn Agent,110,2027-02-05\n"
        "Bob Builder,200,2027-02-05\nZoe,5,2027-02-05\n"
    )
    send(client, f"{here}/upload", file=csv_of(text))
    shown = see(client, here)
    assert "Short" in shown and "Not in the file" in shown and "Reconcile</button>" not in shown
    assert "taken in already" in send(client, f"{here}/upload", 422, file=csv_of(text))
    send(client, f"{here}/carry", key=f"{bob.pk}||EUR")
    assert "Say why" in send(client, f"{here}/explain", 422, key="|Zoe|EUR", note="")
    send(client, f"{here}/explain", key="|Zoe|EUR", note="A contractor")
    assert "Differences open or unseen" in see(client, "/payroll")
    send(client, f"{here}/reconcile")
    assert "Reconciled by Fay Finance" in see(client, here)
    statement = client.get(f"/compensation/statements/{bob.pk}/{january.pk}").content.decode()
    assert "Reconciled" in statement
    period = client.get(f"/compensation/periods/{january.pk}").content.decode()
    assert f"{HOME}{here}" in period and "Reconciled" in period
    see(client, f"/payroll/batches/{uuid7()}", 404)


def test_only_finance_and_administrators_open_them() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    ann = make_payee(plan, "Ann Agent")
    deal = book(1000, (ann, "1"))
    run_month(TEST, month(1))
    set_account_number(TEST, "deferred_asset", "1")
    january = close("2027-01")
    pay_period(TEST, january.pk, paid_at=datetime(2027, 2, 5, tzinfo=UTC))
    cost, batch = ContractCost.objects.get(), PaymentBatch.objects.get()
    addresses = [
        "", "/deals", f"/deals/{deal.pk}", f"/deals/{uuid7()}", f"/deals/{deal.pk}/schedule.csv",
        f"/costs/{cost.pk}", f"/costs/{uuid7()}", "/accruals", "/journal", "/files/journal.csv",
        "/settings", "/settings/policy", "/rates", "/payroll", "/payroll/layouts/new",
        f"/payroll/batches/{batch.pk}", f"/payroll/batches/{uuid7()}",
    ]  # fmt: skip
    for user in (ann, make_user(profile=Profile.MANAGER), make_user(profile=Profile.LEGAL)):
        client = Client()
        client.force_login(user)
        for address in addresses:
            see(client, address, 403)
        for address in ("/months/2027-01/run", "/rates", f"/payroll/batches/{batch.pk}/reconcile"):
            assert client.post(f"{HOME}{address}").status_code == 403
        assert "/compensation/accounting" not in client.get("/compensation").content.decode()
    stranger = Client().get(HOME)
    assert stranger.status_code == 302


def test_the_same_over_the_api() -> None:
    plan = make_plan(FLAT)
    ann = make_payee(plan, "Ann")
    deal = book(120000, (ann, "1"), title="Acme")
    call = Caller(make_user("Fay", profile=Profile.FINANCE))
    policy = call(
        "PUT",
        "/accounting/policies",
        {
            "starts_on": "2027-01-01",
            "months": 36,
            "components": [{"plan": str(plan.pk), "component": "commission"}],
        },
    )
    assert (policy["months"], policy["basis"]) == (36, "fixed")
    assert len(call("GET", "/accounting/policies")) == 1
    assert call("POST", "/accounting/months/2027-01/run")["cost_count"] == 1
    (roll,) = [
        row
        for row in call("GET", "/accounting/roll-forward?month=2027-01")
        if row["closing"] != "0"
        and row["month"] == "2027-01-01"
    ]  # fmt: skip
    assert (roll["addition"], roll["closing"]) == ("12000.00", "11666.67")
    schedule = call("GET", f"/accounting/deals/{deal.pk}")
    (cost,) = schedule["costs"]
    assert len(cost["steps"]) == 36 and cost["steps"][-1]["amortisation"] == "333.45"
    (row,) = call("GET", "/accounting/accruals?month=2027-01")
    assert (row["payee"], row["amount"]) == ("Ann", "13200.00")
    assert {line["account"] for line in call("GET", "/accounting/journal?month=2027-01")} == {
        "deferred_asset", "commission_expense", "amortisation_expense", "accrued_commission",
    }  # fmt: skip
    rate = {"base": "USD", "quote": "EUR", "rate": "0.9", "starts_on": "2027-01-01", "type": "plan"}
    assert call("PUT", "/accounting/rates", [rate]) == 1
    bad = call("PUT", "/accounting/rates", [rate, rate | {"rate": "0"}], 422)
    assert bad["detail"].startswith("Rate 2: The rate must be above zero")
    assert call("POST", "/accounting/months/2027-01/close")["line_count"] == 6
    call("POST", "/accounting/months/2027-01/close", None, 409)
    call("POST", "/accounting/months/x/run", None, 422)
    batch = pay_period(TEST, close("2027-01").pk, paid_at=datetime(2027, 2, 5, tzinfo=UTC))
    here = f"/accounting/payments/{batch.pk}"
    assert call("GET", here) == []
    (match,) = call(
        "POST", f"{here}/returns", {"content": "employee,amount,date\nAnn,13000,2027-02-05\n"}
    )
    assert (match["state"], match["difference"]) == ("short", "-200.00")
    call("POST", f"{here}/reconcile", None, 409)
    call("POST", f"{here}/differences", {"key": match["key"], "kind": "carried"})
    (match,) = call("POST", f"{here}/reconcile")
    assert match["settled"] == "carried"
    rep = Caller(ann, "compensation:read")
    for path in ("/accounting/policies", here, f"/accounting/deals/{deal.pk}"):
        rep("GET", path, None, 403)
