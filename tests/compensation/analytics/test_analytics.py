"""Leaderboards and distributions read what was calculated, as far as pay may be seen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from compensation.make import TEST, book, make_payee, make_plan
from dealwright.compensation.analytics.queries import (
    attainment_distribution,
    attainment_on,
    commission_between,
    current_period,
    leaderboard,
)
from make import acting

pytestmark = pytest.mark.django_db


def test_the_board_moves_with_a_booking_and_shares_places() -> None:
    plan = make_plan()
    ann, bob, cem = (make_payee(plan, name) for name in ("Ann", "Bob", "Cem"))
    book(500, (ann, "1"))
    book(500, (bob, "1"))
    book(900, (cem, "1"))
    period = current_period(date(2027, 1, 31))
    assert period is not None
    board = leaderboard(TEST, period)
    assert [(row.place, row.name, row.attainment) for row in board] == [
        (1, "Cem", Decimal("0.9")),
        (2, "Ann", Decimal("0.5")),
        (2, "Bob", Decimal("0.5")),
    ]
    book(700, (ann, "1"))
    assert [row.name for row in leaderboard(TEST, period)] == ["Ann", "Cem", "Bob"]
    assert [row.name for row in leaderboard(TEST, period, by="payout")] == ["Ann", "Cem", "Bob"]


def test_payouts_of_others_stay_hidden() -> None:
    plan = make_plan()
    ann, bob = make_payee(plan, "Ann"), make_payee(plan, "Bob")
    book(500, (ann, "1"))
    book(400, (bob, "1"))
    period = current_period(date(2027, 1, 31))
    assert period is not None
    board = leaderboard(acting(ann), period)
    assert [(row.name, row.payout) for row in board] == [("Ann", Decimal(25)), ("Bob", None)]
    assert [row.name for row in leaderboard(acting(ann), period, by="payout")] == ["Ann"]
    assert [
        each.user_id
        for each in commission_between(acting(ann), date(2027, 1, 1), date(2027, 1, 31), "EUR")
    ] == [ann.pk]
    assert sum(count for _, count in attainment_distribution(acting(ann), period)) == 1


def test_how_many_reach_what() -> None:
    plan = make_plan()
    for amount in (100, 600, 700, 1000, 2000):
        book(amount, (make_payee(plan), "1"))
    period = current_period(date(2027, 1, 31))
    assert period is not None
    assert attainment_distribution(TEST, period) == [
        ("0%–25%", 1),
        ("25%–50%", 0),
        ("50%–75%", 2),
        ("75%–100%", 0),
        ("100%–125%", 1),
        ("125%–150%", 0),
        ("over 150%", 1),
    ]
    assert len(attainment_on(TEST, date(2027, 1, 31))) == 5


def test_commission_between_days_counts_deals_of_those_days() -> None:
    plan = make_plan()
    ann = make_payee(plan)
    book(500, (ann, "1"), on=date(2027, 1, 5))
    book(500, (ann, "1"), on=date(2027, 1, 25))
    (earned,) = commission_between(TEST, date(2027, 1, 1), date(2027, 1, 10), "EUR")
    assert (earned.amount, earned.deals) == (25, 1)
    assert commission_between(TEST, date(2027, 1, 1), date(2027, 1, 31), "USD") == []
