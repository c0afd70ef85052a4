"""The third engine: the published cases and each kind of component on Spark, to the cent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlglot

from dealwright.base.errors import Invalid
from dealwright.compensation.engine import spark
from dealwright.compensation.engine.compile import compile_plan
from dealwright.compensation.engine.inputs import load_csv
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import Result, calculate
from dealwright.compensation.plans.reading import read_plan

GOLDEN = sorted(path.parent for path in Path("tests/compensation/golden").rglob("plan.yaml"))
EXAMPLES = sorted(path.parent for path in Path("docs/compensation/examples").glob("*/plan.yaml"))


def kinds_in(folder: Path) -> set[str]:
    return {each.kind for each in read_plan((folder / "plan.yaml").read_text()).components}


# Spark takes seconds a plan: the suite runs these, DEALWRIGHT_TEST_SPARK=all all cases.
FEW = (
    "01_marginal_crossing",
    "28_draw_delayed_recovery",
    "31_clawback_partial",
    "36_quarterly_bonus_in_monthly_plan",
    "38_gate_at_most_return_rate",
    "41_matrix",
)


def cases() -> list[Path]:
    """A few published cases and a contest; or all of them, and the examples of further kinds."""
    everything = os.environ.get("DEALWRIGHT_TEST_SPARK") == "all"
    chosen = [folder for folder in GOLDEN if everything or folder.name in FEW]
    seen = set().union(*map(kinds_in, GOLDEN))
    for folder in EXAMPLES:
        if folder.name == "contest" or (everything and kinds_in(folder) - seen):
            chosen.append(folder)
            seen |= kinds_in(folder)
    return chosen


def files_in(folder: Path) -> Mapping[str, Path]:
    return {path.stem: path for path in folder.glob("*.csv") if path.stem != "expected"}


def calculated(folder: Path, engine: str) -> Result:
    plan = read_plan((folder / "plan.yaml").read_text())
    inputs = prepare_inputs(load_csv(plan, files_in(folder)))
    try:
        return calculate(inputs, engine)
    finally:
        inputs.close()


@pytest.mark.slow
@pytest.mark.skipif(bool(spark.why_no_spark()), reason=spark.why_no_spark())
def test_spark_finds_the_same_lines_credits_and_attainments() -> None:
    """In one test, since each process that asks starts a Spark of its own."""
    differ = []
    for folder in cases():
        first, second = (calculated(folder, engine) for engine in ("duckdb", "spark"))
        if (first.hash, first.credits, first.attainments) != (
            second.hash,
            second.credits,
            second.attainments,
        ):
            differ.append(folder.name)
    assert differ == []


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_every_stage_is_printed_for_spark_without_what_spark_lacks(folder: Path) -> None:
    for stage in compile_plan(read_plan((folder / "plan.yaml").read_text())):
        printed = spark.spark_sql(stage.query)
        assert "INT128" not in printed and " DIV " not in printed and "//" not in printed
        assert sqlglot.parse_one(printed, read="spark")


def test_a_division_of_a_division_is_spelled_out_inside_and_outside() -> None:
    query = sqlglot.parse_one("SELECT (a // b) // CAST(c AS INT128) AS q", read="duckdb")
    printed = spark.spark_sql(query)
    assert printed.count("%") == 3  # the inner one stands twice in the outer one's dividend
    assert "INT128" not in printed


def test_without_spark_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spark, "why_no_spark", lambda: "Spark needs Java 17 or newer.")
    spark._session.cache_clear()
    with pytest.raises(Invalid) as refused:
        calculated(EXAMPLES[0], "spark")
    assert refused.value.code == "no_spark"
    spark._session.cache_clear()
    with pytest.raises(Invalid, match="There is no engine"):
        calculated(EXAMPLES[0], "abacus")
