"""Whatever happens in whatever order: the ledger balances, closed periods stay, the lines under a
number sum to it, and what was posted piece by piece is what one calculation of all would find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compensation.make import TEST, book, close, make_payee, make_plan
from dealwright.base.people.models import User
from dealwright.compensation.bookings.services import record_payment, record_termination
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.calculation.services import (
    Cause,
    calculate_period,
    recalculate_for,
    recalculate_plan,
)
from dealwright.compensation.calculation.snapshot import take_snapshot
from dealwright.compensation.credits.services import void_event
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.ledger.services import pay_period
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import approve_period, close_period, submit_period
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.statements.queries import statement, statement_lines

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PLAN = """
currency: EUR
calendar: month
components:
  - tiered: {id: commission, quota: bookings, cumulate: ytd, mode: retroactive,
             bands: [[0, 5.55%], [100%, 7.777%]]}
  - override: {id: lead, rate: 1.11%}
  - cap: {id: limit, on: commission, amount: 400, excess: withhold}
  - holdback: {id: collection, on: lead, share: 33.3333%}
draw: {amount: 150, periods: 9, recover_share: 50%, at_end: forgive}
clawback: {on: [commission, lead], trigger: termination, schedule: [[2, 100%], [6, 50%]]}
"""
amounts = st.decimals(min_value=-900, max_value=9000, places=2)
days = st.integers(0, 210).map(lambda n: date(2027, 1, 1) + timedelta(days=n))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("book"), amounts, days, st.integers(1, 99)),
        st.tuples(st.just("correct"), amounts, days, st.integers(1, 99)),
        st.tuples(st.just("void"), st.integers(0, 9)),
        st.tuples(st.just("terminate"), st.integers(0, 9), st.integers(0, 150)),
        st.tuples(st.just("collect"), st.integers(0, 9), st.integers(0, 90), amounts),
        st.tuples(st.just("close")),
    ),
    min_size=2,
    max_size=7,
)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_the_ledger_keeps_its_promises(happenings: Sequence[tuple[Any, ...]]) -> None:
    with transaction.atomic():
        plan = make_plan(PLAN)
        mia = make_payee(plan, "Mia")
        ann, bob = make_payee(plan, "Ann", manager=mia), make_payee(plan, "Bob", manager=mia)
        sealed: dict[Any, list[Any]] = {}
        deals: list[tuple[str, date]] = []
        for number, (verb, *values) in enumerate(happenings):
            _VERBS[verb](deals, number, (ann, bob), sealed, *values)
        _check(plan, (ann, bob, mia), sealed)
        transaction.set_rollback(True)


def _book(
    deals: list[tuple[str, date]],
    number: int,
    reps: tuple[User, User],
    sealed: Any,
    amount: Decimal,
    on: date,
    percent: int,
) -> None:
    ann, bob = reps
    share = Decimal(percent) / 100
    book(str(amount), (ann, str(share)), (bob, str(1 - share)), on=on, key=f"d{number}")
    deals.append((f"d{number}", on))


def _correct(
    deals: list[tuple[str, date]],
    number: int,
    reps: tuple[User, User],
    sealed: Any,
    amount: Decimal,
    on: date,
    percent: int,
) -> None:
    if deals:
        book(str(amount), (reps[percent % 2], "1"), on=on, key=deals[0][0])


def _void(deals: list[tuple[str, date]], number: int, reps: Any, sealed: Any, which: int) -> None:
    if deals:
        recorded = void_event(TEST, deals[which % len(deals)][0])
        assert recorded is not None
        recalculate_for(TEST, recorded, Cause("void"))


def _terminate(
    deals: list[tuple[str, date]], number: int, reps: Any, sealed: Any, which: int, after: int
) -> None:
    if deals:
        key, on = deals[which % len(deals)]
        record_termination(TEST, booking=key, on=on + timedelta(days=after), key=f"t{number}")


def _collect(
    deals: list[tuple[str, date]],
    number: int,
    reps: Any,
    sealed: Any,
    which: int,
    after: int,
    amount: Decimal,
) -> None:
    if deals:
        key, on = deals[which % len(deals)]
        record_payment(
            TEST, booking=key, key=f"p{number}", on=on + timedelta(days=after), amount=amount
        )


def _close(deals: Any, number: int, reps: Any, sealed: dict[Any, list[Any]]) -> None:
    period = PayPeriod.objects.filter(closed_at__isnull=True).order_by("number").first()
    if period is None:
        return
    calculate_period(TEST, period.pk)
    submit_period(TEST, period.pk)
    approve_period(TEST, period.pk)
    if number % 2 and _owes(period):
        pay_period(TEST, period.pk)
    close_period(TEST, period.pk)
    sealed[period.pk] = _postings(period)


def _owes(period: PayPeriod) -> bool:
    from dealwright.compensation.ledger.services import balances_to_pay

    return any(row["balance"] > 0 for row in balances_to_pay(period))


def _postings(period: PayPeriod) -> list[Any]:
    return list(
        Posting.objects.filter(posted_period=period).order_by("id").values_list("id", "amount")
    )


_VERBS: dict[str, Callable[..., None]] = {
    "book": _book,
    "correct": _correct,
    "void": _void,
    "terminate": _terminate,
    "collect": _collect,
    "close": _close,
}


def _check(plan: CompensationPlan, payees: Sequence[User], sealed: dict[Any, list[Any]]) -> None:
    entries: dict[Any, Decimal] = defaultdict(Decimal)
    for posting in Posting.objects.all():
        entries[posting.entry, posting.currency] += posting.amount
    assert set(entries.values()) <= {Decimal(0)}

    # A calculation of everybody adds what no deal brings (draws of those without one), and
    # of deals finds nothing that was not posted when they came; then it finds nothing at all.
    everything = {"since": date(2027, 1, 1), "cause": Cause("all")}
    for run in recalculate_plan(TEST, plan, **everything):
        assert not run.lines.filter(event__isnull=False).exists(), list(run.lines.values())
    for run in recalculate_plan(TEST, plan, **everything):
        assert run.delta_count == 0, list(run.lines.values())
    assert _standing(plan) == _truth(plan)

    for period in PayPeriod.objects.filter(pk__in=sealed):
        assert _postings(period) == sealed[period.pk]

    for payee in payees:
        for period in PayPeriod.objects.all():
            shown = statement(TEST, payee.pk, period.pk)
            for part in shown.parts:
                for row in part.components:
                    lines, more = statement_lines(TEST, payee.pk, period.pk, plan.pk, row.id)
                    assert not more
                    assert sum((line.amount for line in lines), Decimal(0)) == row.amount


def _standing(plan: CompensationPlan) -> dict[tuple[str, int, str], Decimal]:
    sums: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    for row in RunLine.objects.filter(plan=plan).select_related("earned_period"):
        key = (str(row.payee_id), row.earned_period.number, row.component)
        sums[key] += row.sign * row.payout
    return {key: amount for key, amount in sums.items() if amount}


def _truth(plan: CompensationPlan) -> dict[tuple[str, int, str], Decimal]:
    """What the reference engine finds for everybody from all that is known now."""
    periods = PayPeriod.objects.order_by("number")
    first, last = periods.first(), periods.last()
    if first is None or last is None:
        return {}
    definition = read_plan(plan.versions.get().text)
    snapshot = take_snapshot(plan, definition, None, first=date(2027, 1, 1), last=last.ends_on)
    inputs = load_rows(definition, snapshot.tables, check_names=False)
    result = calculate(prepare_inputs(inputs, first=date(2027, 1, 1), last=last.ends_on), "oracle")
    inputs.close()
    return {key: amount for key, amount in result.components.items() if amount}


def test_a_close_that_breaks_off_leaves_everything_as_it_was() -> None:
    from dealwright.base.evidence.models import EvidenceEntry

    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 10))
    period = PayPeriod.objects.get()
    calculate_period(TEST, period.pk)
    submit_period(TEST, period.pk)
    approve_period(TEST, period.pk)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        close_period(TEST, period.pk)
        raise KeyboardInterrupt
    period.refresh_from_db()
    assert period.state == "approved"
    assert not EvidenceEntry.objects.filter(kind="period.closed").exists()
    close_period(TEST, period.pk)
    assert EvidenceEntry.objects.filter(kind="period.closed").count() == 1


def test_a_changed_posting_of_a_closed_period_is_found() -> None:
    from django.db import connection

    from dealwright.compensation.periods.services import verify_period

    plan = make_plan()
    ann = make_payee(plan)
    book(800, (ann, "1"), on=date(2027, 1, 10))
    january = close("2027-01")
    assert verify_period(january)
    with connection.cursor() as cursor:  # as somebody with the keys of the database might
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table compensation_posting disable trigger user")
        cursor.execute("update compensation_posting set amount = amount * 2")
        cursor.execute("alter table compensation_posting enable trigger user")
    assert not verify_period(january)


def test_what_is_overdrawn_is_carried_and_not_paid() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(1000, (ann, "1"), on=date(2027, 1, 10), key="deal")
    january = close("2027-01")
    pay_period(TEST, january.pk)
    record_termination(TEST, booking="deal", on=date(2027, 2, 10))
    book(600, (ann, "1"), on=date(2027, 3, 10))
    close("2027-02")
    march = close("2027-03")
    from dealwright.compensation.ledger.services import balances_to_pay

    assert [f"{row['balance']:.2f}" for row in balances_to_pay(march)] == ["-20.00"]
    owed = Posting.objects.filter(payee=ann, account=Account.PAYABLE)
    assert sum(row.amount for row in owed) == 20
