"""Every reason for which nothing is paid is told, per component and for the whole statement."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from compensation.make import TEST, book, make_payee, make_plan
from compensation.statements.test_pages import see, signed_in, statement_address
from compensation.test_api import Caller
from dealwright.base.people.models import User
from dealwright.compensation.bookings.services import record_payment
from dealwright.compensation.calculation.nothing import why_component, why_statement
from dealwright.compensation.credits.services import void_event
from dealwright.compensation.holds.services import place_hold
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import period_on
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.services import assign_payee
from dealwright.compensation.statements.queries import version_on
from make import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def why(payee: User, plan: CompensationPlan, day: str, component: str = "commission") -> str:
    period = period_on(plan, date.fromisoformat(day))
    return why_component(payee, plan, version_on(plan, period), period, component)


def whole(payee: User, plan: CompensationPlan, day: str) -> list[str]:
    return list(why_statement(payee, period_on(plan, date.fromisoformat(day))))


def one(component: str, more: str = "") -> CompensationPlan:
    return make_plan(f"currency: EUR\ncalendar: month\n{more}components:\n  - {component}\n")


def test_who_is_not_on_the_plan_then() -> None:
    plan = make_plan()
    ann = make_user("Ann")
    assign_payee(TEST, plan.pk, ann, date(2027, 3, 1), ends_on=date(2027, 6, 30))
    assert why(ann, plan, "2027-01-05") == "Ann is on this plan from 1 March 2027 on."
    assert why(ann, plan, "2027-08-05") == "Ann was on this plan until 30 June 2027."
    bob = make_user("Bob")
    assert why(bob, plan, "2027-01-05") == "Bob is not on this plan."
    assert whole(bob, plan, "2027-01-05") == ["Bob is on no plan that pays by the month."]
    assert whole(ann, plan, "2027-01-05") == [
        f"{plan.name}: Ann is on this plan from 1 March 2027 on."
    ]


def test_a_plan_that_does_not_pay_yet() -> None:
    plan = make_plan(starts_on=date(2027, 4, 1))
    ann = make_payee(plan, "Ann")
    assert why(ann, plan, "2027-01-05") == "The plan pays from 1 April 2027 on."
    assert why(ann, plan, "2027-04-05", "none") == "The plan of this period has no such component."


def test_no_quota_and_below_the_first_threshold() -> None:
    plan = one("tiered: {id: commission, quota: bookings, bands: [[50%, 5%]]}")
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob", quota=None)
    book(400, (ann, "1"))
    book(400, (bob, "1"))
    assert why(ann, plan, "2027-01-05") == "What was credited stays below the first threshold."
    assert why(bob, plan, "2027-01-05") == (
        "There is no quota “bookings” above zero for this period."
    )


def test_an_event_outside_the_period_is_named() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    nothing = "No event was credited for “booking” in this period."
    assert why(ann, plan, "2027-01-05").startswith("No event was credited")
    book(400, (ann, "1"), on=date(2027, 2, 3), title="Big deal", key="big")
    said = why(ann, plan, "2027-01-05")
    assert said.endswith("The nearest is “Big deal” of 3 February 2027, outside 2027-01.")
    void_event(TEST, "big")
    assert "nearest" not in why(ann, plan, "2027-01-05")
    assert nothing.split("“")[0] in said


def test_what_the_customer_has_not_paid() -> None:
    plan = one(
        "flat: {id: commission, measure: cash, rate: 5%}",
        "measures:\n  cash: {of: payment, amount: amount}\n",
    )
    ann = make_payee(plan, "Ann")
    book(400, (ann, "1"), title="Big deal", key="big")
    assert why(ann, plan, "2027-01-20").endswith(
        "“Big deal” is booked, and this pays on the payment: the customer has not paid yet."
    )
    record_payment(TEST, booking="big", key="p", on=date(2027, 1, 25), amount=Decimal(400))
    assert "has not paid" not in why(ann, plan, "2027-01-20")


def test_a_gate_a_condition_and_a_window() -> None:
    plan = make_plan("""
        currency: EUR
        calendar: month
        fields: {segment: text}
        payee_fields: {grade: text}
        components:
          - flat: {id: commission, rate: 5%}
          - spif: {id: push, rate: 1%, from: 2027-02-01, to: 2027-02-28}
          - flat: {id: big, rate: 1%, when: "amount > 1000"}
          - flat: {id: senior, rate: 1%, for: "payee.grade = 'senior'"}
          - gate: {id: enough, on: commission, quota: bookings, at_least: 100%}
    """)
    ann = make_payee(plan, "Ann", fields={"grade": "junior"})
    book(400, (ann, "1"))
    assert why(ann, plan, "2027-01-05") == (
        "A gate was not reached, so what was earned is not paid."
    )
    assert why(ann, plan, "2027-01-05", "push") == "It counts events from 1 February 2027 on."
    assert why(ann, plan, "2027-03-05", "push") == "It counted events until 28 February 2027."
    assert why(ann, plan, "2027-01-05", "big").startswith("No credit fulfils the condition: ")
    assert why(ann, plan, "2027-01-05", "senior").startswith("It is for payees of whom it is true")
    said = whole(ann, plan, "2027-01-05")
    assert [each.partition(":")[0] for each in said] == ["Commission", "Push", "Big", "Senior"]


def test_what_is_held_held_back_or_recovered() -> None:
    plan = make_plan("""
        currency: EUR
        calendar: month
        components:
          - flat: {id: commission, rate: 5%}
          - holdback: {id: collection, on: commission, share: 100%}
    """)
    ann = make_payee(plan, "Ann")
    book(400, (ann, "1"), title="Big deal", key="big")
    assert whole(ann, plan, "2027-01-05") == ["€20.00 is held back until the customer pays."]
    record_payment(TEST, booking="big", key="p", on=date(2027, 1, 25), amount=Decimal(400))
    place_hold(TEST, event_key="big", reason="Disputed", starts_on=date(2027, 1, 1))
    assert whole(ann, plan, "2027-01-05") == ["€20.00 is on hold, Big deal: Disputed (Dealwright)."]
    draw = make_plan("""
        currency: EUR
        calendar: month
        components:
          - flat: {id: commission, rate: 5%}
        draw: {amount: 20, periods: 1}
    """)
    bob = make_payee(draw, "Bob")
    book(1, (bob, "1"), on=date(2027, 1, 5))
    book(200, (bob, "1"), on=date(2027, 2, 5))
    assert "€10.00 went to recover a draw." in whole(bob, draw, "2027-02-05")


def test_pages_and_api_say_it_to_whoever_may_see_the_pay() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(400, (ann, "1"), on=date(2027, 2, 3), title="Big deal")
    period_on(plan, date(2027, 1, 1))
    address = statement_address(ann)
    assert f'hx-get="{address}/why"' in see(signed_in(ann), address)
    said = see(signed_in(ann), f"{address}/why")
    assert "Why nothing?" in said and "Big deal" in said
    assert f"{statement_address(ann, '2027-02')}/why" not in see(
        signed_in(ann), statement_address(ann, "2027-02")
    ).replace("commission/why", "")
    see(signed_in(make_user()), f"{address}/why", 404)
    period = PayPeriod.objects.get(label="2027-01")
    call = Caller(ann, "compensation:read")
    base = f"/statements/{ann.pk}/{period.pk}/why"
    (answer,) = call("GET", base)
    assert answer.startswith("Commission: No event was credited")
    assert call("GET", f"{base}?plan={plan.pk}&component=commission") == [
        answer.removeprefix("Commission: ")
    ]
    Caller(make_user(), "compensation:read")("GET", base, status=404)
    assert period.ends_on + timedelta(days=1) == date(2027, 2, 1)
