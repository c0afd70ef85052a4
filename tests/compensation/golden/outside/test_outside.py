"""Plans as the field writes them, each with its arithmetic by hand at the head of the plan.

They were written from the documents alone, and from what sellers, brokers, agents and shops are
paid by elsewhere; every engine pays them to the cent.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from compensation.golden.cases import cases_beside, check_case
from dealwright.compensation.plans.english import document
from dealwright.compensation.plans.reading import read_plan

CASES = cases_beside(__file__)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_plan_of_the_field_is_paid_to_the_cent(folder: Path) -> None:
    check_case(folder)


def clause(folder: str, component: str) -> str:
    plan = read_plan((Path(__file__).parent / folder / "plan.yaml").read_text())
    return next(each.text for each in document(plan) if each.component == component)


def test_the_document_says_what_was_meant() -> None:
    assert clause("37_gate_or", "either") == (
        "“Kicker” is paid in full only if “revenue” in the quarter reaches 100% of quota or "
        "“logos” in the quarter reaches 10; otherwise nothing of it is paid."
    )
    assert clause("38_gate_at_most_return_rate", "few_returns") == (
        "“Bonus” is paid in full only if “returned” per “sales” in the month is at most 5%; "
        "otherwise nothing of it is paid."
    )
    assert clause("40_interpolated_multiplier", "retention") == (
        "“Bonus” is multiplied by a factor that hangs on “nrr” in the quarter: 0.5 at 90, 1.5 at "
        "110, in between on a straight line; nothing below the first point, no more above the last."
    )
    assert clause("07_tier_by_deal_count_price", "pay").startswith(
        "On “contracts” of the month: 200 USD each up to 5, 300 USD each from 5 to 10, "
        "1,250 USD each above 10."
    )
    assert clause("34_cap_at_200_percent_of_target", "most") == (
        "For each quarter, “Bonus” pays at most 200% of the payee's target pay. "
        "What is above is not paid."
    )
    assert clause("39_quarterly_minimum", "least") == (
        "For each quarter, “Commission” pays at least 3,000 EUR; what is missing is added with "
        "the last month of it."
    )
    assert clause("36_quarterly_bonus_in_monthly_plan", "bonus").endswith(
        "What is earned in a quarter is paid with the last month of it."
    )
    assert "attainment of the quota “scripts” with “scripts”" in clause(
        "41_rank_by_attainment", "rank"
    )
