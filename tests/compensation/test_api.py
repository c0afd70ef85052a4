"""Compensation over the API: the same rules as in the browser, in JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from compensation.make import TIERS, book, make_payee, make_plan, owed
from dealwright.base.people.models import Profile, User
from dealwright.base.people.tokens import create_token
from dealwright.compensation.periods.models import PayPeriod
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db


class Caller:
    """A program that calls with a token."""

    def __init__(self, user: User, *scopes: str) -> None:
        token = create_token(acting(user), name="Test", scopes=scopes or ["compensation:write"])
        self.client = Client(headers={"Authorization": f"Bearer {token.secret}"})

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = self.client.generic(
            method,
            f"/api/v1/compensation{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
        )
        assert response.status_code == status, (path, response.status_code, response.content[:800])
        return json.loads(response.content)


@pytest.fixture
def finance() -> Caller:
    return Caller(make_user("Fay", profile=Profile.FINANCE))


def event(key: str, amount: str, *shares: tuple[User, str], **fields: Any) -> dict[str, Any]:
    return {
        "key": key,
        "date": "2027-01-15",
        "amount": amount,
        "currency": "EUR",
        "splits": [{"user": str(user.pk), "share": share} for user, share in shares],
        **fields,
    }


def test_a_statement_is_read_level_by_level() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"), title="Big deal")
    period = PayPeriod.objects.get()
    call = Caller(ann, "compensation:read")
    base = f"/statements/{ann.pk}/{period.pk}"
    statement = call("GET", base)
    assert statement["totals"] == [{"amount": "85.00", "currency": "EUR"}]
    (component,) = statement["plans"][0]["components"]
    assert (component["id"], component["amount"]) == ("commission", "85.00")
    assert component["reached"] == "1500.000000"
    lines = call("GET", f"{base}/lines?plan={plan.pk}&component=commission")
    assert [line["amount"] for line in lines["items"]] == ["50.00", "35.00"]
    detail = call("GET", f"/lines/{lines['items'][0]['id']}")
    assert detail["event"]["title"] == "Big deal"
    assert detail["clause"]["component"] == "commission"


def test_events_are_upserted_all_or_none(finance: Caller) -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    answer = finance("PUT", "/events", [event("a", "1000", (ann, "0.7"), (bob, "0.3"))])
    assert [each["changed"] for each in answer] == [True]
    assert owed(ann, "2027-01") == "35.00"
    again = finance("PUT", "/events", [event("a", "1000", (ann, "0.7"), (bob, "0.3"))])
    assert [each["changed"] for each in again] == [False]
    refused = finance(
        "PUT",
        "/events",
        [event("b", "500", (ann, "1")), event("c", "500", (ann, "0.9999"))],
        422,
    )
    assert "Event 2 (“c”): The shares sum to 99.99 %" in refused["detail"]
    assert owed(ann, "2027-01") == "35.00"
    finance("POST", "/events/void", {"key": "a"})
    assert owed(ann, "2027-01") == "0.00"
    finance("POST", "/events/void", {"key": "nothing"}, 404)


def test_a_plan_from_text_to_payees(finance: Caller) -> None:
    checked = finance("POST", "/plans/check", {"text": "plan: x\ncurency: EUR"})
    assert not checked["ok"]
    assert checked["problems"][0]["line"] == 1
    version = finance("POST", "/plans", {"text": "plan: api" + TIERS}, 201)
    plan_id = version["plan_id"]
    finance("POST", "/plans", {"text": "plan: api" + TIERS}, 409)
    finance("POST", f"/plans/{plan_id}/versions/1/activate", {"starts_on": "2027-01-02"}, 422)
    finance("POST", f"/plans/{plan_id}/versions/1/activate", {"starts_on": "2027-01-01"})
    ann = make_user("Ann")
    finance(
        "POST",
        f"/plans/{plan_id}/assignments",
        {"user": str(ann.pk), "starts_on": "2027-01-01"},
        201,
    )
    quota = {"user": str(ann.pk), "measure": "bookings", "starts_on": "2027-01-01"}
    finance("PUT", "/quotas", quota | {"ends_on": "2027-12-31", "amount": "1000", "per": "month"})
    finance("PUT", "/quotas", quota | {"ends_on": "2026-12-31", "amount": "1"}, 422)
    finance("PUT", "/events", [event("a", "1500", (ann, "1"))])
    assert owed(ann, "2027-01") == "85.00"
    (row,) = finance("GET", "/plans")
    assert (row["payees"], row["active_version"]) in ((0, 1), (1, 1))
    board = finance("GET", f"/leaderboard?period={PayPeriod.objects.get().pk}")
    assert (board[0]["place"], board[0]["attainment"], board[0]["payout"]) == (1, "1.5000", "85.00")


def test_a_period_is_run(finance: Caller) -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1500, (ann, "1"))
    boss = Caller(make_administrator())
    period = finance("GET", "/periods")[0]
    base = f"/periods/{period['id']}"
    finance("POST", f"{base}/close", status=409)
    (run,) = finance("POST", f"{base}/calculate")
    assert (run["total"], run["delta_count"]) == ("85.00", 0)
    finance("POST", f"{base}/submit")
    finance("POST", f"{base}/approve", status=403)
    boss("POST", f"{base}/approve")
    assert finance("POST", f"{base}/pay")["payee_count"] == 1
    closed = finance("POST", f"{base}/close")
    assert closed["state"] == "closed" and len(closed["merkle_root"]) == 64
    finance("POST", f"{base}/calculate", status=409)
    assert finance("GET", f"{base}/payees")[0]["totals"] == [{"amount": "85.00", "currency": "EUR"}]
    assert finance("GET", f"/runs/{run['id']}")["plan_hash"] == run["plan_hash"]


def test_pay_of_others_and_too_small_scopes_are_refused(finance: Caller) -> None:
    plan = make_plan()
    ann, otto = make_payee(plan, "Ann"), make_payee(plan, "Otto")
    book(1500, (ann, "1"))
    book(100, (otto, "1"))
    period = PayPeriod.objects.get()
    spy = Caller(otto)
    spy("GET", f"/statements/{ann.pk}/{period.pk}", status=404)
    assert spy("GET", f"/periods/{period.pk}/payees")[0]["name"] == "Otto"
    board = spy("GET", f"/leaderboard?period={period.pk}")
    assert {row["name"]: row["payout"] for row in board} == {"Ann": None, "Otto": "5.00"}
    assert [row["name"] for row in spy("GET", f"/leaderboard?period={period.pk}&by=payout")] == [
        "Otto"
    ]
    for method, path, body in (
        ("PUT", "/events", [event("x", "1", (otto, "1"))]),
        ("POST", f"/periods/{period.pk}/calculate", None),
        ("POST", "/plans", {"text": "plan: x" + TIERS}),
        ("GET", "/runs", None),
        ("GET", "/periods", None),
    ):
        spy(method, path, body, 403)
    reader = Caller(make_user(profile=Profile.FINANCE), "compensation:read")
    reader("PUT", "/events", [event("x", "1", (otto, "1"))], 403)
    Caller(make_user(profile=Profile.FINANCE), "crm:read")("GET", "/plans", status=403)


def test_bad_bodies_name_the_field(finance: Caller) -> None:
    ann = make_payee(make_plan(), "Ann")
    for wrong, word in (
        (event("a", "x", (ann, "1")), "amount"),
        (event("a\x00", "1", (ann, "1")), "key"),
        (event("a", "1", (ann, "1"), currency="XXY"), "currency"),
        (event("a", "1", (ann, "1"), date="1900-01-01"), "date"),
        (event("a", "1", (ann, "1"), reference="none"), "reference"),
        (event("a", "1", (ann, "1"), attributes={"a": {"b": 1}}), "attributes"),
        (event("a", "1e30", (ann, "1")), "amount"),
    ):
        answer = finance("PUT", "/events", [wrong], 422)
        assert word in json.dumps(answer), answer
