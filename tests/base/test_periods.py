"""Fiscal periods."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dealwright.base.errors import Invalid
from dealwright.base.periods import period_labelled, period_of, periods_between

days = some.dates(date(1990, 1, 1), date(2100, 12, 31))
kinds = some.sampled_from(["month", "quarter", "year"])
starts = some.integers(1, 12)


@pytest.mark.parametrize(
    ("day", "kind", "fiscal_start", "start", "end", "label"),
    [
        ("2017-02-10", "month", 1, "2017-02-01", "2017-02-28", "2017-02"),
        ("2017-11-24", "quarter", 1, "2017-10-01", "2017-12-31", "2017-Q4"),
        ("2017-11-24", "year", 1, "2017-01-01", "2017-12-31", "2017"),
        ("2026-11-24", "quarter", 7, "2026-10-01", "2026-12-31", "FY2027-Q2"),
        ("2026-06-30", "year", 7, "2025-07-01", "2026-06-30", "FY2026"),
        ("2026-01-31", "quarter", 2, "2025-11-01", "2026-01-31", "FY2026-Q4"),
        ("2024-02-29", "month", 2, "2024-02-01", "2024-02-29", "2024-02"),
    ],
)
def test_it_finds_the_period_of_a_day(
    day: str, kind: str, fiscal_start: int, start: str, end: str, label: str
) -> None:
    period = period_of(date.fromisoformat(day), kind, fiscal_start)  # type: ignore[arg-type]
    assert (str(period.start), str(period.end), period.label) == (start, end, label)


@given(days, kinds, starts)
def test_periods_follow_each_other_without_gap(day: date, kind: str, fiscal_start: int) -> None:
    period = period_of(day, kind, fiscal_start)  # type: ignore[arg-type]
    assert day in period
    assert period.next.start == period.end + timedelta(days=1)
    assert period.next.previous == period
    assert period_labelled(period.label, fiscal_start) == period


@given(days, starts)
def test_a_year_is_its_quarters_and_its_months(day: date, fiscal_start: int) -> None:
    year = period_of(day, "year", fiscal_start)
    quarters = periods_between(year.start, year.end, "quarter", fiscal_start)
    months = periods_between(year.start, year.end, "month", fiscal_start)
    assert [len(quarters), len(months)] == [4, 12]
    assert [quarters[0].start, quarters[-1].end] == [year.start, year.end]
    assert sum(month.days for month in months) == year.days in (365, 366)


def test_a_span_has_every_period_with_a_day_in_it() -> None:
    labels = [each.label for each in periods_between(date(2017, 1, 31), date(2017, 4, 1), "month")]
    assert labels == ["2017-01", "2017-02", "2017-03", "2017-04"]


@pytest.mark.parametrize("label", ["", "2017-Q5", "2017-13", "FY2027", "17", "2017-Q", "x-01"])
def test_it_refuses_a_label_that_names_no_period(label: str) -> None:
    with pytest.raises(Invalid, match="names no period"):
        period_labelled(label)


def test_it_refuses_what_is_no_period() -> None:
    with pytest.raises(Invalid, match="take month, quarter or year"):
        period_of(date(2026, 1, 1), "week")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="month from 1 to 12"):
        period_of(date(2026, 1, 1), "year", 13)
    with pytest.raises(Invalid, match="before its start"):
        periods_between(date(2026, 1, 2), date(2026, 1, 1), "month")
