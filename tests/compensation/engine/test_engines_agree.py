"""The compiled SQL and the row-by-row reference give the same lines on any plan and input."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.engine.random_cases import RandomCase, cases
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.plans.reading import read_plan

calm = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.slow
@calm
@given(cases())
def test_duckdb_agrees_with_the_oracle_to_the_line(case: RandomCase) -> None:
    inputs = prepare_inputs(load_rows(read_plan(case.plan), case.tables))
    oracle, duckdb = calculate(inputs, "oracle"), calculate(inputs, "duckdb")
    assert duckdb.credits == oracle.credits
    assert duckdb.lines == oracle.lines
    assert duckdb.attainments == oracle.attainments
    assert duckdb.hash == oracle.hash
    inputs.close()


@pytest.mark.slow
@calm
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_loading_changes_nothing(case: RandomCase, random: Random) -> None:
    plan = read_plan(case.plan)
    inputs = prepare_inputs(load_rows(plan, case.tables))
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in case.tables.items()}
    again = prepare_inputs(load_rows(plan, shuffled))
    assert again.hash == inputs.hash
    assert calculate(again).lines == calculate(inputs).lines


@pytest.mark.slow
@calm
@given(cases())
def test_credits_of_a_split_sum_to_what_was_split(case: RandomCase) -> None:
    """Direct credits of an event sum to its amount to the last decimal, whatever the shares."""
    plan = read_plan(case.plan)
    everyone = [
        {**row, "starts": date(1900, 1, 1), "ends": date(2200, 12, 31)}
        for row in {each["payee"]: each for each in case.tables["people"]}.values()
    ]
    quotas = [row for row in case.tables["quotas"] if row.get("payee")]
    tables = {**case.tables, "people": everyone, "quotas": quotas}
    inputs = prepare_inputs(load_rows(plan, tables))
    result = calculate(inputs)
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for credit in result.credits:
        if credit.rule == "direct":
            sums[credit.measure, credit.event] += credit.amount
    eligible = dict[tuple[str, str], Decimal](
        ((measure, event), amount)
        for measure, event, amount in inputs.rows("SELECT measure, event_id, amount FROM eligible")
    )
    assert sums == {key: eligible[key] for key in sums}
