"""How values look, and numbers as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.web import charts, formats
from dealwright.base.web.records.numbers import percent_to_fraction, plain_number


@pytest.mark.parametrize(
    ("typed", "english", "german"),
    [
        ("1234.5", "1234.5", "1234.5"),
        ("1,234.5", "1234.5", "1234.5"),
        ("1.234,5", "1234.5", "1234.5"),
        ("1,234", "1234", "1.234"),
        ("12,5", "12.5", "12.5"),
        ("1'234'567", "1234567", "1234567"),
        ("1 234,50 €", "1234.50", "1234.50"),
        ("$ 1,250,000", "1250000", "1250000"),
        ("-3,5", "-3.5", "-3.5"),
        ("many", "many", "many"),
        ("12 apples", "12 apples", "12 apples"),
    ],
)
def test_a_number_is_read_as_its_reader_writes_it(typed: str, english: str, german: str) -> None:
    with translation.override("en"):
        assert plain_number(typed) == english
    with translation.override("de"):
        assert plain_number(typed) == german


@given(st.decimals(min_value=-100_000, max_value=100_000, places=4))
def test_a_percent_becomes_its_fraction_exactly(percent: Decimal) -> None:
    assert Decimal(percent_to_fraction(f"{percent:f}")) == percent / 100


def test_money_follows_currency_and_language() -> None:
    with translation.override("en"):
        assert formats.format_money(Decimal("1234.5"), "EUR") == "€1,234.50"
        assert formats.format_money(Decimal("1234"), "JPY") == "¥1,234"
        assert formats.format_whole_money(Decimal("1200.00"), "USD") == "$1,200"
        assert formats.format_whole_money(Decimal("1200.40"), "USD") == "$1,200.40"
        assert formats.format_compact_money(Decimal("1234567"), "EUR") == "€1.2M"
    with translation.override("de"):
        assert formats.format_money(Decimal("1234.5"), "EUR") == "1.234,50\xa0€"


def test_percents_are_fractions() -> None:
    with translation.override("en"):
        assert formats.format_percent(Decimal("0.125"), 1) == "12.5%"
        assert formats.format_percent(Decimal("0.5"), 2, fixed=False) == "50%"


def test_a_date_without_its_year_is_of_this_year() -> None:
    today = formats.today()
    with translation.override("en"):
        assert str(today.year) not in formats.format_short_date(today)
        assert formats.format_short_date(date(2019, 3, 4)) == "Mar 4, 2019"


def test_a_short_sum_has_separators_where_a_language_has_no_short_form() -> None:
    with translation.override("de"):
        assert formats.format_compact_money(220_200, "USD").replace("\xa0", " ") == "220.200 $"
    with translation.override("en"):
        assert formats.format_compact_money(220_200, "USD") == "$220.2K"


def test_a_moment_is_shown_in_the_active_zone() -> None:
    moment = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    with translation.override("en"), timezone.override("Europe/Berlin"):
        assert formats.format_date(moment) == "Feb 1, 2027"
        assert formats.iso_local(moment) == "2027-02-01T00:30"
        assert formats.format_datetime(moment).replace("\u202f", " ") == "Feb 1, 2027, 12:30 AM"
        past = moment.replace(year=2019)
        short = formats.format_datetime(past, "short").replace("\u202f", " ")
        assert short == "Feb 1, 2019, 12:30 AM"
    with translation.override("de"), timezone.override("Europe/Berlin"):
        assert formats.format_datetime(moment) == "01.02.2027, 00:30"


def test_a_scale_has_round_lines_and_includes_zero() -> None:
    scale = charts.nice_scale([12, 187_000], 220)
    assert scale.ticks() == [0, 50_000, 100_000, 150_000, 200_000]
    below = charts.nice_scale([-40, 90], 220)
    assert below.ticks() == [-50, 0, 50, 100]


def test_bars_stand_on_zero_and_reach_their_value() -> None:
    ((_, wide), (_, narrow)) = charts.bar_layouts([("Jan", 100), ("Feb", -50), ("Mar", 0)])
    january, february, march = wide.bars
    assert january.y + january.height == pytest.approx(wide.baseline)
    assert february.y == pytest.approx(wide.baseline)
    assert january.height == pytest.approx(2 * february.height)
    assert march.height == 0
    assert narrow.width < wide.width


def test_a_line_breaks_where_a_value_is_missing() -> None:
    ((_, wide), _narrow) = charts.line_layouts(["a", "b", "c"], [("Rate", [0.2, None, 0.4])])
    assert wide.lines[0].path.count("M") == 2
    assert len(wide.lines[0].points) == 2


def test_a_funnel_tells_the_rate_from_step_to_step() -> None:
    steps = charts.shares([("Leads", 200), ("Deals", 50), ("Won", 0)])
    assert [step["rate"] for step in steps] == [None, 0.25, 0.0]
    assert [step["width"] for step in steps] == [100, 25, 0]
