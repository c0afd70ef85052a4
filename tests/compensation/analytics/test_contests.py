"""Contests that are over: places, ties and prizes from the calculation's own lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.analytics.test_analysis_pages import see
from compensation.make import TEST, book, make_payee, make_plan
from compensation.test_api import Caller
from dealwright.base.errors import NotFound
from dealwright.compensation.analytics.contests import contest_standing, list_contests
from make import acting, make_administrator, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

CONTEST = """
currency: EUR
calendar: month
components:
  - contest: {id: sprint, label: Sprint, from: 2027-01-01, to: 2027-01-31, prizes: [900, 300, 100]}
"""


def test_who_won_with_ties_and_prizes() -> None:
    plan = make_plan(CONTEST)
    ann, bob, cem, dot = (make_payee(plan, name) for name in ("Ann", "Bob", "Cem", "Dot"))
    for who, amount in ((ann, 500), (bob, 500), (cem, 400), (dot, 300)):
        book(amount, (who, "1"), on=date(2027, 1, 15))
    (row,) = list_contests(TEST)
    assert (row.label, row.period, row.winners) == ("Sprint", "2027-01", 3)
    standing = contest_standing(TEST, row.plan_id, row.component, row.period_id)
    # Ann and Bob share the prizes of the first two places.
    assert [(e.place, e.name, e.score, e.prize, e.shared) for e in standing.places] == [
        (1, "Ann", 500, 600, True),
        (1, "Bob", 500, 600, True),
        (3, "Cem", 400, 100, False),
    ]
    book(300, (dot, "1"), on=date(2027, 1, 20))
    later = contest_standing(TEST, row.plan_id, row.component, row.period_id)
    assert [(e.place, e.name, e.prize) for e in later.places] == [
        (1, "Dot", 900),
        (2, "Ann", 200),
        (2, "Bob", 200),
    ]
    assert all(isinstance(each.prize, Decimal) for each in later.places)


def test_places_are_for_those_on_the_plan_and_prizes_for_those_who_see_pay() -> None:
    plan = make_plan(CONTEST)
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(500, (ann, "1"))
    book(400, (bob, "1"))
    (row,) = list_contests(acting(ann))
    standing = contest_standing(acting(ann), row.plan_id, row.component, row.period_id)
    assert [(e.name, e.prize) for e in standing.places] == [("Ann", 900), ("Bob", None)]
    stranger = make_user("Stranger")
    assert list_contests(acting(stranger)) == []
    with pytest.raises(NotFound):
        contest_standing(acting(stranger), row.plan_id, row.component, row.period_id)
    see(stranger, row.url, 404)
    assert "No contest is over yet" in see(stranger, "/compensation/contests")
    page = see(ann, row.url)
    assert "€900" in page and "shared" not in page
    assert row.url in see(ann, "/compensation/contests")
    assert row.url in see(ann, "/leaderboard")
    see(make_administrator(), row.url.replace("sprint", "other"), 404)


def test_contests_over_the_api() -> None:
    plan = make_plan(CONTEST)
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(500, (ann, "1"))
    book(500, (bob, "1"))
    call = Caller(ann, "compensation:read")
    (row,) = call("GET", "/contests")
    assert (row["label"], row["period"], row["winners"]) == ("Sprint", "2027-01", 2)
    address = f"/contests/{row['plan_id']}/{row['component']}/{row['period_id']}"
    places = call("GET", address)
    assert [(e["place"], e["name"], e["prize"], e["unit"]) for e in places] == [
        (1, "Ann", "600.00", "EUR"),
        (1, "Bob", None, "EUR"),
    ]
    Caller(make_user("Stranger"), "compensation:read")("GET", address, status=404)
