"""Accruals, the journal for the general ledger, exchange rates and the currency of reports."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from compensation.accounting.make import FLAT, make_policy, month
from compensation.make import TEST, book, close, make_payee, make_plan, owed
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.exchange_rates import set_rate
from dealwright.base.identifiers import uuid7
from dealwright.compensation.accounting.accruals import accrued, grouped, totals
from dealwright.compensation.accounting.exports import journal_csv, schedule_csv
from dealwright.compensation.accounting.models import JournalAccount, JournalLine
from dealwright.compensation.accounting.queries import deal_schedule, expense_in, roll_forward
from dealwright.compensation.accounting.rates import (
    delete_plan_rate,
    import_rates,
    state_rate,
    stated_rates,
)
from dealwright.compensation.accounting.services import (
    close_month,
    run_month,
    set_account_number,
    set_cost_centre,
)
from dealwright.compensation.bookings.services import record_payment
from dealwright.compensation.ledger.services import pay_period

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_accruals_by_payee_plan_and_cost_centre() -> None:
    plan, other = (
        make_plan(FLAT),
        make_plan("currency: EUR\ncomponents: [{flat: {id: x, rate: 2%}}]"),
    )
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    from dealwright.compensation.plans.services import assign_payee

    assign_payee(TEST, other.pk, bob, date(2027, 1, 1))
    set_cost_centre(TEST, "100")
    set_cost_centre(TEST, "200", user=bob)
    book(1000, (ann, "1"))
    book(3000, (bob, "1"), on=date(2027, 2, 3))
    january, february = accrued(month(1)), accrued(month(2))
    assert totals(january) == {"EUR": 110}
    assert [(r.label, r.amount) for r in grouped(february, "payee")] == [("Ann", 110), ("Bob", 390)]
    assert [(r.label, r.amount) for r in grouped(february, "centre")] == [
        ("100", 110),
        ("200", 390),
    ]
    assert sorted(r.amount for r in grouped(february, "plan")) == [60, 440]
    period = close("2027-01")
    pay_period(TEST, period.pk, paid_at=datetime(2027, 2, 10, tzinfo=UTC))
    assert totals(accrued(month(1))) == {"EUR": 110}  # at the end of January it was not paid
    assert totals(accrued(month(2))) == {"EUR": 390}


def test_what_is_held_back_is_accrued_and_shown_as_held() -> None:
    plan = make_plan(
        """
        currency: EUR
        calendar: month
        components:
          - flat: {id: commission, rate: 10%}
          - holdback: {id: collection, on: commission, share: 40%}
        """
    )
    ann = make_payee(plan)
    book(1000, (ann, "1"), key="deal")
    (row,) = accrued(month(1))
    assert (row.amount, row.held) == (100, 40)
    record_payment(TEST, booking="deal", key="p", on=date(2027, 2, 1), amount=Decimal(1000))
    (row,) = accrued(month(2))
    assert (row.amount, row.held) == (100, 0)
    period = close("2027-01")
    pay_period(TEST, period.pk, paid_at=datetime(2027, 2, 10, tzinfo=UTC))
    (row,) = accrued(month(2))
    assert (row.amount, row.held) == (40, 0)


def test_the_journal_file_balances_and_asks_for_missing_numbers() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, tax_rate=Decimal("0.0765"))
    set_cost_centre(TEST, "S-100")
    book(120000, (make_payee(plan), "1"))
    run_month(TEST, month(1))
    set_account_number(TEST, JournalAccount.ASSET, "1480")
    with pytest.raises(Conflict) as refused:
        journal_csv(month(1))
    assert refused.value.message == (
        "These accounts have no number of your general ledger yet: Accrued commissions, "
        "Amortisation of contract costs, Commission expense, Payroll tax on commissions."
    )
    for account in JournalAccount.values:
        set_account_number(TEST, account, f"9{len(account)}")
    rows = list(csv.DictReader(io.StringIO(journal_csv(month(1)).decode())))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row["currency"]] += Decimal(row["debit"]) - Decimal(row["credit"])
        assert (row["date"], row["journal"]) == ("2027-01-31", "ACC-2027-01")
        assert row["cost_centre"] == "S-100"
    assert sums == {"EUR": 0}
    by_kind = {(row["kind"], row["account_name"]): (row["debit"], row["credit"]) for row in rows}
    assert by_kind["capitalisation", "Capitalised contract costs"] == ("12918.00", "0.00")
    assert by_kind["capitalisation", "Payroll tax on commissions"] == ("0.00", "918.00")
    assert by_kind["accrual", "Accrued commissions"] == ("0.00", "13200.00")
    with pytest.raises(Invalid, match="at most 40"):
        set_account_number(TEST, JournalAccount.ASSET, "9" * 41)


def test_the_roll_forward_ties_to_the_journal_and_the_schedules() -> None:
    plan = make_plan(FLAT)
    make_policy(plan, "commission", "extra")
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    deals = [
        book(120000, (ann, "0.5"), (bob, "0.5"), on=date(2027, 1, 9)),
        book(36000, (ann, "1"), on=date(2027, 3, 9)),
    ]
    run_month(TEST, month(5))
    close_month(TEST, month(2))
    rows = roll_forward(month(2), month(5))
    figures = [(r.opening, r.addition, r.amortisation, r.impairment, r.closing) for r in rows]
    assert figures[0] == (Decimal("12833.36"), 0, Decimal("366.64"), 0, Decimal("12466.72"))
    assert figures[1][1] == 3960
    schedules = [deal_schedule(deal.pk) for deal in deals]
    for row in rows:
        steps = [s for each in schedules for s in each.total if s.month == row.month]
        assert row.closing == sum(step.closing for step in steps)
        assert row.amortisation == sum(step.amortisation for step in steps)
    first = schedules[0]
    assert len(first.costs) == 4 and not first.is_stale
    assert sum(step.amortisation for step in first.total) == 13200
    assert first.total[-1].month == month(36) and first.total[-1].closing == 0
    states = [line.rsplit(",", 1)[1] for line in schedule_csv(first).decode().splitlines()[1:37]]
    assert states == ["sealed"] * 2 + ["posted"] * 3 + ["expected"] * 31
    # A change that the journal has not seen yet is told.
    book(240000, (ann, "0.5"), (bob, "0.5"), on=date(2027, 1, 9), key=deals[0].key)
    assert deal_schedule(deals[0].pk).is_stale
    with pytest.raises(NotFound):
        deal_schedule(uuid7())


def test_expense_is_reported_in_one_currency_and_a_missing_rate_is_told() -> None:
    euro = make_plan(FLAT)
    dollar = make_plan(FLAT.replace("EUR", "USD"))
    book(1000, (make_payee(euro), "1"))
    book(1000, (make_payee(dollar), "1"), currency="USD")
    run_month(TEST, month(1))
    (row,) = expense_in("EUR", month(1), month(1))
    assert row.amounts == {"commission_expense": 110}
    assert row.missing == [
        "There is no exchange rate from USD to EUR on 2027-01-31 or before it. "
        "State one under exchange rates, then try again."
    ]
    set_rate(
        TEST,
        base="EUR",
        quote="USD",
        rate=Decimal("1.25"),
        valid_on=date(2027, 1, 20),
        source="ECB",
    )
    (row,) = expense_in("EUR", month(1), month(1))
    assert (row.total, row.missing) == (198, [])
    assert row.rates == ["1 EUR = 1.25 USD from 2027-01-20, ECB"]


PLAN_RATES = """
currency: EUR
calendar: month
effective: 2027-01-01
measures:
  fixed: {of: booking, amount: amount, rates: plan}
