"""Worked examples of contract costs, computed by hand, and what holds for all of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dealwright.compensation.accounting.amortisation import (
    Ending,
    Facts,
    Step,
    Terms,
    add_months,
    end_of,
    last_month,
    roll,
)

JANUARY = date(2027, 1, 1)
TWELVE = {JANUARY: Decimal(12000)}


def month(number: int) -> date:
    """The first day of the month so many after January 2027, which is 1."""
    return add_months(JANUARY, number - 1)


def figures(steps: list[Step], name: str) -> list[str]:
    return [f"{getattr(step, name):.2f}" for step in steps]


def test_36_months_are_35_times_333_33_and_once_333_45() -> None:
    steps = roll(
        Terms(starts_on=date(2027, 1, 20), months=36), Facts(commission=TWELVE), until=month(37)
    )
    assert figures(steps, "amortisation") == ["333.33"] * 35 + ["333.45", "0.00"]
    assert figures(steps, "closing")[34:] == ["333.45", "0.00", "0.00"]
    assert steps[0].month == JANUARY and steps[35].month == date(2029, 12, 1)


def test_by_days_the_first_and_last_month_bear_their_days() -> None:
    """365 days from 20 January: 12 of January, 19 of the next; 10,950.00 is 30.00 a day."""
    terms = Terms(starts_on=date(2027, 1, 20), months=12, by_days=True)
    steps = roll(terms, Facts(commission={JANUARY: Decimal(10950)}), until=month(13))
    assert figures(steps, "amortisation") == [
        "360.00", "840.00", "930.00", "900.00", "930.00", "900.00", "930.00",
        "930.00", "900.00", "930.00", "900.00", "930.00", "570.00",
    ]  # fmt: skip
    assert last_month(terms, Facts(commission={})) == date(2028, 1, 1)


def test_an_end_in_month_10_impairs_what_is_left_after_that_month() -> None:
    facts = Facts(commission=TWELVE, endings=(Ending(date(2027, 10, 9)),))
    steps = roll(Terms(starts_on=JANUARY, months=36), facts, until=month(12))
    assert figures(steps, "amortisation") == ["333.33"] * 10 + ["0.00", "0.00"]
    assert figures(steps, "impairment")[9] == "8666.70"
    assert steps[9].closing == 0


def test_by_days_a_month_is_borne_to_the_day_of_the_end() -> None:
    facts = Facts(commission={JANUARY: Decimal(10950)}, endings=(Ending(date(2027, 3, 10)),))
    steps = roll(Terms(starts_on=JANUARY, months=12, by_days=True), facts, until=month(3))
    assert figures(steps, "amortisation") == ["930.00", "840.00", "300.00"]
    assert figures(steps, "impairment")[2] == "8880.00"


def test_half_of_a_deal_ends_and_half_of_what_is_left_is_impaired() -> None:
    """1,200 over 12: after June 600 is left, 300 is impaired, 50 a month follows."""
    facts = Facts(
        commission={JANUARY: Decimal(1200)},
        endings=(Ending(date(2027, 6, 15), Decimal("0.5")),),
    )
    steps = roll(Terms(starts_on=JANUARY, months=12), facts, until=month(12))
    assert figures(steps, "impairment")[5] == "300.00"
    assert figures(steps, "amortisation") == ["100.00"] * 6 + ["50.00"] * 6


def test_a_clawback_of_half_is_spread_over_the_months_that_are_left() -> None:
    """(9,000.03 - 6,000.00) / 27 = 111.11."""
    facts = Facts(commission={**TWELVE, month(10): Decimal(-6000)})
    steps = roll(Terms(starts_on=JANUARY, months=36), facts, until=month(36))
    assert figures(steps, "amortisation") == ["333.33"] * 9 + ["111.11"] * 26 + ["111.17"]
    assert steps[-1].closing == 0


def test_or_made_good_at_once() -> None:
    """6,000.00 over 36 is 166.66: ten months of it less the 2,999.97 borne is -1,333.37."""
    facts = Facts(commission={**TWELVE, month(10): Decimal(-6000)})
    steps = roll(Terms(starts_on=JANUARY, months=36, catch_up=True), facts, until=month(36))
    assert figures(steps, "amortisation") == (
        ["333.33"] * 9 + ["-1333.37"] + ["166.66"] * 25 + ["166.90"]
    )
    assert figures(steps, "closing")[9] == "4333.40"


def test_a_clawback_of_all_takes_off_what_is_left_and_no_more() -> None:
    """The other 2,999.97 stays a credit of the commission expense: it was borne before."""
    facts = Facts(commission={**TWELVE, month(10): Decimal(-12000)})
    steps = roll(Terms(starts_on=JANUARY, months=36), facts, until=month(12))
    assert figures(steps, "commission")[9] == "-9000.03"
    assert figures(steps, "closing")[9:] == ["0.00"] * 3
    caught_up = roll(Terms(starts_on=JANUARY, months=36, catch_up=True), facts, until=month(12))
    assert figures(caught_up, "commission")[9] == "-12000.00"
    assert figures(caught_up, "amortisation")[9] == "-2999.97"


def test_what_was_clawed_back_and_earned_again_is_capitalised_once() -> None:
    facts = Facts(commission={**TWELVE, month(10): Decimal(-12000), month(11): Decimal(12000)})
    steps = roll(Terms(starts_on=JANUARY, months=36), facts, until=month(36))
    assert sum(step.addition for step in steps) == 12000
    assert sum(step.amortisation for step in steps) == 12000


def test_the_employers_tax_rides_on_top() -> None:
    """7.65 % of 12,000.00 is 918.00; 12,918.00 over 36 is 358.83."""
    terms = Terms(starts_on=JANUARY, months=36, tax_rate=Decimal("0.0765"))
    steps = roll(terms, Facts(commission=TWELVE), until=month(36))
    assert (steps[0].commission, steps[0].tax) == (Decimal("12000.00"), Decimal("918.00"))
    assert figures(steps, "amortisation") == ["358.83"] * 35 + ["358.95"]


def test_what_is_booked_late_is_spread_over_what_is_left_or_made_good() -> None:
    facts = Facts(commission={month(3): Decimal(1000)})
    terms = {"starts_on": JANUARY, "months": 12}
    assert figures(roll(Terms(**terms), facts, until=month(12)), "amortisation") == ["100.00"] * 10
    steps = roll(Terms(**terms, catch_up=True), facts, until=month(12))
    assert figures(steps, "amortisation") == ["249.99"] + ["83.33"] * 8 + ["83.37"]
    over = roll(Terms(starts_on=JANUARY, months=2), facts, until=month(3))
    assert figures(over, "amortisation") == ["1000.00"]


def test_nothing_is_borne_before_the_service_begins() -> None:
    steps = roll(
        Terms(starts_on=month(3), months=2),
        Facts(commission={JANUARY: Decimal("0.05")}),
        until=month(4),
    )
    assert figures(steps, "amortisation") == ["0.00", "0.00", "0.02", "0.03"]


def test_another_period_of_benefit_counts_from_its_month_on() -> None:
    """After two months of 12, 1,000 is left; 20 months in all leave 18: 55.55."""
    facts = Facts(commission={JANUARY: Decimal(1200)}, revised={month(3): 20})
    steps = roll(Terms(starts_on=JANUARY, months=12), facts, until=month(20))
    assert figures(steps, "amortisation") == ["100.00"] * 2 + ["55.55"] * 17 + ["55.65"]


def test_a_write_down_lowers_what_follows_and_is_never_more_than_there_is() -> None:
    facts = Facts(
        commission={JANUARY: Decimal(1200)},
        write_downs={month(2): Decimal(500), month(4): Decimal(9000)},
    )
    steps = roll(Terms(starts_on=JANUARY, months=12), facts, until=month(5))
    assert figures(steps, "amortisation") == ["100.00", "100.00", "50.00", "50.00", "0.00"]
    assert figures(steps, "impairment") == ["0.00", "500.00", "0.00", "400.00", "0.00"]


def test_sealed_months_stay_and_the_first_open_one_takes_the_difference() -> None:
    """Sealed to March with 1,200; then 2,400 turns out to be the truth since January."""
    sealed = {
        step.month: step
        for step in roll(
            Terms(starts_on=JANUARY, months=12),
            Facts(commission={JANUARY: Decimal(1200)}),
            until=month(3),
        )
    }
    truth = Facts(commission={JANUARY: Decimal(2400)})
    steps = roll(
        Terms(starts_on=JANUARY, months=12),
        truth,
        until=month(12),
        sealed=sealed,
        first_open=month(4),
    )
    assert [step.amortisation for step in steps[:3]] == [100, 100, 100]
    assert figures(steps, "commission")[:4] == ["1200.00", "0.00", "0.00", "1200.00"]
    assert figures(steps, "amortisation")[3:] == ["233.33"] * 8 + ["233.36"]


def test_an_end_in_a_sealed_month_impairs_in_the_first_open_one() -> None:
    terms = Terms(starts_on=JANUARY, months=12)
    first = Facts(commission={JANUARY: Decimal(1200)})
    sealed = {step.month: step for step in roll(terms, first, until=month(3))}
    ended = Facts(commission=first.commission, endings=(Ending(date(2027, 2, 5)),))
    steps = roll(terms, ended, until=month(5), sealed=sealed, first_open=month(4))
    assert (steps[3].amortisation, steps[3].impairment, steps[4].closing) == (0, 900, 0)


def test_a_term_from_the_31st_ends_with_the_month() -> None:
    assert end_of(date(2027, 1, 31), 1) == date(2027, 2, 27)
    assert end_of(date(2027, 3, 15), 12) == date(2028, 3, 14)


months = st.integers(1, 30).map(month)
cents = st.integers(-200_000_00, 200_000_00).map(lambda each: Decimal(each) / 100)
every_term = st.builds(
    Terms,
    starts_on=st.dates(date(2026, 6, 1), date(2028, 6, 1)),
    months=st.integers(1, 60),
    by_days=st.booleans(),
    catch_up=st.booleans(),
    tax_rate=st.sampled_from([Decimal(0), Decimal("0.0765"), Decimal("0.223331")]),
)
every_fact = st.builds(
    Facts,
    commission=st.dictionaries(months, cents, min_size=1, max_size=5),
    endings=st.lists(
        st.builds(
            Ending,
            on=st.dates(date(2026, 12, 1), date(2029, 6, 1)),
            share=st.sampled_from([Decimal(1), Decimal("0.4")]),
        ),
        max_size=2,
    ).map(tuple),
    write_downs=st.dictionaries(months, cents.map(abs), max_size=2),
    revised=st.dictionaries(months, st.integers(1, 60), max_size=2),
)


def check(steps: list[Step]) -> None:
    carrying = Decimal(0)
    for step in steps:
        assert step.opening == carrying
        carrying += step.addition - step.amortisation - step.impairment
        assert step.closing == carrying >= 0
        assert step.impairment >= 0
        for value in (step.commission, step.tax, step.amortisation, step.impairment):
            assert value == round(value, 2)


@given(every_term, every_fact)
def test_every_month_adds_up_and_in_the_end_nothing_is_left(terms: Terms, facts: Facts) -> None:
    steps = roll(terms, facts, until=month(150))
    check(steps)
    assert steps[-1].closing == 0
    added = sum(step.addition for step in steps)
    assert added == sum(step.amortisation + step.impairment for step in steps)


@given(every_term, every_fact, every_fact, st.integers(1, 40))
def test_whatever_is_found_later_sealed_months_stay(
    terms: Terms, first: Facts, later: Facts, at: int
) -> None:
    sealed = {step.month: step for step in roll(terms, first, until=month(at))}
    steps = roll(terms, later, until=month(150), sealed=sealed, first_open=month(at + 1))
    check(steps)
    assert {step.month: step for step in steps if step.month in sealed} == sealed
    assert steps[-1].closing == 0


@given(every_term, every_fact, st.integers(1, 40))
def test_sealing_month_by_month_changes_nothing(terms: Terms, facts: Facts, at: int) -> None:
    whole = roll(terms, facts, until=month(80))
    sealed = {step.month: step for step in whole if step.month <= month(at)}
    again = roll(terms, facts, until=month(80), sealed=sealed, first_open=month(at + 1))
    assert again == whole
