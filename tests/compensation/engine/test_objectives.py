"""Objectives: weights, thresholds, and what a missing measurement means."""

from __future__ import annotations

from pathlib import Path

from compensation.engine.calculating import calculate_text, pay

EVENTS = """
event_id,kind,date,payee,quantity
C1,churn,2027-02-01,ann,2
S1,score,2027-03-01,ann,0.8
"""


def plan(objectives: str, more: str = "") -> str:
    return f"""
plan: p
currency: EUR
calendar: quarter
measures:
  churn: {{of: churn, unit: quantity, amount: quantity}}
  survey: {{of: survey, unit: quantity, amount: quantity, aggregate: average}}
components:
  - mbo:
      id: goals
      target: 1000
      {more}
      objectives: {objectives}
"""


def test_fewer_is_better_and_a_score_counts_as_it_is(tmp_path: Path) -> None:
    text = plan(
        "[{name: churn, weight: 50%, measure: churn, at_most: 2},"
        " {name: review, weight: 50%, score: score}]"
    )
    assert pay(calculate_text(tmp_path, text, events=EVENTS)) == {"2027-Q1": "900.00"}


def test_what_was_not_measured_is_not_achieved(tmp_path: Path) -> None:
    """No survey is no good survey, even where a low value would be good; no churn is none."""
    text = plan(
        "[{name: survey, weight: 60%, measure: survey, at_most: 3},"
        " {name: churn, weight: 40%, measure: churn, at_most: 2}]"
    )
    events = "event_id,kind,date,payee,quantity\nX,booking,2027-01-05,ann,1"
    assert pay(calculate_text(tmp_path, text, events=events)) == {"2027-Q1": "400.00"}


def test_a_required_objective_and_the_threshold_of_all(tmp_path: Path) -> None:
    objectives = (
        "[{name: churn, weight: 40%, measure: churn, at_most: 1, required: true},"
        " {name: review, weight: 60%, score: score}]"
    )
    assert pay(calculate_text(tmp_path, plan(objectives), events=EVENTS)) == {}
    loose = objectives.replace(", required: true", "")
    assert pay(calculate_text(tmp_path, plan(loose), events=EVENTS)) == {"2027-Q1": "480.00"}
    held = plan(loose, "threshold: 50%")
    assert pay(calculate_text(tmp_path, held, events=EVENTS)) == {}
    bounded = plan(loose, "minimum: 75%")
    assert pay(calculate_text(tmp_path, bounded, events=EVENTS)) == {"2027-Q1": "750.00"}


def test_thirds_sum_to_the_whole(tmp_path: Path) -> None:
    """Each objective pays what it adds to the rounded whole, so no cent is lost."""
    text = plan(
        "[{name: a, weight: 0.333333, score: score}, {name: b, weight: 0.333333, score: score},"
        " {name: c, weight: 0.333334, score: score}]"
    ).replace("1000", "0.05")
    events = EVENTS.replace("0.8", "1")
    result = calculate_text(tmp_path, text, events=events)
    assert pay(result) == {"2027-Q1": "0.05"}
    assert [f"{line.payout:.2f}" for line in result.lines] == ["0.02", "0.01", "0.02"]
