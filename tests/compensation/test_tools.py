"""One's own pay, down to what made each number, as a program reads it by the tools."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from base.api.caller import Caller
from base.mcp.caller import Program
from compensation.make import book, make_payee, make_plan
from crm.make import make_opportunity
from dealwright.base.access.actor import system
from dealwright.base.people.models import Profile, User
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.periods.models import PayPeriod
from make import make_administrator, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def pat() -> User:
    plan = make_plan()
    payee = make_payee(plan, "Pat Payee")
    book(1000, (payee, "1"), on=date(2027, 1, 15))
    calculate_period(system("test"), PayPeriod.objects.get(label="2027-01", calendar="month").pk)
    return payee


def test_a_number_opens_to_what_made_it(pat: User) -> None:
    program, api = Program(pat, "compensation:read"), Caller(pat, "compensation:read")
    me = program.call("get_me")["user"]["id"]
    periods = program.call("list_statements", payee_id=me)
    assert periods == api("GET", f"/compensation/statements/{me}")
    (period,) = [each["period"]["id"] for each in periods["periods"] if each["totals"]]
    which = {"payee_id": me, "period_id": period}
    statement = program.call("get_statement", **which)
    assert statement == api("GET", f"/compensation/statements/{me}/{period}")
    assert [each["amount"] for each in statement["totals"]] == ["50.00"]
    (plan,) = statement["plans"]
    (component,) = [each for each in plan["components"] if each["amount"] != "0.00"]
    lines = program.call(
        "list_statement_lines", **which, plan=plan["plan_id"], component=component["id"]
    )
    line = program.call("get_statement_line", line_id=lines["items"][0]["id"])
    assert line == api("GET", f"/compensation/lines/{line['id']}")
    assert line["splits"][0]["name"] == "Pat Payee"


def test_the_pay_of_others_is_as_if_it_were_not_there(pat: User) -> None:
    period = PayPeriod.objects.get(label="2027-01", calendar="month").pk
    which: dict[str, Any] = {"payee_id": str(pat.pk), "period_id": str(period)}
    for user in (make_user("Rita Rep"), make_user(profile=Profile.READ_ONLY)):
        program = Program(user)
        assert program.refused("get_statement", **which)["status"] == 404
        assert program.refused("list_statements", payee_id=str(pat.pk))["status"] == 404
    finance = Program(make_user(profile=Profile.FINANCE))
    assert finance.call("get_statement", **which)["payee"] == "Pat Payee"
    blind = Program(make_administrator(), "crm:read")
    assert blind.refused("get_statement", **which)["code"] == "scope_missing"


def test_what_a_deal_would_pay_is_what_the_api_says(pat: User) -> None:
    deal = make_opportunity(name="Looms", amount="1000", currency="EUR", owner=pat)
    program, api = Program(pat), Caller(pat)
    told = program.call("estimate_deal_pay", opportunity_id=str(deal.pk), on="2027-01-20")
    assert told == api("GET", f"/compensation/estimates/{deal.pk}?on=2027-01-20")
    more = program.call(
        "estimate_deal_pay", opportunity_id=str(deal.pk), on="2027-01-20", amount=2000
    )
    assert more == api("GET", f"/compensation/estimates/{deal.pk}?on=2027-01-20&amount=2000")
    wrong = program.refused("estimate_deal_pay", opportunity_id=str(deal.pk), amount="much")
    assert "amount" in wrong["errors"]


@pytest.mark.parametrize("line_id", [2**70, -1, "x", None, 1.5, True, []])
def test_a_line_that_is_none_is_no_crash(pat: User, line_id: Any) -> None:
    assert Program(pat).refused("get_statement_line", line_id=line_id)["status"] in (404, 422)
