"""The CRM's verbs over the API: what they answer, refuse, and never tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from crm.make import make_case, make_contact, make_lead, make_opportunity, make_product, make_quote
from dealwright.base.access.actor import system
from dealwright.base.people.tokens import create_token
from dealwright.crm.models import Activity, Contact, Lead, Opportunity, Stage
from dealwright.crm.opportunities.line_items import set_line_items
from dealwright.crm.opportunities.pipelines import ensure_default_pipeline
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


class Caller:
    """A program that calls with a token."""

    def __init__(self, user: Any, *scopes: str) -> None:
        token = create_token(acting(user), name="Test", scopes=scopes or ["crm:write"])
        self.client = Client(headers={"Authorization": f"Bearer {token.secret}"})

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.generic(
            method, f"/api/v1{path}", json.dumps(body), content_type="application/json"
        )
        assert response.status_code == status, (path, response.status_code, response.content[:500])
        if "json" in response.get("Content-Type", ""):
            return json.loads(response.content)
        return response


@pytest.fixture
def rep():
    return make_user("Rita Rep")


@pytest.fixture
def call(rep):
    return Caller(rep)


def stage(name: str) -> str:
    return str(Stage.objects.get(pipeline=ensure_default_pipeline(), name=name).pk)


def test_a_lead_is_captured_and_goes_through_to_a_deal(call, rep):
    lead = call(
        "POST",
        "/leads/capture",
        {"email": "ada@engine.example", "last_name": "Byron", "utm_source": "api"},
        201,
    )
    assert (lead["email"], lead["company"]) == ("ada@engine.example", "Engine")
    call("POST", f"/leads/{lead['id']}/respond")
    deal = call("POST", f"/leads/{lead['id']}/convert", {"amount": "99.90"}, 201)
    assert deal["amount"] == "99.90"
    refused = call("POST", f"/leads/{lead['id']}/convert", {}, 409)
    assert refused["code"] == "closed"
    assert Lead.objects.get().converted_opportunity.pk == Opportunity.objects.get().pk


def test_a_lead_without_anybody_is_refused_by_field(call):
    refused = call("POST", "/leads/capture", {"company": "Acme"}, 422)
    assert "email" in json.dumps(refused)
    assert not Contact.objects.exists()


def test_leads_are_flat_and_write_through(call):
    made = call(
        "POST", "/leads", {"first_name": "Ada", "last_name": "B", "email": "a@b.example"}, 201
    )
    call("PATCH", f"/leads/{made['id']}", {"phone": "+49 30 123456"})
    assert Contact.objects.get().phone == "+4930123456"


def test_a_deal_moves_and_says_what_it_needs(call, rep):
    deal = make_opportunity(owner=rep)
    refused = call("POST", f"/opportunities/{deal.pk}/move", {"stage": stage("Proposal")}, 422)
    assert refused["code"] == "required_for_stage"
    assert {"amount", "close_date"} <= set(json.loads(json.dumps(refused))["errors"])
    values = {"amount": "10.50", "close_date": "2030-01-01"}
    moved = call(
        "POST", f"/opportunities/{deal.pk}/move", {"stage": stage("Proposal"), "values": values}
    )
    assert moved["amount"] == "10.50"
    history = call("GET", f"/opportunities/{deal.pk}/stage-history")
    assert [each["to_stage__name"] for each in history] == ["Prospecting", "Proposal"]
    assert call("POST", f"/opportunities/{deal.pk}/win", {})["status"] == "won"
    assert call("POST", f"/opportunities/{deal.pk}/reopen")["status"] == "open"
    call("POST", f"/opportunities/{deal.pk}/lose", {"reason": "bad luck"}, 422)
    assert call("POST", f"/opportunities/{deal.pk}/lose", {"reason": "price"})["status"] == "lost"


def test_a_stale_etag_is_refused(call, rep):
    deal = make_opportunity(owner=rep)
    response = call.client.post(
        f"/api/v1/opportunities/{deal.pk}/move",
        json.dumps({"stage": stage("Engaging")}),
        content_type="application/json",
        headers={"If-Match": '"99"'},
    )
    assert response.status_code == 409


def test_lines_team_and_committee(call, rep):
    deal, person, ben = make_opportunity(owner=rep), make_contact(owner=rep), make_user("Ben")
    product = make_product(list_price="100")
    lines = [{"product": str(product.pk), "quantity": 2}, {"name": "Set-up", "unit_price": "49.99"}]
    assert call("PUT", f"/opportunities/{deal.pk}/lines", lines)["amount"] == "249.99"
    assert len(call("GET", f"/opportunities/{deal.pk}/lines")) == 2
    call("PUT", f"/opportunities/{deal.pk}/lines", [{"name": "X"}], 422)
    team = [
        {"user": str(rep.pk), "split_percent": "0.7"},
        {"user": str(ben.pk), "split_percent": "0.3"},
    ]
    assert len(call("PUT", f"/opportunities/{deal.pk}/team", team)) == 2
    call("PUT", f"/opportunities/{deal.pk}/team", team[:1], 422)
    assert len(call("GET", f"/opportunities/{deal.pk}/team")) == 2
    address = f"/opportunities/{deal.pk}/contacts/{person.pk}"
    assert call("PUT", address, {"role": "champion"})[0]["label"] == "Champion"
    call("DELETE", address, status=204)


def test_a_quote_goes_its_way(call, rep):
    deal = make_opportunity(owner=rep)
    set_line_items(system(), deal.pk, [{"name": "Loom", "unit_price": "100"}])
    quote = call("POST", "/quotes", {"opportunity": str(deal.pk)}, 201)
    base = f"/quotes/{quote['id']}"
    call("PUT", f"{base}/lines", [{"name": "Loom", "unit_price": "90", "tax_rate": "0.1"}])
    assert call("GET", f"{base}/pdf").content.startswith(b"%PDF")
    assert call("POST", f"{base}/send", {"to": "a@b.example"})["status"] == "sent"
    call("PUT", f"{base}/lines", [], 409)
    accepted = call("POST", f"{base}/accept", {"accepted_by": "Ada"})
    assert (accepted["status"], accepted["total"]) == ("accepted", "99.00")
    call("POST", f"{base}/revise", status=409)


def test_the_timeline_is_written_and_read(call, rep):
    lead = make_lead(owner=rep)
    base = f"/timeline/lead/{lead.pk}"
    call("POST", f"{base}/notes", {"body": "Hello"}, 201)
    call("POST", f"{base}/calls", {"outcome": "reached"}, 201)
    task = call("POST", f"{base}/tasks", {"subject": "Do", "due_at": "2030-01-01T09:00:00Z"}, 201)
    call("POST", f"{base}/tasks", {"subject": "Do", "due_at": "2030-01-01T09:00:00"}, 422)
    call("POST", f"{base}/meetings", {"subject": "Demo", "starts_at": "2030-01-01T09:00:00Z"}, 201)
    mail = {"to": "a@b.example", "subject": "Hi", "text": "Hello"}
    call("POST", f"{base}/emails", mail, 201)
    line = call("GET", f"{base}?kinds=activity")
    assert {entry["detail"] for entry in line["entries"]} == {
        "note", "call", "task", "meeting", "email",
    }  # fmt: skip
    call("GET", f"{base}?kinds=gossip", status=422)
    assert call("POST", f"/activities/{task['id']}/complete", {})["status"] == "completed"
    assert call("POST", f"/activities/{task['id']}/reopen")["status"] == "open"
    assert Activity.objects.count() == 5


def test_duplicates_merge_and_come_apart(call, rep):
    one = make_contact(first_name="Ada", last_name="Byron", owner=rep, phone="+4930123456")
    two = make_contact(first_name="Ada", last_name="Byron", owner=rep, phone="+4930123456")
    found = call("GET", f"/contacts/{one.pk}/duplicates")
    assert [each["id"] for each in found] == [str(two.pk)]
    merged = call("POST", f"/contacts/{one.pk}/merge", {"merged": str(two.pk)}, 201)
    assert merged["moved"]["crm_contactpoint"] >= 1
    call("POST", f"/merges/{merged['id']}/undo")
    assert Contact.objects.count() == 2
    call("POST", f"/leads/{one.pk}/merge", {"merged": str(two.pk)}, 422)


def test_a_person_is_exported_and_erased_by_an_administrator(rep):
    person = make_contact(owner=rep)
    assert Caller(rep)("GET", f"/contacts/{person.pk}/personal-data").content.startswith(b"PK")
    Caller(rep)("POST", f"/contacts/{person.pk}/erase", {}, 403)
    Caller(rep, "admin")("POST", f"/contacts/{person.pk}/erase", {}, 403)
    boss = Caller(make_administrator(), "admin")
    assert boss("POST", f"/contacts/{person.pk}/erase", {})["counts"]["addresses"] == 1


def test_cases_and_reports(call, rep):
    case = make_case(owner=rep)
    assert call("POST", f"/cases/{case.pk}/respond")["status"] == "open"
    solved = call("POST", f"/cases/{case.pk}/status", {"status": "solved", "resolution": "Done"})
    assert solved["status"] == "solved"
    make_opportunity(owner=rep, stage="Won", amount="10")
    rates = call("GET", "/reports/win-rate?by=agent")
    assert (rates[0]["label"], rates[0]["rate"]) == ("Rita Rep", "1.000000")
    call("GET", "/reports/win-rate?by=weather", status=422)
    assert call("GET", "/reports/pipeline") == []
    assert call("GET", "/pipelines")[0]["stages"][0]["name"] == "Prospecting"


def test_reading_scopes_do_not_write_and_foreign_records_are_absent(rep):
    deal, lead, quote = make_opportunity(owner=rep), make_lead(owner=rep), make_quote()
    reader, stranger = Caller(rep, "crm:read"), Caller(make_user())
    verbs = [
        f"/opportunities/{deal.pk}/win",
        f"/opportunities/{deal.pk}/reopen",
        f"/leads/{lead.pk}/respond",
        f"/leads/{lead.pk}/convert",
        f"/quotes/{quote.pk}/revise",
        f"/timeline/lead/{lead.pk}/notes",
    ]
    for path in verbs:
        body = {"body": "x"} if path.endswith("notes") else {}
        reader("POST", path, body, 403)
        stranger("POST", path, body, 404)
        assert Client().post(f"/api/v1{path}").status_code == 401
    for path in (f"/timeline/lead/{lead.pk}", f"/opportunities/{deal.pk}/lines"):
        stranger("GET", path, status=404)
