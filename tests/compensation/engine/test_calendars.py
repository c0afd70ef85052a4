"""Calendars of weeks and days that count."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compensation.engine.calculating import calculate_text, pay
from compensation.engine.test_bad_input import problems
from dealwright.base.errors import Invalid
from dealwright.compensation.engine.counted_days import counted_days, is_working
from dealwright.compensation.engine.periods import pay_periods
from dealwright.compensation.engine.week_calendars import PATTERNS, WeekCalendar
from dealwright.compensation.plans.reading import read_plan

days = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def test_the_year_of_the_retail_federation() -> None:
    """Fiscal 2023 had 53 weeks, from 29 January 2023 to 3 February 2024 (NRF's 4-5-4 calendar)."""
    retail = WeekCalendar("4-5-4", date(2026, 2, 1))
    assert retail.year_start(2023) == date(2023, 1, 29)
    assert retail.year_start(2024) == date(2024, 2, 4)
    assert retail.periods_of(2023)[-1].days == 35  # the 53rd week goes to the last period
    assert retail.periods_of(2024)[-1].days == 28
    assert retail.labelled("2023-P01").start == date(2023, 1, 29)
    assert retail.labelled("2024-Q2").start == date(2024, 5, 5)


@given(days, days, st.sampled_from(sorted(PATTERNS)))
def test_every_day_is_in_one_period_and_labels_lead_back(
    starts: date, day: date, pattern: str
) -> None:
    calendar = WeekCalendar(pattern, starts)
    for unit in ("month", "quarter", "year"):
        span = calendar.span(day, unit)
        assert span.start <= day <= span.end
        assert calendar.labelled(span.label) == span
        assert span.days % 7 == 0
        assert calendar.span(span.end + timedelta(days=1), unit).start == span.end + timedelta(1)


@given(days, st.integers(0, 900))
def test_numbers_grow_by_one(day: date, length: int) -> None:
    found = pay_periods(day, day + timedelta(days=length), "4-4-5@2027-02-01")
    numbers = [each.number for each in found]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(a.ends + timedelta(days=1) == b.starts for a, b in pairwise(found))


@given(days, st.integers(0, 60))
def test_working_days_are_counted_as_one_by_one(day: date, length: int) -> None:
    plan = read_plan(
        "plan: p\ncurrency: EUR\nprorate: working\nholidays: [2027-01-01, 2027-05-01]\n"
        "components:\n  - fixed: {id: a, amount: 5}\n"
    )
    last = day + timedelta(days=length)
    single = sum(is_working(plan, day + timedelta(days=each)) for each in range(length + 1))
    assert counted_days(plan)(day, last) == single


def test_a_label_of_another_calendar_is_told(tmp_path: Path) -> None:
    plan = """
        plan: p
        currency: EUR
        calendar: {kind: 4-4-5, starts: 2027-02-01}
        components:
          - tiered: {id: c, quota: goal, bands: [[0, 5%]]}
        """
    assert problems(tmp_path, plan, quotas="payee,measure,period,amount\nann,goal,2027-03,5") == [
        "quotas row 2: “2027-03” names no period of a 4-4-5 calendar."
    ]
    with pytest.raises(Invalid):
        WeekCalendar("4-4-5", date(2027, 2, 1)).labelled("2027-P13")


def test_relief_of_a_quota_on_leave(tmp_path: Path) -> None:
    plan = """
        plan: p
        currency: EUR
        components:
          - fixed: {id: goal, amount: goal}
        """
    people = (
        "payee,start,end,quota_relief\nann,2027-01-01,2027-01-10,\nann,2027-01-11,2027-01-31,100%"
    )
    found = calculate_text(
        tmp_path,
        plan,
        events="event_id,date,payee,amount\nE1,2027-01-05,ann,1",
        people=people,
        quotas="payee,measure,period,amount\nann,goal,2027-01,310",
    )
    assert pay(found) == {"2027-01": "100.00"}
