"""The compiled SQL and the row-by-row reference give the same lines on any plan and input."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from compensation.engine.random_cases import RandomCase, cases
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.plans.reading import read_plan

calm = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


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
