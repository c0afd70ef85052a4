"""Simulations over the API, by the same rules as in the browser."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from compensation.make import book, make_payee, make_plan
from compensation.simulation.test_pages import YEAR, made_backtest, make_current_plan
from compensation.test_api import Caller
from crm.make import make_opportunity
from dealwright.base.jobs import run_jobs
from dealwright.base.people.models import Profile
from make import make_user

NOWHERE = "0198c0de-0000-7000-8000-000000000000"


@pytest.mark.slow
@pytest.mark.django_db
def test_an_estimate_and_a_what_if() -> None:
    plan, _mia, ann = make_current_plan()
    deal = make_opportunity(owner=ann, amount="10000", currency="EUR")
    call = Caller(ann, "compensation:read")
    found = call("GET", f"/estimates/{deal.pk}")
    assert found["totals"] == [{"amount": "500.00", "currency": "EUR"}]
    assert found["hidden"] is True
    (row,) = found["rows"]
    assert (row["payee"], Decimal(row["before"]), Decimal(row["after"])) == ("Ann", 0, 500)
    assert [line["explanation"] for line in row["lines"]] == [
        "10,000 EUR up to 12,000 EUR at 5% is 500 EUR."
    ]
    more = call("GET", f"/estimates/{deal.pk}?amount=20000&on={YEAR}-02-01")
    assert Decimal(more["totals"][0]["amount"]) == 1320
    call("GET", f"/estimates/{deal.pk}?amount=1e30", status=422)
    call("GET", f"/estimates/{NOWHERE}", status=404)
    stranger = Caller(make_user("Stranger"), "compensation:read")
    stranger("GET", f"/estimates/{deal.pk}", status=404)
    body = {"deals": [{"amount": "13000", "on": f"{YEAR}-06-01"}], "day": f"{YEAR}-06-15"}
    path = f"/what-if/{ann.pk}/{plan.pk}"
    tried = call("POST", path, body)
    assert (Decimal(tried["amount"]), Decimal(tried["then"]["attainment"])) == (
        690,
        Decimal("1.0833"),
    )
    stranger("POST", path, body, status=404)
    points = call("GET", f"{path}/curve?day={YEAR}-06-15")["points"]
    at = {Decimal(each["attainment"]): Decimal(each["pay"]) for each in points}
    assert (at[Decimal(1)], at[Decimal(2)]) == (600, 1680)
    stranger("GET", f"{path}/curve", status=404)


@pytest.mark.slow
@pytest.mark.django_db
def test_a_backtest_is_read() -> None:
    made, ann, _ = made_backtest()
    call = Caller(make_user(profile=Profile.FINANCE), "compensation:read")
    found = call("GET", f"/backtests/{made.pk}")
    assert (found["status"], found["before"], found["after"]) == ("done", "105.00", "106.00")
    assert [(each["name"], each["difference"]) for each in found["payees"]] == [
        ("Ann", "5.00"),
        ("Bob", "-4.00"),
    ]
    assert [each["percentile"] for each in found["percentiles"]] == [10, 25, 50, 75, 90]
    rows = call("GET", f"/backtests/{made.pk}/pay/{ann.pk}")
    assert [(row["period"], row["before"], row["after"]) for row in rows] == [
        ("2027-01", "85.00", "90.00")
    ]
    assert len(call("GET", f"/plans/{made.plan_id}/backtests")) == 1
    rep = Caller(ann, "compensation:read")
    for path in (f"/backtests/{made.pk}", f"/backtests/{NOWHERE}"):
        rep("GET", path, status=404)
    rep("GET", f"/backtests/{made.pk}/pay/{ann.pk}", status=404)
    assert rep("GET", f"/plans/{made.plan_id}/backtests") == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_both_are_started_and_run_as_jobs() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(1000, (ann, "1"), on=date(2027, 1, 10))
    call = Caller(make_user(profile=Profile.FINANCE))
    text = plan.versions.get().text.replace("5%", "6%")
    body = {"text": text, "starts_on": "2027-01-01", "ends_on": "2027-01-31"}
    path = f"/plans/{plan.pk}/backtests"
    made = call("POST", path, body, status=201)
    assert (made["status"], made["label"], made["payees"]) == ("waiting", "Edited text", [])
    today = timezone.localdate().isoformat()
    asked = call("POST", "/forecasts", {"ends_on": today, "draws": 100, "seed": 3}, status=201)
    run_jobs()
    assert call("GET", f"/backtests/{made['id']}")["after"] == "60.00"
    forecast = call("GET", f"/forecasts/{asked['id']}")
    assert (forecast["status"], forecast["seed"], forecast["draws"]) == ("done", 3, 100)
    assert call("GET", f"/forecasts/{asked['id']}/deals") == []
    call("POST", path, {"starts_on": "2027-01-01", "ends_on": "2027-01-31"}, status=422)
    call("POST", path, body | {"text": "plan: x"}, status=422)
    call("POST", path, body | {"against": 9}, status=404)
    call("POST", "/forecasts", {"ends_on": today, "draws": 7}, status=422)
    rep = Caller(ann)
    rep("POST", path, body, status=403)
    rep("POST", "/forecasts", {"ends_on": today}, status=403)
    for path in (f"/forecasts/{asked['id']}", f"/forecasts/{NOWHERE}"):
        rep("GET", path, status=404)
        rep("GET", f"{path}/deals", status=404)
