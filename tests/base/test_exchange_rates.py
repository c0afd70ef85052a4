"""Dated exchange rates and conversion."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dealwright.base.errors import Invalid, NotAllowed
from dealwright.base.exchange_rates import ExchangeRate, convert, rate_on, set_rate
from dealwright.base.money import Money
from dealwright.base.records.models import AuditEvent
from make import acting, make_administrator, make_user

pytestmark = pytest.mark.django_db
JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)


def state(base: str, quote: str, rate: str, valid_on: date = JANUARY) -> ExchangeRate:
    return set_rate(
        acting(make_administrator()),
        base=base,
        quote=quote,
        rate=Decimal(rate),
        valid_on=valid_on,
        source="Central bank",
    )


def test_it_takes_the_rate_that_holds_on_the_day() -> None:
    state("USD", "INR", "83")
    state("USD", "INR", "84.5", MARCH)
    money = Money(Decimal("10000"), "USD")
    assert str(convert(money, "INR", date(2026, 2, 28))) == "830000.00 INR"
    assert str(convert(money, "INR", MARCH)) == "845000.00 INR"


def test_it_turns_a_pair_round_and_crosses_two() -> None:
    state("EUR", "USD", "1.25")
    state("EUR", "JPY", "160.4")
    assert str(convert(Money(Decimal("100"), "USD"), "EUR", MARCH)) == "80.00 EUR"
    assert str(convert(Money(Decimal("100"), "USD"), "JPY", MARCH)) == "12832 JPY"
    used = rate_on("USD", "JPY", MARCH)
    assert used.rate == Decimal("128.32")
    assert used.steps == (
        "1 EUR = 1.25 USD from 2026-01-01, Central bank",
        "1 EUR = 160.4 JPY from 2026-01-01, Central bank",
    )


def test_of_a_pair_stated_both_ways_the_fresher_counts() -> None:
    state("USD", "EUR", "0.9")
    state("EUR", "USD", "1.25", MARCH)
    assert rate_on("USD", "EUR", date(2026, 2, 1)).rate == Decimal("0.9")
    assert rate_on("USD", "EUR", MARCH).rate == Decimal("0.8")


def test_it_names_the_missing_rate() -> None:
    state("EUR", "USD", "1.25", MARCH)
    with pytest.raises(
        Invalid, match="no exchange rate from EUR to USD on 2026-02-28 or before it"
    ) as refusal:
        convert(Money(Decimal(1), "EUR"), "USD", date(2026, 2, 28))
    assert refusal.value.code == "exchange_rate_missing"


def test_the_same_currency_needs_no_rate() -> None:
    money = Money(Decimal("1.005"), "EUR")
    assert convert(money, "EUR", MARCH) is money


def test_a_rate_stated_again_replaces_the_one_of_that_day_and_leaves_a_trace() -> None:
    first = state("EUR", "USD", "1.25")
    assert state("EUR", "USD", "1.26").pk == first.pk
    changes = AuditEvent.objects.filter(table="base_exchangerate", record_id=first.pk)
    assert [each.action for each in changes.order_by("id")] == ["insert", "update"]


def test_it_names_each_wrong_value() -> None:
    with pytest.raises(Invalid) as refusal:
        state("EUR", "eur", "0")
    assert refusal.value.fields == {
        "quote": ["A rate needs two different currencies."],
        "rate": ["The rate must be above zero and below 1,000,000,000,000."],
    }
    with pytest.raises(Invalid) as refusal:
        state("XYQ", "EUR", "1")
    assert refusal.value.fields == {"base": ["“XYQ” is not a currency code such as EUR or USD."]}


def test_a_rep_may_not_state_rates() -> None:
    with pytest.raises(NotAllowed, match="set by administrators and finance"):
        set_rate(
            acting(make_user()),
            base="EUR",
            quote="USD",
            rate=Decimal(1),
            valid_on=MARCH,
            source="Me",
        )
