"""Calculating from text in a test."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from dealwright.compensation.engine.inputs import load_csv
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import ENGINES, Result, calculate
from dealwright.compensation.plans.reading import read_plan


def calculate_text(folder: Path, plan: str, **files: str) -> Result:
    """The result of both engines, which must be equal, for a plan and CSV files given as text."""
    paths = {}
    for name, text in files.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(textwrap.dedent(text).strip() + "\n")
    return calculate_both(textwrap.dedent(plan), paths)


def calculate_both(plan: str, paths: Mapping[str, Path]) -> Result:
    inputs = prepare_inputs(load_csv(read_plan(plan), paths))
    first, second = (calculate(inputs, engine) for engine in ENGINES)
    assert first.lines == second.lines
    assert first.credits == second.credits
    assert first.attainments == second.attainments
    inputs.close()
    return first


def amounts(result: Result) -> dict[tuple[str, str, str], Decimal]:
    """(payee, period, component) -> amount, without zeros."""
    return {
        (payee, result.period(period).label, component): amount
        for (payee, period, component), amount in result.components.items()
        if amount
    }


def pay(result: Result, payee: str = "ann") -> dict[str, str]:
    """Period -> what a payee is owed, without zeros."""
    return {
        result.period(period).label: f"{amount:.2f}"
        for (who, period), amount in sorted(result.payable.items())
        if who == payee and amount
    }
