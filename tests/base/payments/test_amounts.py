from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.errors import Invalid
from dealwright.base.money import Money, currency_codes, minor_units
from dealwright.base.payments.amounts import from_minor, payable_step, round_payable, to_minor

CURRENCIES = sorted(currency_codes())


@pytest.mark.parametrize(
    ("amount", "currency", "number"),
    [
        ("10.00", "USD", 1000),
        ("0.01", "EUR", 1),
        ("500", "JPY", 500),
        ("1.250", "KWD", 1250),
        ("5.12", "BHD", 5120),
        ("5", "ISK", 500),
        ("5", "UGX", 500),
        ("20", "MGA", 20),
        ("3", "XAF", 3),
        ("1234567.89", "CHF", 123456789),
    ],
)
def test_the_number_is_the_one_of_the_provider(amount: str, currency: str, number: int) -> None:
    money = Money(Decimal(amount), currency)
    assert to_minor(money) == number
    assert from_minor(number, currency.lower()) == money


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0.005", "EUR", "amount_too_fine"),
        ("1.5", "JPY", "amount_too_fine"),
        ("1.234", "KWD", "amount_too_fine"),
        ("1.50", "ISK", "amount_too_fine"),
        ("0", "EUR", "amount"),
        ("-1", "EUR", "amount"),
        ("10000000000", "EUR", "amount_too_large"),
    ],
)
def test_what_cannot_be_paid_is_refused(amount: str, currency: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_minor(Money(Decimal(amount), currency))
    assert refused.value.code == code


@given(currency=st.sampled_from(CURRENCIES), steps=st.integers(1, 10**9 - 1))
def test_what_can_be_paid_comes_back_as_it_was(currency: str, steps: int) -> None:
    money = Money(payable_step(currency) * steps, currency)
    number = to_minor(money)
    assert number > 0
    assert from_minor(number, currency) == money


@given(
    currency=st.sampled_from(CURRENCIES),
    amount=st.decimals("0.01", "9999999", places=6, allow_nan=False),
)
def test_rounding_gives_what_can_be_paid_and_is_the_nearest(currency: str, amount: Decimal) -> None:
    step = payable_step(currency)
    rounded = round_payable(amount, currency)
    assert abs(rounded - amount) <= step / 2
    assert -int(rounded.as_tuple().exponent) == minor_units(currency)
    if rounded:
        to_minor(Money(rounded, currency))
