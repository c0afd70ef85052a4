"""The thread through all six systems over the API: each person's program with its own token.

What has no token by its nature goes through its public door: the visitor's form, the mail
server, and the signers' links. Between the calls the test does what the worker would do.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from base.api.caller import Caller
from compensation.make import ledger_total
from dealwright.acceleration.sequences.jobs import take_due_steps
from dealwright.signing.envelopes.models import Recipient
from make import make_administrator
from signing.foreign import pdfsig
from signing.make import code_of, token_of
from stories.make import APPROVAL, Stage, nora_answers, set_the_stage, settle

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FORM = "/forms/contact-us?utm_source=google&utm_medium=cpc&utm_campaign=spring"


class Company:
    """The programs of Rita, of finance and of the administrator, and the day of the story."""

    def __init__(self) -> None:
        administrator = make_administrator()
        self.stage: Stage = set_the_stage(administrator)
        self.today: date = timezone.localdate()
        self.rita = Caller(
            self.stage.rita,
            "crm:write", "acceleration:write", "contracts:write", "signing:read",
            "intelligence:read", "compensation:read", "base:read",
        )  # fmt: skip
        self.finance = Caller(
            self.stage.finance, "contracts:write", "compensation:write", "base:read"
        )
        self.admin = Caller(administrator)


def test_one_deal_from_the_form_to_the_clawback(settings: Any, tmp_path: Path) -> None:
    settings.FORM_FASTEST_SECONDS = -1
    company = Company()
    lead = a_stranger_becomes_a_lead(company)
    work_the_lead(company, lead)
    deal = make_a_deal(company, lead)
    contract = draft_and_approve(company, quote_of(company, deal))
    envelope = sign_the_contract(company, contract, tmp_path)
    see_it_won(company, deal, contract)
    period = follow_the_money(company, deal, contract, envelope)
    take_it_back(company, contract, period)
    see_the_journey(company, deal)


def a_stranger_becomes_a_lead(company: Company) -> str:
    """1. Matched, enriched, scored and routed; the clock of the response runs."""
    visitor = Client()
    page = visitor.get(FORM).content.decode()
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    assert hidden["utm_source"] == "google"
    sent = visitor.post(
        "/forms/contact-us",
        {
            **hidden,
            "first_name": "Nora", "last_name": "North", "email": "nora@northwind.de",
            "company": "Northwind",
        },
    )  # fmt: skip
    assert "Thank you" in sent.content.decode()
    settle()
    rita = company.rita
    (lead,) = rita("GET", "/leads")["items"]
    assert lead["owner"] == str(company.stage.rita.pk)
    assert (lead["utm_source"], lead["utm_campaign"]) == ("google", "spring")
    assert lead["response_due_at"] is not None

    # She writes once more, through another program: a second lead of the same person.
    again = company.admin(
        "POST",
        "/leads/capture",
        {"email": "NORA@northwind.de", "source": "partner", "utm_source": "partner"},
        status=201,
    )
    settle()
    (person,) = rita("GET", "/contacts?q=nora")["items"]
    assert person["id"] == lead["contact"] == again["contact"]
    assert again["utm_source"] == "partner"
    assert person["country"] == "Germany"  # what the domain of the address tells
    account = rita("GET", f"/accounts/{lead['account']}")
    assert (account["name"], account["domain"]) == ("Northwind", "northwind.de")

    score = rita("GET", f"/leads/{lead['id']}/score")
    assert score["score"] == sum(each["points"] for each in score["reasons"]) > 0
    assert rita("GET", f"/leads/{lead['id']}")["score"] == score["score"]
    return str(lead["id"])


def work_the_lead(company: Company, lead: str) -> None:
    """2. A call, a task, a sequence that her answer stops."""
    rita = company.rita
    call = {"subject": "First call", "outcome": "reached", "body": "Wants it this month"}
    rita("POST", f"/timeline/lead/{lead}/calls", call, status=201)
    task = rita("POST", f"/timeline/lead/{lead}/tasks", {"subject": "Prepare offer"}, status=201)
    entries = rita("GET", f"/timeline/lead/{lead}")["entries"]
    assert {"First call", "Prepare offer"} <= {each["title"] for each in entries}
    rita("POST", f"/activities/{task['id']}/complete", {})
    assert rita("GET", f"/leads/{lead}")["first_response_at"] is not None

    enrolled = rita(
        "POST", f"/sequences/{company.stage.sequence}/enroll", {"lead": lead}, status=201
    )
    assert enrolled["status"] == "active"
    take_due_steps()
    settle()
    nora_answers(company.stage.rita)
    stopped = rita("GET", f"/enrollments/{enrolled['id']}")
    assert (stopped["status"], stopped["stop_reason"]) == ("stopped", "replied")


def make_a_deal(company: Company, lead: str) -> str:
    """2. The lead is linked, never copied; lines, a split, and a stage that asks for a field."""
    rita, stage = company.rita, company.stage
    deal = rita("POST", f"/leads/{lead}/convert", {"name": "Rollout"}, status=201)
    converted = rita("GET", f"/leads/{lead}")
    assert converted["converted_opportunity"] == deal["id"]
    assert deal["contact"] == converted["contact"]
    line = {"name": "Platform", "quantity": "1", "unit_price": "10000"}
    deal = rita("PUT", f"/opportunities/{deal['id']}/lines", [line])
    assert deal["amount"] == "10000.00"
    team = rita(
        "PUT",
        f"/opportunities/{deal['id']}/team",
        [
            {"user": str(stage.rita.pk), "split_percent": "0.7"},
            {"user": str(stage.carl.pk), "split_percent": "0.3"},
        ],
    )
    assert sorted(Decimal(each["split_percent"]) for each in team) == [
        Decimal("0.3"),
        Decimal("0.7"),
    ]

    (pipeline,) = rita("GET", "/pipelines")
    stages = {each["name"]: each["id"] for each in pipeline["stages"]}
    move = f"/opportunities/{deal['id']}/move"
    refused = rita("POST", move, {"stage": stages["Proposal"]}, status=422)
    assert refused["code"] == "required_for_stage"
    assert list(refused["errors"]) == ["close_date"]
    assert rita("GET", f"/opportunities/{deal['id']}")["stage"] == deal["stage"]
    values = {"close_date": company.today.isoformat()}
    moved = rita("POST", move, {"stage": stages["Proposal"], "values": values})
    assert (moved["stage"], moved["close_date"]) == (stages["Proposal"], values["close_date"])
    return str(deal["id"])


def quote_of(company: Company, deal: str) -> str:
    """2. The offer takes the deal's lines, exists as a PDF and goes out."""
    rita = company.rita
    quote = rita("POST", "/quotes", {"opportunity": deal}, status=201)
    assert quote["total"] == "10000.00"
    pdf = rita.send("GET", f"/quotes/{quote['id']}/pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    sent = rita("POST", f"/quotes/{quote['id']}/send", {})
    assert sent["status"] == "sent"
    settle()
    (kept,) = rita("GET", f"/files?object=quote&record_id={quote['id']}")
    as_sent = b"".join(rita.send("GET", f"/files/{kept['id']}/content").streaming_content)
    assert hashlib.sha256(as_sent).hexdigest() == kept["sha256"]
    return str(quote["id"])


def draft_and_approve(company: Company, quote: str) -> str:
    """3. A contract of the quote; finance approves what is above the threshold."""
    rita, finance = company.rita, company.finance
    contract = rita("POST", "/contracts/draft", {"quote": quote}, status=201)
    assert (contract["status"], contract["amount"]) == ("draft", "10000.00")
    path = f"/contracts/{contract['id']}"
    filled = rita(
        "PUT",
        f"{path}/values",
        {"effective_on": company.today.isoformat(), "term_months": "12"},
    )
    assert filled["term_months"] == 12
    assert rita.send("GET", f"{path}/document").content.startswith(b"%PDF")
    assert rita("POST", f"{path}/submit")["status"] == "in_approval"

    (step,) = finance("GET", "/approvals")
    assert (step["contract"], step["reason"]) == (contract["id"], APPROVAL)
    assert rita("GET", "/approvals") == []
    decision = {"approve": True, "content_hash": step["content_hash"]}
    rita("POST", f"/approvals/{step['id']}", decision, status=403)
    assert finance("POST", f"/approvals/{step['id']}", decision)["status"] == "approved"
    (decided,) = rita("GET", f"{path}/approvals")
    assert decided["decided_by_id"] == str(company.stage.finance.pk)
    settle()
    return str(contract["id"])


def sign_the_contract(company: Company, contract: str, folder: Path) -> str:
    """4. Two signers in order; a seal that others find sound; evidence without a gap."""
    rita = company.rita
    sent = rita(
        "POST",
        f"/contracts/{contract}/send",
        {
            "signers": [
                {"name": "Nora North", "email": "nora@northwind.de", "party": "Northwind"},
                {"name": "Rita Rep", "email": company.stage.rita.email},
            ]
        },
    )
    assert sent["status"] == "signing"
    settle()
    path = f"/envelopes/{sent['envelope']}"
    nora, ours = rita("GET", f"{path}/progress")["recipients"]
    assert (nora["order"], ours["order"]) == (1, 2)
    assert ours["sent_at"] is None
    sign(nora["id"], text="Nora North")
    settle()
    sign(ours["id"], text="Rita Rep")
    settle()

    done = rita("GET", f"{path}/progress")
    assert done["status"] == "completed"
    (document,) = done["documents"]
    sealed = rita.send("GET", f"{path}/documents/{document['id']}/sealed").content
    file = folder / "sealed.pdf"
    file.write_bytes(sealed)
    assert "Signature is Valid." in pdfsig(file)
    assert rita.send("GET", f"{path}/certificate").content.startswith(b"%PDF")
    with file.open("rb") as upload:
        checked = rita.client.post("/api/v1/verify", {"file": upload})
    report = json.loads(checked.content)
    assert report["integrity"]["verdict"] == "TOTAL-PASSED"
    assert report["file"]["sha256"] == document["sealed_sha256"]

    evidence = rita("GET", f"{path}/evidence")
    assert (evidence["ok"], evidence["problems"]) == (True, [])
    kinds = [each["kind"] for each in evidence["events"]]
    assert kinds.count("recipient.signed") == 2
    chains = company.admin("GET", "/evidence")["items"]
    assert chains
    for chain in chains:
        assert company.admin("GET", f"/evidence/{chain['key']}")["ok"], chain
    return str(sent["envelope"])


def sign(recipient_id: str, *, text: str) -> None:
    """What a person does behind the link in the mail, in a browser of its own."""
    recipient = Recipient.objects.get(pk=recipient_id)
    browser, link = Client(), f"/sign/{token_of(recipient)}"
    browser.post(f"{link}/opened")
    page = browser.get(link).content.decode()
    (consent,) = re.findall(r'name="consent" value="([^"]+)"', page)
    browser.post(f"{link}/consent", {"consent": consent, "agree": "on"})
    assert browser.post(f"{link}/confirm", {"code": "x"}).status_code == 422
    browser.post(f"{link}/confirm", {"code": code_of(recipient)})
    for field in recipient.fields.filter(kind="signature"):
        browser.post(
            f"{link}/adopt?kind=signature&field={field.pk}", {"text": text, "font": "formal"}
        )
    assert browser.get(f"{link}/review").status_code == 200
    assert browser.post(f"{link}/sign", {"agree": "on"}).status_code == 303
    assert "You have signed" in browser.get(link).content.decode()


def see_it_won(company: Company, deal: str, contract: str) -> None:
    """4. The seal executes the contract and wins the deal."""
    rita = company.rita
    executed = rita("GET", f"/contracts/{contract}")
    assert executed["status"] == "executed"
    assert executed["effective_on"] == company.today.isoformat()
    assert executed["notice_by"] is not None
    mine = json.dumps({"field": "contract", "op": "is", "value": contract})
    obligations = rita("GET", f"/obligations?filter={mine}")["items"]
    assert len(obligations) == 2
    assert rita("GET", f"/opportunities/{deal}")["status"] == "won"


def follow_the_money(company: Company, deal: str, contract: str, envelope: str) -> str:
    """5. 70/30 of 10,000 at 5 % up to a quota of 5,000 and 7 % above it: each line leads back."""
    stage, rita = company.stage, company.rita
    today = company.today.isoformat()
    mine = rita("GET", f"/compensation/statements/{stage.rita.pk}")
    (period,) = [
        each["period"]
        for each in mine["periods"]
        if each["period"]["starts_on"] <= today <= each["period"]["ends_on"]
    ]
    assert total_of(rita, stage.rita.pk, period["id"]) == "390.00"
    assert total_of(company.finance, stage.carl.pk, period["id"]) == "150.00"
    path = f"/compensation/statements/{stage.carl.pk}"
    for hidden in (path, f"{path}/{period['id']}"):
        rita("GET", hidden, status=404)

    path = f"/compensation/statements/{stage.rita.pk}/{period['id']}"
    (part,) = rita("GET", path)["plans"]
    (component,) = part["components"]
    assert Decimal(component["reached"]) == 7000
    lines = rita("GET", f"{path}/lines?plan={part['plan_id']}&component={component['id']}")["items"]
    assert [each["amount"] for each in lines] == ["250.00", "140.00"]
    for line in lines:
        detail = rita("GET", f"/compensation/lines/{line['id']}")
        assert Decimal(detail["event"]["amount"]) == 10_000
        assert detail["splits"] == [
            {"name": "Rita Rep", "share": "0.700000", "role": ""},
            {"name": "Carl Colleague", "share": "0.300000", "role": ""},
        ]
        assert "5%" in detail["clause"]["text"] or "5 %" in detail["clause"]["text"]
        links = [each["url"] for each in detail["links"]]
        assert links == [
            f"/opportunities/{deal}",
            f"/contracts/{contract}",
            f"/envelopes/{envelope}",
        ]
        for link in links:  # the page's address is the record's own over the API as well
            rita("GET", link)

    board = company.admin(
        "GET", f"/leaderboard?measure=commission&since={period['starts_on']}&until={today}"
    )
    assert [(each["name"], each["value"]) for each in board["places"]] == [
        ("Rita Rep", "390.00"),
        ("Carl Colleague", "150.00"),
    ]
    return str(period["id"])


def total_of(caller: Caller, payee: Any, period: str) -> str:
    (total,) = caller("GET", f"/compensation/statements/{payee}/{period}")["totals"]
    assert total["currency"] == "USD"
    return str(total["amount"])


def take_it_back(company: Company, contract: str, period: str) -> None:
    """6. What is closed stays as it was; the early end is taken back in the open period."""
    finance, admin, rita = company.finance, company.admin, company.rita
    path = f"/compensation/periods/{period}"
    rita("POST", f"{path}/close", status=403)
    finance("POST", f"{path}/calculate")
    assert finance("POST", f"{path}/submit")["state"] == "in_approval"
    assert admin("POST", f"{path}/approve")["state"] == "approved"
    closed = finance("POST", f"{path}/close")
    assert (closed["state"], len(closed["merkle_root"])) == ("closed", 64)
    payees = finance("GET", f"{path}/payees")

    end = (company.today + timedelta(days=1)).isoformat()
    reason = {"on": end, "reason": "Insolvency"}
    assert admin("POST", f"/contracts/{contract}/terminate", reason)["status"] == "terminated"
    settle()
    assert finance("GET", path) == closed
    assert finance("GET", f"{path}/payees") == payees
    assert total_of(rita, company.stage.rita.pk, period) == "390.00"
    assert ledger_total() == 0
    taken = {
        payee.name: taken_back(finance, payee.pk, contract)
        for payee in (company.stage.rita, company.stage.carl)
    }
    assert taken == {"Rita Rep": "-390.00", "Carl Colleague": "-150.00"}


def taken_back(finance: Caller, payee: Any, contract: str) -> str:
    """What the open periods take back of a payee; each line names the contract that ended."""
    sums = Decimal(0)
    for each in finance("GET", f"/compensation/statements/{payee}")["periods"]:
        period = each["period"]
        if period["state"] == "closed":
            continue
        statement = f"/compensation/statements/{payee}/{period['id']}"
        for part in finance("GET", statement)["plans"]:
            for component in part["components"]:
                query = f"plan={part['plan_id']}&component={component['id']}"
                for line in finance("GET", f"{statement}/lines?{query}")["items"]:
                    sums += Decimal(line["amount"])
                    detail = finance("GET", f"/compensation/lines/{line['id']}")
                    assert detail["cause"]["kind"] == "termination", detail
                    links = [link["url"] for link in detail["cause_links"]]
                    assert f"/contracts/{contract}" in links
    return f"{sums:.2f}"


def see_the_journey(company: Company, deal: str) -> None:
    """7. Every touch on one line; the shares of the marketing touches are the whole amount."""
    journey = company.rita("GET", f"/journeys/opportunity/{deal}")
    kinds = {touch["kind"] for touch in journey["touches"]}
    assert kinds >= {
        "form", "call", "sequence_email", "quote", "contract_drafted", "contract_approved",
        "envelope_sent", "recipient_signed", "envelope_sealed", "contract_executed", "won",
        "commission", "contract_terminated",
    }  # fmt: skip
    moments = [touch["at"] for touch in journey["touches"]]
    assert moments == sorted(moments)
    shares = [Decimal(touch["share"]) for touch in journey["touches"] if touch["share"] is not None]
    assert sum(shares) == Decimal(journey["amount"]) == Decimal("10000.00")
    attributed = company.rita("GET", "/reports/attribution?by=source")
    assert attributed["totals"] == {"USD": "10000.00"}
    assert [row["key"] for row in attributed["rows"]["USD"]] == ["google"]
