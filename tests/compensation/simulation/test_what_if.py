"""What imagined deals add, and pay over attainment, by the compiled plan."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, book, make_payee, make_plan, owed
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.simulation.pay_curve import ImaginedDeal, pay_curve, what_if
from make import acting, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DAY = date(2027, 2, 15)
PLAN = """
currency: EUR
calendar: month
fields: {segment: text}
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 10%]]}
  - flat: {id: extra, rate: 1%, when: segment = 'new'}
"""


def test_imagined_deals_pay_what_they_would() -> None:
    plan = make_plan(PLAN)
    ann = make_payee(plan, "Ann")
    book(400, (ann, "1"), on=date(2027, 2, 3))
    deals = [
        ImaginedDeal(Decimal(800), DAY, ann.pk),
        ImaginedDeal(Decimal(1000), DAY, ann.pk, {"segment": "new"}),
    ]
    found = what_if(acting(ann), ann.pk, plan.pk, deals, DAY)
    # 600 at 5 %, 1,200 at 10 %, and 1 % of the second.
    assert (found.before, found.after, found.amount) == (20, 180, 160)
    assert found.now and (found.now.reached, found.now.pay) == (400, 20)
    assert found.then and (found.then.attainment, found.then.pay) == (Decimal("2.2"), 180)
    assert (found.component, found.span) == ("commission", "2027-02")
    assert sum(line.amount for line in found.lines) == 160
    for deal in deals:
        book(f"{deal.amount}", (ann, "1"), on=deal.on, attributes=dict(deal.fields))
    assert owed(ann, "2027-02") == "180.00"


def test_the_curve_is_pay_over_attainment() -> None:
    plan = make_plan(PLAN)
    ann = make_payee(plan, "Ann")
    book(300, (ann, "1"), on=date(2027, 2, 3))
    book(200, (ann, "1"), on=date(2027, 2, 4))
    component, places = pay_curve(acting(ann), ann.pk, plan.pk, DAY)
    assert component == "commission"
    at = {each.attainment: each.pay for each in places}
    assert at[Decimal("0")] == 0
    assert at[Decimal("0.3")] == 15
    assert at[Decimal("0.5")] == 25
    assert at[Decimal("1")] == 50
    assert at[Decimal("1.5")] == 100
    assert at[Decimal("2")] == 150
    assert [each.ahead for each in places] == sorted(each.ahead for each in places)
    assert CreditEvent.objects.count() == 2


def test_without_a_quota_there_is_no_curve() -> None:
    plan = make_plan("currency: EUR\ncomponents:\n  - flat: {id: c, rate: 3%}\n")
    ann = make_payee(plan, "Ann", quota=None)
    assert pay_curve(acting(ann), ann.pk, plan.pk, DAY) == ("", [])
    deal = ImaginedDeal(Decimal(100), DAY, ann.pk)
    found = what_if(acting(ann), ann.pk, plan.pk, [deal], DAY)
    assert (found.amount, found.now) == (3, None)


def test_only_the_payee_and_who_may_see_the_pay_may_ask() -> None:
    plan = make_plan(PLAN)
    mia = make_user("Mia", profile=Profile.MANAGER)
    ann = make_payee(plan, "Ann", manager=mia)
    for actor in (acting(ann), acting(mia), acting(make_user(profile=Profile.FINANCE))):
        assert what_if(actor, ann.pk, plan.pk, [], DAY).amount == 0
    with pytest.raises(NotFound):
        what_if(acting(make_user()), ann.pk, plan.pk, [], DAY)
    with pytest.raises(NotFound, match="does not pay then"):
        what_if(acting(ann), ann.pk, plan.pk, [], date(2026, 2, 1))
    with pytest.raises(Invalid, match="at most 20"):
        what_if(TEST, ann.pk, plan.pk, [ImaginedDeal(Decimal(1), DAY, ann.pk)] * 21, DAY)


def test_a_plan_with_a_budget_for_all_has_a_curve_too() -> None:
    plan = make_plan(
        """
        currency: EUR
        components:
          - tiered: {id: commission, quota: bookings, bands: [[0, 5%]]}
          - spif: {id: push, rate: 10%, budget: 100}
        """
    )
    ann = make_payee(plan, "Ann")
    _, places = pay_curve(TEST, ann.pk, plan.pk, DAY)
    assert [(each.attainment, each.pay) for each in places[:3]] == [
        (0, 0),
        (Decimal("0.2"), 30),
        (Decimal("0.4"), 60),
    ]
    assert places[-1].pay == 200


def test_now_is_the_last_point_behind_though_pay_was_taken_back() -> None:
    plan = make_plan(PLAN + "clawback: {trigger: termination, schedule: [[3, 100%]]}\n")
    ann = make_payee(plan, "Ann")
    book(400, (ann, "1"), on=date(2027, 2, 3), key="kept")
    book(500, (ann, "1"), on=date(2027, 2, 4), key="lost")
    record_termination(TEST, booking="lost", on=date(2027, 2, 10))
    _, places = pay_curve(TEST, ann.pk, plan.pk, DAY)
    behind = [each for each in places if not each.ahead]
    assert [each.pay for each in behind] == [0, 20, 45, 20]
    assert f"{behind[-1].pay:.2f}" == owed(ann, "2027-02")
    # One more deal of 50: what was taken back stays so.
    assert (places[len(behind)].attainment, places[len(behind)].pay) == (
        Decimal("0.95"),
        Decimal("22.5"),
    )
