"""Scenarios in one calculation give what a calculation of each alone gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from compensation.engine.random_cases import RandomCase, cases
from dealwright.base.errors import Invalid
from dealwright.compensation.calculation.services import needs_everybody
from dealwright.compensation.engine import scenarios
from dealwright.compensation.engine.inputs import InputInvalid, Inputs, load_rows
from dealwright.compensation.engine.lines import sort_key
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.engine.scenarios import outcomes, reads_keys
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.reading import read_plan

calm = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)


def prepared(plan: Plan, tables: dict[str, list[dict[str, Any]]], whole: Inputs | None) -> Inputs:
    inputs = load_rows(plan, tables, small=whole is None)
    if whole is None or not whole.periods:
        return prepare_inputs(inputs)
    return prepare_inputs(inputs, first=whole.periods[0].starts, last=whole.periods[-1].ends)


@pytest.mark.slow
@calm
@given(cases(), st.data())
def test_each_scenario_is_what_a_calculation_of_its_own_gives(
    monkeypatch: pytest.MonkeyPatch, case: RandomCase, data: st.DataObject
) -> None:
    plan = read_plan(case.plan)
    assume(not needs_everybody(plan) and not reads_keys(plan))
    events = case.tables["events"]
    followed = {each.get("reference") for each in events} - {""}
    alone = sorted({each["event_id"] for each in events} - followed)
    numbers = [0, 1, 5]
    chosen = data.draw(st.lists(st.sampled_from(alone), unique=True, max_size=5)) if alone else []
    happens = {each: data.draw(st.lists(st.sampled_from(numbers), unique=True)) for each in chosen}
    monkeypatch.setattr(scenarios, "FEW_ROWS", data.draw(st.sampled_from([0, 10**6])))
    try:
        inputs = prepared(plan, case.tables, None)
        found = outcomes(inputs, happens, numbers)
    except (InputInvalid, Invalid):
        assume(False)
        raise
    for number in numbers:
        gone = {each for each, there in happens.items() if number not in there}
        tables = dict(case.tables)
        for file in ("events", "splits"):
            tables[file] = [each for each in tables[file] if each["event_id"] not in gone]
        own = prepared(plan, tables, inputs)
        result = calculate(own)
        assert tuple(sorted(found[number].lines, key=sort_key)) == result.lines
        assert tuple(sorted(found[number].attainments)) == result.attainments
        own.close()
    inputs.close()


def test_a_plan_that_credits_by_territory_is_calculated_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One territory, one holder, two scenarios: in each the deal is credited once."""
    monkeypatch.setattr(scenarios, "FEW_ROWS", 0)
    plan = read_plan(
        "plan: a\ncurrency: EUR\nfields: {region: text}\n"
        "credits:\n  region: {from: territories, by: region}\n"
        "components:\n  - flat: {id: c, rate: 3%, credit: region}\n"
    )
    assert reads_keys(plan)
    deal = {
        "event_id": "E1",
        "kind": "booking",
        "date": date(2027, 1, 5),
        "amount": Decimal(1000),
        "currency": "EUR",
        "f_region": "north",
    }
    holder = {"territory": "north", "payee": "ann", "share": Decimal(1)}
    days = {"starts": date(2027, 1, 1), "ends": date(2027, 12, 31)}
    tables = {
        "events": [deal],
        "people": [{"payee": "ann", **days}],
        "territories": [{**holder, **days}],
    }
    inputs = prepare_inputs(load_rows(plan, tables))
    found = outcomes(inputs, {"E1": [1, 2]}, [0, 1, 2], apart=reads_keys(plan))
    assert [[line.payout for line in found[number].lines] for number in (0, 1, 2)] == [
        [],
        [Decimal(30)],
        [Decimal(30)],
    ]


def test_a_plan_that_reads_keys_is_calculated_apart() -> None:
    plain = "plan: a\ncurrency: EUR\ncomponents:\n  - flat: {id: c, rate: 3%"
    assert not reads_keys(read_plan(plain + ", when: amount > 5}\n"))
    assert reads_keys(read_plan(plain + ", when: id <> 'E1'}\n"))
    assert reads_keys(
        read_plan(
            "plan: a\ncurrency: EUR\nmeasures: {m: {of: booking, when: payee = 'ann'}}\n"
            "components:\n  - flat: {id: c, measure: m, rate: 3%}\n"
        )
    )