components:
  - flat: {id: commission, measure: fixed, rate: 10%}
"""


def test_plan_rates_pay_what_they_say_from_their_day_on() -> None:
    plan = make_plan(PLAN_RATES)
    ann = make_payee(plan)
    shared = {"type": "plan", "base": "USD", "quote": "EUR", "source": "Budget 2027"}
    state_rate(TEST, **shared, rate=Decimal("0.90"), starts_on=date(2027, 1, 1))
    state_rate(TEST, **shared, rate=Decimal("0.80"), starts_on=date(2027, 2, 1))
    book(1000, (ann, "1"), on=date(2027, 1, 31), currency="USD")
    book(1000, (ann, "1"), on=date(2027, 2, 1), currency="USD")
    assert (owed(ann, "2027-01"), owed(ann, "2027-02")) == ("90.00", "80.00")
    # Stated the other way round: one euro is two dollars.
    state_rate(
        TEST, type="plan", base="EUR", quote="USD", rate=Decimal(2), starts_on=date(2027, 3, 1),
        source="",
    )  # fmt: skip
    book(1000, (ann, "1"), on=date(2027, 3, 5), currency="USD")
    assert owed(ann, "2027-03") == "50.00"


def test_a_missing_rate_is_told_with_day_and_pair() -> None:
    spot = make_plan(FLAT)
    fixed = make_plan(PLAN_RATES)
    with pytest.raises(Invalid, match="no exchange rate from USD to EUR on 2027-01-31"):
        book(1000, (make_payee(spot), "1"), on=date(2027, 1, 31), currency="USD")
    with pytest.raises(Invalid, match="no exchange rate from GBP to EUR on 2027-01-01"):
        book(1000, (make_payee(fixed), "1"), on=date(2027, 1, 31), currency="GBP")


def test_rates_from_a_file_all_or_none() -> None:
    text = (
        "from,to,date,rate,type,source\n"
        "USD,EUR,2027-01-01,0.9,plan,Budget\n"
        "USD,EUR,2027-01-04,0.91,,ECB\n"
    )
    assert import_rates(TEST, text) == 2
    assert [(each.type, str(each.rate.normalize()), each.source) for each in stated_rates()] == [
        ("spot", "0.91", "ECB"),
        ("plan", "0.9", "Budget"),
    ]
    with pytest.raises(Invalid) as refused:
        import_rates(
            TEST,
            "from;to;date;rate;type\nGBP;EUR;2027-01-01;1,15;spot\nUSD;USD;2027-01-01;1;\n"
            "USD;EUR;soon;1;\nUSD;EUR;2027-01-01;x;\nUSD;EUR;2027-01-01;0;plan\nA;EUR;2027-01-01;1;plan\n"
            "USD;EUR;2027-01-01;1;forward\n",
        )
    rows = refused.value.fields["file"]
    assert [row.split(":")[0] for row in rows] == [f"Row {n}" for n in range(3, 9)]
    assert "“soon” is not a day" in rows[1] and "“x” is not a rate" in rows[2]
    assert len(stated_rates()) == 2
    assert [each.type for each in stated_rates(search="gbp")] == []
    delete_plan_rate(TEST, stated_rates()[1].id)
    assert len(stated_rates()) == 1


def test_everything_posted_sums_to_zero() -> None:
    plan = make_plan(FLAT)
    make_policy(plan)
    book(120000, (make_payee(plan), "1"))
    run_month(TEST, month(6))
    assert sum((line.amount for line in JournalLine.objects.all()), Decimal(0)) == 0
