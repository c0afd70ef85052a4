"""How dates and numbers of a column are written is read off the column."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.transfer.formats import (
    DATE_FORMATS,
    guess_date_format,
    guess_decimal_comma,
    parse_date,
    parse_number,
)


@pytest.mark.parametrize(
    ("values", "format", "or_else"),
    [
        (["2017-03-01", ""], "YYYY-MM-DD", ""),
        (["3/1/2017", "12/31/2017"], "MM/DD/YYYY", ""),
        (["31/12/2017", "1/2/2017"], "DD/MM/YYYY", ""),
        (["1/2/2017", "3/4/2017"], "MM/DD/YYYY", "DD/MM/YYYY"),
        (["31.12.2017"], "DD.MM.YYYY", ""),
        (["16 Apr, 2021 00:02:00"], "DD Mon, YYYY", ""),
        (["2017-03-01T10:00:00Z"], "YYYY-MM-DD", ""),
    ],
)
def test_a_column_tells_its_format(values, format, or_else):
    guess = guess_date_format(values)
    assert guess is not None
    assert (guess.format, guess.or_else) == (format, or_else)


def test_what_is_no_date_column_is_none():
    assert guess_date_format(["Acme", "Betatech"]) is None
    assert guess_date_format(["", ""]) is None


@given(
    day=st.dates(date(1970, 1, 1), date(2068, 12, 31)), format=st.sampled_from(sorted(DATE_FORMATS))
)
def test_every_format_reads_what_it_writes(day: date, format: str):
    assert parse_date(day.strftime(DATE_FORMATS[format]), format) == day


@given(start=st.dates(date(2000, 1, 1), date(2030, 1, 1)), count=st.integers(40, 60))
def test_a_run_of_days_is_never_misread(start: date, count: int):
    days = [start + timedelta(days=n) for n in range(count)]
    for format in ("MM/DD/YYYY", "DD/MM/YYYY"):
        guess = guess_date_format(day.strftime(DATE_FORMATS[format]) for day in days)
        assert guess is not None
        assert (guess.format, guess.or_else) == (format, "")


@pytest.mark.parametrize(
    ("text", "comma", "number"),
    [
        ("$22,700.00", False, "22700.00"),
        ("1.234,56 €", True, "1234.56"),
        ("(1,000)", False, "-1000"),
        ("12 %", False, "0.12"),
        ("1'234.50 CHF", False, "1234.50"),
        ("-5", False, "-5"),
    ],
)
def test_numbers_as_people_write_them(text, comma, number):
    assert parse_number(text, decimal_comma=comma) == Decimal(number)


@pytest.mark.parametrize("text", ["", "abc", "1-2", "=1+1", "--5", "1e5", "NaN"])
def test_what_is_no_number(text):
    assert parse_number(text) is None


def test_the_decimal_sign_is_the_columns():
    assert guess_decimal_comma(["1.234,56", "12,50"])
    assert not guess_decimal_comma(["1,234.56", "12.50", "1,000"])
