"""Whole numbers out of texts of strangers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.base.whole_numbers import whole_number


@given(st.integers(0, 10**12))
def test_plain_digits_within_the_bounds(number):
    assert whole_number(str(number), most=10**12) == number
    assert whole_number(f" {number} ", most=10**12) == number
    assert whole_number(number + 1, most=number) is None


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1e3", "²", "٣", "abc", "1 2", "9" * 5000])
def test_what_is_no_number(text):
    assert whole_number(text, most=2**63) is None


def test_leading_zeros_are_no_other_number():
    assert whole_number("007", most=9) == 7


def test_the_least():
    assert whole_number("0", least=1, most=9) is None


@given(st.text())
def test_any_text_is_answered(text):
    found = whole_number(text, most=99)
    assert found is None or 0 <= found <= 99
