"""Plans that pay by periods of four and five weeks are simulated by those periods."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, book, make_payee, make_plan
from compensation.simulation.test_backtests import rows_of
from compensation.simulation.test_forecasts import make_deal
from dealwright.compensation.simulation.forecasts import calculate_forecast, create_forecast
from dealwright.compensation.simulation.pay_curve import ImaginedDeal, pay_curve, what_if
from dealwright.compensation.simulation.services import calculate_backtest, create_backtest

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# February and the first days of March are the first period, until 4 April the second and third.
PLAN = """
plan: retail
currency: EUR
calendar: {kind: 4-4-5, starts: 2027-02-01}
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
"""


def test_a_backtest_is_widened_to_periods_of_weeks() -> None:
    plan = make_plan(PLAN, starts_on=date(2027, 2, 1))
    ann = make_payee(plan, "Ann", quota=None)
    _set_quota(ann)
    book(1000, (ann, "1"), on=date(2027, 2, 28))  # the last day of P01
    book(500, (ann, "1"), on=date(2027, 3, 1))  # the first of P02
    text = plan.versions.get().text.replace("5%", "6%")
    made = create_backtest(
        TEST,
        plan.pk,
        text=text,
        label="Edited",
        starts_on=date(2027, 2, 20),
        ends_on=date(2027, 3, 2),
    )
    found = calculate_backtest(TEST, made.pk)
    assert (found.starts_on, found.ends_on) == (date(2027, 2, 1), date(2027, 3, 28))
    assert [(period, before, after) for _, period, _, before, after in rows_of(found)] == [
        ("2027-P01", "50.00", "60.00"),
        ("2027-P02", "25.00", "30.00"),
    ]


def test_what_if_and_pay_curve_know_the_period_of_weeks() -> None:
    plan = make_plan(PLAN, starts_on=date(2027, 2, 1))
    ann = make_payee(plan, "Ann", quota=None)
    _set_quota(ann)
    book(400, (ann, "1"), on=date(2027, 2, 28))
    day = date(2027, 3, 1)
    found = what_if(TEST, ann.pk, plan.pk, [ImaginedDeal(Decimal(1000), day, ann.pk)], day)
    assert (found.before, found.after, found.span) == (20, 70, "2027-P02")
    component, places = pay_curve(TEST, ann.pk, plan.pk, day)
    assert component == "commission"
    assert [each.pay for each in places if each.attainment == 0] == [0]


def test_the_forecast_of_a_deal_stands_in_its_period_of_weeks() -> None:
    plan = make_plan(PLAN, starts_on=date(2027, 2, 1))
    ann = make_payee(plan, "Ann", quota=None)
    _set_quota(ann)
    make_deal(ann, "1000", date(2027, 3, 1), probability="1")
    made = create_forecast(
        TEST, ends_on=date(2027, 3, 10), as_of=date(2027, 2, 10), seed=7, draws=100
    )
    found = calculate_forecast(TEST, made.pk)
    figures = found.figures.filter(plan__isnull=True, payee__isnull=True)
    periods = {row.period: row.expected for row in figures if row.period}
    assert periods.get("2027-P02") == Decimal("50.00")


def _set_quota(user: object) -> None:
    from dealwright.compensation.quotas.services import set_quota

    set_quota(
        TEST,
        user,  # type: ignore[arg-type]
        "bookings",
        Decimal(1_000_000),
        starts_on=date(2027, 2, 1),
        ends_on=date(2028, 1, 30),
    )
