"""Whatever the model, the shares sum to the amount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.intelligence.attribution.models_of_credit import MODELS, share_amount


@given(
    amount=st.decimals(0, 10**9, places=2),
    ages=st.lists(st.decimals(0, 3000, places=3), min_size=1, max_size=30),
    model=st.sampled_from(sorted(MODELS)),
)
def test_shares_sum_to_the_amount(amount, ages, model):
    parts = share_amount(model, amount, "EUR", sorted(ages, reverse=True))
    assert sum(parts) == amount
    assert min(parts) >= 0


@pytest.mark.parametrize(
    ("model", "shares"),
    [
        ("first", ["100.00", "0.00", "0.00", "0.00"]),
        ("last", ["0.00", "0.00", "0.00", "100.00"]),
        ("linear", ["25.00", "25.00", "25.00", "25.00"]),
        ("position", ["40.00", "10.00", "10.00", "40.00"]),
        ("decay", ["6.67", "13.33", "26.67", "53.33"]),
    ],
)
def test_models_by_hand(model, shares):
    ages = [Decimal(21), Decimal(14), Decimal(7), Decimal(0)]
    parts = share_amount(model, Decimal(100), "EUR", ages)
    assert [str(part) for part in parts] == shares


def test_no_touches_share_nothing():
    assert share_amount("linear", Decimal(100), "EUR", []) == []
