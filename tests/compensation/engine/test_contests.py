"""Contests: who has a place, what equal scores mean, teams and budgets."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from compensation.engine.calculating import amounts, calculate_text
from dealwright.compensation.engine.explain import why_nothing
from dealwright.compensation.engine.presenting import component_rows

EVENTS = """
event_id,date,payee,amount
E1,2027-01-10,ann,300
E2,2027-01-11,bob,300
E3,2027-01-12,cem,100
E4,2027-01-09,dee,300
E5,2027-02-12,dee,900
"""


def plan(keys: str, more: str = "") -> str:
    return f"""
plan: p
currency: EUR
payee_fields: {{region: text}}
components:
  - contest: {{id: race, to: 2027-01-31, {keys}}}
{more}
"""


def won(folder: Path, text: str, **files: str) -> dict[str, str]:
    result = calculate_text(folder, text, **{"events": EVENTS, **files})
    return {payee: f"{amount:.2f}" for (payee, _, _), amount in sorted(amounts(result).items())}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # Three share the places 1 to 3: 170 in all, the odd cents to the first by name.
        (
            "prizes: [100, 50, 20]",
            {"ann": "56.67", "bob": "56.67", "dee": "56.66"},
        ),
        (
            "prizes: [100, 50, 20, 10], ties: all",
            {"ann": "100.00", "bob": "100.00", "dee": "100.00", "cem": "10.00"},
        ),
        (
            "prizes: [100, 50, 20], ties: earliest",
            {"dee": "100.00", "ann": "50.00", "bob": "20.00"},
        ),
        ("prizes: [100], best: lowest", {"cem": "100.00"}),
        ("prizes: [100], minimum: 301", {}),
        (
            "prizes: [100, 50, 20], ties: all, budget: 100",
            {"ann": "33.34", "bob": "33.33", "dee": "33.33"},
        ),
    ],
)
def test_prizes_by_place(tmp_path: Path, keys: str, expected: dict[str, str]) -> None:
    assert won(tmp_path, plan(keys)) == expected


def test_a_team_of_a_manager_shares_or_the_manager_wins(tmp_path: Path) -> None:
    hierarchy = "payee,manager\nann,mia\nbob,mia\ncem,noa\ndee,noa"
    keys = "prizes: [99.99], group: manager"
    assert won(tmp_path, plan(keys), hierarchy=hierarchy) == {"ann": "50.00", "bob": "49.99"}
    paid = plan(keys + ", pays: manager")
    assert won(tmp_path, paid, hierarchy=hierarchy) == {"mia": "99.99"}
    each = plan(keys + ", pays: each")
    assert won(tmp_path, each, hierarchy=hierarchy) == {"ann": "99.99", "bob": "99.99"}


def test_credits_count_for_the_team_of_their_day_and_members_of_the_last_day_win(
    tmp_path: Path,
) -> None:
    people = (
        "payee,region,start,end\nann,north,2027-01-01,2027-01-20\nann,south,2027-01-21,\n"
        "bob,north,,\ncem,south,,\ndee,south,,"
    )
    keys = "prizes: [90], group: payee.region"
    assert won(tmp_path, plan(keys), people=people) == {"bob": "90.00"}


def test_who_left_before_the_end_has_no_place(tmp_path: Path) -> None:
    people = "payee,end\nann,2027-01-30\nbob,\ncem,\ndee,2027-01-15"
    assert won(tmp_path, plan("prizes: [90]"), people=people) == {"bob": "90.00"}


def test_a_contest_that_goes_on_pays_nothing_yet_and_says_so(tmp_path: Path) -> None:
    text = plan("prizes: [100]").replace("currency: EUR", "currency: EUR\nuntil: 2027-03-31")
    result = calculate_text(
        tmp_path, text.replace("to: 2027-01-31", "to: 2027-03-15"), events=EVENTS
    )
    component = result.plan.components[0]
    first = result.periods[0].number
    assert why_nothing(result, component, "ann", first) == (
        "The contest is decided on 15 March 2027."
    )
    assert {key[:2]: f"{value:.2f}" for key, value in amounts(result).items()} == {
        ("dee", "2027-03"): "100.00"
    }


def test_a_reward_is_no_pay_and_states_its_taxable_value(tmp_path: Path) -> None:
    text = plan(
        "prizes: [3, 2], unit: points, value: 0.335",
        "  - flat: {id: base, rate: 10%}\n  - draw: {id: d, amount: 50, kind: non_recoverable}",
    )
    result = calculate_text(
        tmp_path, text.replace("race, ", "race, ties: earliest, "), events=EVENTS
    )
    january = result.periods[0].number
    # Three points for dee beside 30 of commission and 20 of draw: the points top nothing up.
    assert result.components["dee", january, "race"] == 3
    assert result.payable["dee", january] == Decimal(50)
    rows = {
        (row["payee"], row["period"], row["component"]): row
        for row in component_rows(result, set())
    }
    row = rows["dee", "2027-01", "race"]
    assert (row["amount"], row["currency"]) == ("3", "points")
    assert (row["taxable_value"], row["taxable_currency"]) == ("1.01", "EUR")
    assert row["lines"][0]["explanation"] == "Place 1 with 300 wins 3 points."
