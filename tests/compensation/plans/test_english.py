"""The document that a payee reads says what the engine pays by."""

from __future__ import annotations

from dealwright.compensation.plans.english import clause_of, document_text
from dealwright.compensation.plans.reading import read_plan

PLAN = """
plan: ae-2027
title: Account executives 2027
currency: EUR
calendar: quarter
effective: 2027-01-01
fields: {type: text}
measures:
  new_business: {of: booking, when: type = 'new'}
components:
  - fixed: {id: base, amount: salary}
  - tiered:
      id: commission
      measure: new_business
      quota: new_business
      bands: [[0, 5%], [100%, 7%]]
  - cap: {id: limit, on: commission, amount: 40000, excess: withhold}
  - override: {id: lead, measure: new_business, rate: 1%}
draw: {amount: 2000, periods: 6, recover_from: 4, at_end: forgive}
clawback: {trigger: termination, schedule: [[3, 100%], [6, 50%]]}
"""


def test_every_component_has_a_clause() -> None:
    plan = read_plan(PLAN)
    for component in plan.components:
        clause = clause_of(plan, component.id)
        assert clause is not None
        assert clause.text.endswith(".")


def test_the_tiers_read_like_a_sentence() -> None:
    clause = clause_of(read_plan(PLAN), "commission")
    assert clause is not None
    assert clause.text == (
        "On “new business” of the quarter: 5% up to 100% of quota, 7% above 100% of quota. Each "
        "part is paid at the rate of the band it falls in. Percentages of quota refer to the "
        "quota “new business”; without a quota above zero nothing is paid."
    )


def test_the_document_names_conditions_and_dates() -> None:
    text = document_text(read_plan(PLAN))
    assert "Account executives 2027" in text
    assert "It takes effect on 1 January 2027." in text
    assert "It counts only where type is “new”." in text
    assert "100% within 3 months, 50% within 6 months, nothing later" in text
