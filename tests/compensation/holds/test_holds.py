"""Held pay waits on an account of its own: nothing of it is paid, nothing of it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation.make import TEST, balance, book, close, ledger_total, make_payee, make_plan, owed
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.services import record_termination
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.disputes.services import decide_adjustment, propose_adjustment
from dealwright.compensation.holds.models import Hold
from dealwright.compensation.holds.services import (
    place_hold,
    release_due_holds,
    release_hold,
)
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.ledger.services import balances_to_pay, pay_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import approve_period, submit_period
from make import acting, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

JANUARY = date(2027, 1, 1)


def hold(**fields: Any) -> Hold:
    return place_hold(TEST, **({"reason": "Delivery is disputed", "starts_on": JANUARY} | fields))


def payable(user: User) -> str:
    return f"{-Decimal(balance(user, Account.PAYABLE)):.2f}"


def held(user: User) -> str:
    return f"{-Decimal(balance(user, Account.ON_HOLD)):.2f}"


def to_pay(label: str) -> dict[str, str]:
    rows = balances_to_pay(PayPeriod.objects.get(label=label, calendar="month"))
    return {row["payee__name"]: f"{row['balance']:.2f}" for row in rows}


def approve(label: str) -> PayPeriod:
    period = PayPeriod.objects.get(label=label)
    calculate_period(TEST, period.pk)
    submit_period(TEST, period.pk)
    return approve_period(TEST, period.pk)


def test_a_deal_is_held_for_everybody_or_for_one() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(800, (ann, "0.5"), (bob, "0.5"), key="big")
    book(300, (ann, "1"), key="small", on=date(2027, 1, 20))
    everybody = hold(event_key="big")
    # Big is 400 at 5 % for each; small is Ann's, 300 at 5 %.
    assert (held(ann), payable(ann)) == ("20.00", "15.00")
    assert (held(bob), payable(bob)) == ("20.00", "0.00")
    assert owed(ann, "2027-01") == "15.00"  # by the ledger; earned are 35
    release_hold(TEST, everybody.pk)
    assert (held(ann), payable(ann), held(bob)) == ("0.00", "35.00", "0.00")
    hold(event_key="big", payee_id=bob.pk)
    assert (held(ann), held(bob), payable(bob)) == ("0.00", "20.00", "0.00")
    assert ledger_total() == 0


def test_what_is_calculated_under_a_hold_goes_straight_to_it() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), key="big")
    hold(event_key="big")
    book(1500, (ann, "1"), key="big")
    # 1,000 at 5 % and 500 at 7 %.
    assert (held(ann), payable(ann)) == ("85.00", "0.00")
    book(100, (ann, "1"), on=date(2027, 1, 20))
    assert (held(ann), payable(ann)) == ("85.00", "7.00")
    record_termination(TEST, booking="big", on=date(2027, 2, 20))
    assert (held(ann), payable(ann)) == ("0.00", "7.00")


def test_a_person_is_held_from_a_day_on_adjustments_included() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), on=date(2027, 1, 10))
    book(600, (ann, "1"), on=date(2027, 2, 10))
    hold(payee_id=ann.pk, starts_on=date(2027, 2, 1))
    assert (held(ann), payable(ann)) == ("30.00", "40.00")
    fay, finn = (make_user(name, profile=Profile.FINANCE) for name in ("Fay", "Finn"))
    row = propose_adjustment(
        acting(fay),
        payee_id=ann.pk,
        period_id=PayPeriod.objects.get(label="2027-02").pk,
        plan_id=plan.pk,
        component="commission",
        amount=Decimal("12.50"),
        reason="Forgotten",
    )
    decide_adjustment(acting(finn), row.pk, approve=True)
    assert (held(ann), payable(ann)) == ("42.50", "40.00")


def test_a_hold_is_not_paid_and_its_release_is_paid_with_the_open_period() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(800, (ann, "1"), key="big", on=date(2027, 1, 10))
    book(200, (bob, "1"), on=date(2027, 1, 11))
    kept = hold(event_key="big")
    close("2027-01")
    pay_period(TEST, PayPeriod.objects.get(label="2027-01").pk)
    assert balance(ann, Account.CASH) == "0.00" and balance(bob, Account.CASH) == "-10.00"
    assert held(ann) == "40.00"
    book(100, (ann, "1"), on=date(2027, 2, 3))  # a calculation changes nothing of the hold
    assert held(ann) == "40.00"
    release_hold(TEST, kept.pk, reason="Delivered")
    moved = Posting.objects.filter(kind=Posting.Kind.RELEASE, account=Account.PAYABLE).get()
    assert (moved.posted_period.label, moved.earned_period.label) == ("2027-02", "2027-01")
    assert to_pay("2027-01") == {}
    approve("2027-02")
    assert to_pay("2027-02") == {"Ann": "45.00"}
    pay_period(TEST, PayPeriod.objects.get(label="2027-02").pk)
    assert (payable(ann), balance(ann, Account.CASH)) == ("0.00", "-45.00")


def test_a_hold_on_an_approved_period_keeps_it_from_being_paid() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), key="big", on=date(2027, 1, 10))
    approve("2027-01")
    assert to_pay("2027-01") == {"Ann": "40.00"}
    hold(event_key="big")
    assert to_pay("2027-01") == {}
    with pytest.raises(Conflict, match="nothing to pay"):
        pay_period(TEST, PayPeriod.objects.get(label="2027-01").pk)


def test_a_hold_on_what_came_late_makes_nobody_owe_for_a_period_that_is_paid() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), on=date(2027, 1, 10))
    close("2027-01")
    pay_period(TEST, PayPeriod.objects.get(label="2027-01").pk)
    book(300, (ann, "1"), on=date(2027, 1, 20), key="late")  # 200 at 5 %, 100 at 7 %
    kept = hold(payee_id=ann.pk)
    assert (held(ann), payable(ann)) == ("17.00", "0.00")
    assert to_pay("2027-01") == {}
    book(100, (ann, "1"), on=date(2027, 2, 20))
    approve("2027-02")
    assert to_pay("2027-02") == {}
    release_hold(TEST, kept.pk)
    approve("2027-03")
    assert to_pay("2027-03") == {"Ann": "22.00"}


def test_what_was_paid_is_held_no_more() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), key="big", on=date(2027, 1, 10))
    approve("2027-01")
    pay_period(TEST, PayPeriod.objects.get(label="2027-01").pk)
    hold(event_key="big")
    assert (held(ann), payable(ann)) == ("0.00", "0.00")
    # A clawback on it would be a debt: a hold never holds one.
    record_termination(TEST, booking="big", on=date(2027, 2, 10))
    assert (held(ann), payable(ann)) == ("0.00", "-40.00")


def test_a_second_hold_keeps_what_the_first_lets_go() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), key="big", on=date(2027, 1, 10))
    first = hold(event_key="big")
    second = hold(payee_id=ann.pk)
    approve("2027-01")
    assert held(ann) == "40.00"
    release_hold(TEST, first.pk)
    assert (held(ann), payable(ann)) == ("40.00", "0.00")
    assert to_pay("2027-01") == {}
    assert Posting.objects.filter(hold=second, account=Account.ON_HOLD).get().amount == -40
    release_hold(TEST, second.pk)
    assert (held(ann), payable(ann)) == ("0.00", "40.00")
    with pytest.raises(Conflict, match="released already"):
        release_hold(TEST, second.pk)


def test_a_hold_ends_by_itself_after_its_last_day() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), on=date(2027, 1, 10))
    row = hold(payee_id=ann.pk, ends_on=date(2027, 3, 31))
    assert release_due_holds(date(2027, 3, 31)) == 0
    assert release_due_holds(date(2027, 4, 1)) == 1
    row.refresh_from_db()
    assert row.release_reason == "It was to end on 2027-03-31."
    assert (held(ann), payable(ann)) == ("0.00", "40.00")


def test_a_period_that_was_paid_with_a_later_one_is_not_paid_again() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), on=date(2027, 1, 10))
    book(600, (ann, "1"), on=date(2027, 2, 10))
    approve("2027-01")
    february = approve("2027-02")
    pay_period(TEST, february.pk)
    assert balance(ann, Account.CASH) == "-70.00"
    assert to_pay("2027-01") == {}


def test_bad_holds_are_refused() -> None:
    plan = make_plan()
    ann = make_payee(plan, "Ann")
    book(800, (ann, "1"), key="big")
    with pytest.raises(Invalid) as refused:
        hold(reason="  ", ends_on=date(2026, 12, 31))
    assert set(refused.value.fields) == {"reason", "ends_on", "payee"}
    with pytest.raises(Invalid, match="no such deal"):
        hold(event_key="none")
    with pytest.raises(NotFound):
        hold(payee_id=plan.pk)
    hold(event_key="big")
    with pytest.raises(Conflict, match="on hold already"):
        hold(event_key="big")
    fay = make_user("Fay", profile=Profile.FINANCE)
    with pytest.raises(NotAllowed, match="own pay"):
        place_hold(acting(fay), reason="x", starts_on=JANUARY, payee_id=fay.pk)
    with pytest.raises(NotAllowed):
        place_hold(acting(ann), reason="x", starts_on=JANUARY, event_key="big")
    with pytest.raises(NotAllowed):
        release_hold(acting(ann), Hold.objects.get().pk)


PLAN = """
currency: EUR
calendar: month
components:
  - tiered: {id: commission, quota: bookings, cumulate: ytd, bands: [[0, 5.55%], [100%, 7.777%]]}
  - holdback: {id: collection, on: commission, share: 33.3333%}
