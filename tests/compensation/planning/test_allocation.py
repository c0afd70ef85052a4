"""Sharing out: exact at every level, whatever is locked, ramped or rounded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.compensation.planning.allocation import (
    HAND,
    HEADS,
    HISTORY,
    METHODS,
    WEIGHTS,
    Node,
    Part,
    allocate,
    bottom_up,
    share_out,
)
from dealwright.compensation.planning.months import (
    Presence,
    factor,
    make_season,
    month_factors,
    slices,
)
from dealwright.compensation.planning.statistics import Seat, capacity, variation

CENT = Decimal("0.01")
YEAR = make_season(date(2027, 1, 1), date(2027, 12, 31))
RAMP = [Fraction(0), Fraction(1, 4), Fraction(1, 2)]

amounts = st.decimals(0, 10**9, places=2)
steps = st.sampled_from([Decimal(each) for each in ("0.01", "1", "50", "1000")])
weights = st.fractions(0, 10**6)
days = st.dates(date(2026, 6, 1), date(2028, 3, 31))
presences = st.builds(
    Presence,
    starts_on=st.none() | days,
    ends_on=st.none() | days,
    ramp_from=st.none() | days,
    ramp=st.lists(st.fractions(0, 1), max_size=6),
)


def part(weight: int | Fraction, locked: str | None = None) -> Part:
    return Part(Fraction(weight), None if locked is None else Decimal(locked))


def test_what_makes_no_whole_step_is_carried_by_one() -> None:
    found = share_out(Decimal("10050"), [part(1), part(1), part(1)], Decimal(1000))
    assert found.amounts == [Decimal(4000), Decimal(3050), Decimal(3000)]
    assert found.carried == [Decimal(0), Decimal(50), Decimal(0)]
    assert found.unplaced == 0


def test_steps_go_where_most_is_missed() -> None:
    # Exactly 1666.67, 3333.33, 5000: the second misses less than the first.
    found = share_out(Decimal(10000), [part(1), part(2), part(3)], Decimal(1000))
    assert found.amounts == [Decimal(2000), Decimal(3000), Decimal(5000)]


def test_locks_come_first_and_too_many_of_them_show() -> None:
    found = share_out(Decimal(1000), [part(1, "300"), part(1), part(3)])
    assert found.amounts == [Decimal(300), Decimal(175), Decimal(525)]
    found = share_out(Decimal(1000), [part(1, "1200"), part(1)])
    assert (found.amounts, found.unplaced) == ([Decimal(1200), Decimal(0)], Decimal(-200))
    found = share_out(Decimal(1000), [part(1, "300"), part(0)])
    assert (found.amounts, found.unplaced) == ([Decimal(300), Decimal(0)], Decimal(700))


@given(amounts, st.lists(st.tuples(weights, st.none() | amounts), max_size=12), steps)
def test_shares_and_what_is_left_are_the_whole(
    whole: Decimal, given_parts: list[tuple[Fraction, Decimal | None]], step: Decimal
) -> None:
    parts = [Part(*each) for each in given_parts]
    found = share_out(whole, parts, step)
    assert sum(found.amounts, Decimal(0)) + found.unplaced == whole
    free = [at for at, each in enumerate(parts) if each.locked is None]
    total = sum((parts[at].weight for at in free), Fraction(0))
    rest = whole - sum((each.locked or 0 for each in parts), Decimal(0))
    if total > 0 and rest >= 0:
        assert found.unplaced == 0
    for at, each in enumerate(parts):
        if each.locked is not None:
            assert found.amounts[at] == each.locked
            continue
        assert (found.amounts[at] - found.carried[at]) % step == 0
        assert found.amounts[at] >= 0
        if total > 0 and rest >= 0:
            exact = Fraction(rest) * each.weight / total
            # No further from the exact share than a step, and the odd rest that one carries.
            assert abs(Fraction(found.amounts[at]) - exact) < 2 * Fraction(step)
    assert len([each for each in found.carried if each]) <= 1


@st.composite
def trees(draw: st.DrawFn) -> list[Node]:
    nodes = [Node(0, None, over=draw(st.decimals(0, 1, places=3)))]
    for key in range(1, draw(st.integers(1, 14)) + 1):
        nodes.append(  # noqa: PERF401  each draw hangs on those before
            Node(
                key,
                draw(st.integers(0, key - 1)),
                method=draw(st.sampled_from(["", *METHODS])),
                over=draw(st.decimals(0, 1, places=3)),
                locked=draw(st.none() | st.none() | amounts),
                factor=factor(YEAR, draw(presences)),
                history=draw(st.decimals(-1000, 10**6, places=2)),
                pipeline=draw(st.decimals(0, 10**6, places=2)),
                weight=draw(st.none() | st.decimals(0, 10**6, places=2)),
            )
        )
    return nodes


@given(trees(), amounts, st.sampled_from(METHODS), steps)
def test_each_level_sums_to_what_its_parent_shares_out(
    nodes: list[Node], whole: Decimal, method: str, step: Decimal
) -> None:
    placed = allocate(nodes, whole, method, step)
    assert set(placed) == {each.key for each in nodes}
    for node in nodes:
        below = [each for each in nodes if each.parent == node.key]
        if not below:
            continue
        own = placed[node.key]
        over = Fraction(own.amount) * (1 + Fraction(node.over))
        assert own.below == own.amount or abs(Fraction(own.below) - over) <= Fraction(step) / 2
        assert own.below >= own.amount
        assert sum((placed[each.key].amount for each in below), own.unplaced) == own.below
        for each in below:
            assert placed[each.key].amount == each.locked or each.locked is None
    against = bottom_up(nodes, placed, {})
    leaves = [each.key for each in nodes if not any(n.parent == each.key for n in nodes)]
    assert all(against[key].difference == 0 for key in leaves)


def test_over_assignment_ramps_and_new_hires() -> None:
    half = Fraction(1, 2)
    nodes = [
        Node("all", over=Decimal("0.05")),
        Node("north", "all", over=Decimal("0.1")),
        Node("south", "all"),
        Node("ann", "north", history=Decimal(300)),
        Node("new", "north", weight=Decimal(300), factor=half),
        Node("bob", "south", history=Decimal(150)),
    ]
    placed = allocate(nodes, Decimal(1000), HISTORY, CENT)
    # 1050 as 450 (300 and half of 300) is to 150.
    assert placed["north"].amount == Decimal("787.50")
    assert placed["south"].amount == placed["bob"].amount == Decimal("262.50")
    assert placed["north"].below == Decimal("866.25")
    assert placed["ann"].amount == Decimal("577.50")
    assert placed["new"].amount == Decimal("288.75")


def test_heads_stand_in_where_nobody_has_the_figure() -> None:
    nodes = [Node("all"), Node("ann", "all"), Node("bob", "all", factor=Fraction(1, 3))]
    placed = allocate(nodes, Decimal(400), HISTORY, CENT)
    assert (placed["ann"].amount, placed["bob"].amount) == (Decimal(300), Decimal(100))
    assert placed["ann"].stood_in
    by_hand = allocate(nodes, Decimal(400), HAND, CENT)
    assert by_hand["all"].unplaced == 400


def test_a_given_weight_of_a_group_goes_before_those_below_it() -> None:
    nodes = [
        Node("all"),
        Node("north", "all", weight=Decimal(3)),
        Node("south", "all", weight=Decimal(1)),
        Node("ann", "north", weight=Decimal(1)),
        Node("bob", "north", weight=Decimal(1)),
        Node("cem", "south", weight=Decimal(9)),
    ]
    placed = allocate(nodes, Decimal(400), WEIGHTS, CENT)
    assert placed["north"].amount == 300
    assert placed["ann"].amount == 150
    assert placed["cem"].amount == 100


def test_bottom_up_rises_without_the_over_assignment() -> None:
    nodes = [
        Node("all"),
        Node("mia", "all", over=Decimal("0.25")),
        Node("ann", "mia"),
        Node("bob", "mia"),
    ]
    placed = allocate(nodes, Decimal(800), HEADS, CENT)
    found = bottom_up(nodes, placed, {"ann": Decimal(400)})
    assert found["ann"].difference == -100
    assert (found["mia"].wanted, found["mia"].expected) == (900, 1000)
    assert found["all"].wanted == 720  # 900 less a quarter over
    found = bottom_up(nodes, placed, {"mia": Decimal(790), "ann": Decimal(400)})
    assert found["all"].wanted == 790


@pytest.mark.parametrize(
    ("presence", "expected"),
    [
        (Presence(), Fraction(1)),
        (Presence(ends_on=date(2027, 6, 30)), Fraction(1, 2)),
        (Presence(starts_on=date(2027, 4, 16)), Fraction(1, 12) / 2 + Fraction(8, 12)),
        (Presence(ramp_from=date(2027, 10, 1), ramp=RAMP), Fraction(3, 48)),
        # In the third month of a ramp that began the year before.
        (Presence(ramp_from=date(2026, 11, 15), ramp=RAMP), Fraction(23, 24)),
        (Presence(starts_on=date(2028, 1, 1)), Fraction(0)),
    ],
)
def test_what_can_be_carried(presence: Presence, expected: Fraction) -> None:
    assert factor(YEAR, presence) == expected


def test_seasons_by_month_and_by_quarter() -> None:
    quarters = make_season(date(2027, 1, 1), date(2027, 12, 31), [Decimal(each) for each in "1234"])
    assert quarters.worth[0] == Fraction(1, 30)
    assert quarters.worth[11] == Fraction(4, 30)
    assert (
        make_season(date(2027, 1, 1), date(2027, 3, 31), [Decimal(0)] * 3).worth
        == [Fraction(1, 3)] * 3
    )


@given(presences, amounts, st.sampled_from(["month", "quarter", "range"]), st.integers(0, 3))
def test_dated_parts_sum_to_the_amount_and_keep_to_the_days(
    presence: Presence, amount: Decimal, grain: str, seed: int
) -> None:
    season = make_season(
        date(2027, 1, 1), date(2027, 12, 31), [Decimal(seed + at % 5) for at in range(12)]
    )
    shares = share_out(amount, [Part(each) for each in month_factors(season, presence)])
    found = slices(season, presence, shares.amounts, grain)
    if factor(season, presence) > 0:
        assert shares.unplaced == 0
        assert sum((each.amount for each in found), Decimal(0)) == amount
    for each in found:
        assert season.start <= each.starts_on <= each.ends_on <= season.end
        assert presence.first is None or each.starts_on >= presence.first
        assert presence.ends_on is None or each.ends_on <= presence.ends_on
    for before, after in pairwise(found):
        assert before.ends_on < after.starts_on


def test_capacity_and_what_a_hire_brings() -> None:
    seats = [
        Seat(Decimal(1200), Fraction(1), Decimal("0.9")),
        Seat(Decimal(600), Fraction(1, 2), Decimal("0.9")),
    ]
    found = capacity(YEAR, Decimal(2000), seats, attainment=Decimal("0.8"), ramp=RAMP)
    assert (found.assigned, found.reachable, found.gap) == (1800, 1620, 380)
    assert (found.full, found.seats) == (Decimal(1200), Fraction(3, 2))
    january, december = found.hires[0], found.hires[11]
    # Nine full months and three quarters of one, of twelve: 0.8125.
    assert (january.factor, january.brings, january.needed) == (Fraction(13, 16), 780, 1)
    assert (december.brings, december.needed) == (0, None)
    october = found.hires[9]
    assert (october.brings, october.needed) == (60, 7)


def test_variation() -> None:
    assert variation([Decimal(1), Decimal(1)]) == 0
    assert variation([Decimal(1), Decimal(3)]) == Decimal("0.5")
    assert variation([]) is None
