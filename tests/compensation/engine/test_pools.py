"""Profit pools: parts sum to the pool to the cent, and who has one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from compensation.engine.calculating import amounts, calculate_text
from dealwright.compensation.engine.oracle_pools import apportion

PLAN = """
plan: p
currency: EUR
calendar: month
measures:
  profit: {of: profit}
components:
  - profit_pool: {id: pool, amount: 100, cumulate: quarter, by: equal}
"""
EVENTS = "event_id,date,payee,amount\nE1,2027-01-10,ann,1"


@given(
    st.integers(min_value=0, max_value=10**9),
    st.lists(st.integers(min_value=0, max_value=10**6), min_size=1, max_size=9),
)
def test_parts_sum_to_the_pool_and_none_is_off_by_a_unit(pool: int, weights: list[int]) -> None:
    parts = apportion(pool, weights)
    total = sum(weights)
    assert sum(parts) == (pool if total else 0)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * total - pool * weight) < max(total, 1)


def test_a_pool_is_paid_when_the_quarter_is_over_to_those_who_stayed(tmp_path: Path) -> None:
    people = (
        "payee,start,end\nann,2027-01-01,\nbob,2027-01-01,\ncem,2027-02-01,\ndee,2027-01-01,"
        "2027-03-30"
    )
    found = calculate_text(tmp_path, PLAN, events=EVENTS, people=people)
    assert amounts(found) == {
        ("ann", "2027-03", "pool"): Decimal("33.34"),
        ("bob", "2027-03", "pool"): Decimal("33.33"),
        ("cem", "2027-03", "pool"): Decimal("33.33"),
    }
    by_days = PLAN.replace("by: equal", "by: days, leavers: true")
    found = calculate_text(tmp_path, by_days, events=EVENTS, people=people)
    assert amounts(found) == {
        ("ann", "2027-03", "pool"): Decimal("27.44"),  # 90 of 328 days
        ("bob", "2027-03", "pool"): Decimal("27.44"),
        ("cem", "2027-03", "pool"): Decimal("17.99"),  # 59
        ("dee", "2027-03", "pool"): Decimal("27.13"),  # 89
    }


def test_a_loss_makes_no_pool(tmp_path: Path) -> None:
    plan = PLAN.replace("amount: 100,", "share: 10%, measure: profit, above: 50,")
    events = "event_id,kind,date,payee,amount\nE1,profit,2027-01-10,,-900\nE2,profit,2027-05-01,,90"
    people = "payee\nann\nbob"
    found = calculate_text(tmp_path, plan, events=events, people=people)
    assert amounts(found) == {
        ("ann", "2027-06", "pool"): Decimal("2.00"),
        ("bob", "2027-06", "pool"): Decimal("2.00"),
    }