draw: {amount: 40, periods: 4, recover_share: 50%, at_end: forgive}
clawback: {on: [commission], trigger: termination, schedule: [[2, 100%], [6, 50%]]}
"""
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("book"),
            st.decimals(min_value=-900, max_value=9000, places=2),
            st.integers(0, 80),
            st.integers(0, 3),
        ),
        st.tuples(st.just("terminate"), st.integers(0, 3), st.integers(0, 60)),
        st.tuples(st.just("hold deal"), st.integers(0, 3), st.integers(0, 80)),
        st.tuples(st.just("hold person"), st.integers(0, 1), st.integers(0, 80)),
        st.tuples(st.just("release"), st.integers(0, 3)),
        st.tuples(st.just("close")),
    ),
    min_size=3,
    max_size=9,
)


@pytest.mark.slow
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_payable_and_on_hold_are_what_would_be_payable_without_holds(
    happenings: Sequence[tuple[Any, ...]],
) -> None:
    with_holds = _play(happenings, holding=True)
    assert with_holds == _play(happenings, holding=False)


def _play(happenings: Sequence[tuple[Any, ...]], *, holding: bool) -> dict[Any, Decimal]:
    """What stands on payable and on hold together, by payee, component and period, while it
    happens and after the last hold is released."""
    with transaction.atomic():
        plan = make_plan("plan: held\n" + PLAN.strip())
        reps = [make_payee(plan, "Ann"), make_payee(plan, "Bob")]
        deals: set[str] = set()
        for verb, *given_ in happenings:
            if verb == "book":
                amount, after, which = given_
                on = JANUARY + timedelta(days=after)
                book(str(amount), (reps[0], "0.6"), (reps[1], "0.4"), on=on, key=f"d{which}")
                deals.add(f"d{which}")
            elif verb == "terminate" and f"d{given_[0]}" in deals:
                key = f"d{given_[0]}"
                record_termination(
                    TEST, booking=key, on=date(2027, 3, 21) + timedelta(days=given_[1])
                )
            elif verb == "close":
                period = PayPeriod.objects.filter(submitted_at=None).order_by("number").first()
                if period is not None:
                    close(period.label)
            elif holding:
                _hold_or_release(verb, given_, deals, reps)
            if holding:
                _check(reps)
        for row in Hold.objects.filter(released_at__isnull=True):
            release_hold(TEST, row.pk)
        assert all(held(rep) == "0.00" for rep in reps)
        assert ledger_total() == 0
        sums: dict[Any, Decimal] = {}
        for row in Posting.objects.filter(account=Account.PAYABLE).select_related(
            "payee", "earned_period"
        ):
            key = (row.payee.name, row.component, row.earned_period.label)
            sums[key] = sums.get(key, Decimal(0)) - row.amount
        transaction.set_rollback(True)
    return {key: amount for key, amount in sums.items() if amount}


def _hold_or_release(verb: str, given_: Sequence[Any], deals: set[str], reps: list[User]) -> None:
    try:
        if verb == "hold deal" and f"d{given_[0]}" in deals:
            hold(event_key=f"d{given_[0]}", starts_on=JANUARY + timedelta(days=given_[1]))
        elif verb == "hold person":
            hold(payee_id=reps[given_[0]].pk, starts_on=JANUARY + timedelta(days=given_[1]))
        elif verb == "release":
            active = list(Hold.objects.filter(released_at__isnull=True).order_by("pk"))
            if active:
                release_hold(TEST, active[given_[0] % len(active)].pk)
    except Conflict:
        pass  # on hold already


def _check(reps: list[User]) -> None:
    """Payable and on hold sum, place by place, to what was earned, and no hold is below zero."""
    for rep in reps:
        rows = Posting.objects.filter(payee=rep)
        assert Decimal(held(rep)) >= 0
        earned: dict[Any, Decimal] = {}
        stands: dict[Any, Decimal] = {}
        for row in rows.filter(account__in=(Account.PAYABLE, Account.ON_HOLD)):
            place = (row.component, row.earned_period_id)
            stands[place] = stands.get(place, Decimal(0)) - row.amount
            if row.kind in (Posting.Kind.CALCULATION, Posting.Kind.ADJUSTMENT):
                earned[place] = earned.get(place, Decimal(0)) - row.amount
        assert {k: v for k, v in stands.items() if v} == {k: v for k, v in earned.items() if v}
