"""``comp backtest``: two plan texts over the same files, without a database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.compensation.engine.inputs import load_csv
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.presenting import text_of
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.simulation.comparison import (
    PERCENTILES,
    Compared,
    Key,
    Pay,
    by_component,
    by_payee,
    compare,
    percentile,
    total_of,
    tried_in_place_of,
)


@dataclass(frozen=True, slots=True)
class FileBacktest:
    """What two texts pay over the same files; ``rows`` name their periods."""

    plan: Plan
    rows: Sequence[Pay]
    labels: Mapping[int, str]
    hashes: tuple[str, str]


def backtest_files(
    candidate: Plan, base: Plan, paths: Mapping[str, Path], *, engine: str = "duckdb"
) -> FileBacktest:
    """Calculate both texts over the same files. Raises Invalid for plans that cannot be
    compared, InputInvalid for the files."""
    candidate = tried_in_place_of(candidate, base)
    amounts: list[Mapping[Key, Decimal]] = []
    labels: dict[int, str] = {}
    hashes = []
    for plan in (base, candidate):
        inputs = load_csv(plan, paths)
        try:
            result = calculate(prepare_inputs(inputs), engine)
        finally:
            inputs.close()
        labels |= {each.number: each.label for each in result.periods}
        amounts.append(
            {
                (payee, period, component): amount
                for (payee, period, component), amount in result.components.items()
            }
        )
        hashes.append(result.hash)
    return FileBacktest(candidate, compare(*amounts), labels, (hashes[0], hashes[1]))


def only_period(found: FileBacktest, label: str) -> FileBacktest:
    """The part of one period; raises Invalid where there is none of this name."""
    numbers = [number for number, each in found.labels.items() if each == label]
    if not numbers:
        labels = ", ".join(found.labels[number] for number in sorted(found.labels))
        raise Invalid(f"There is no period “{label}” here; there are {labels}.")
    rows = [row for row in found.rows if row.period in numbers]
    return FileBacktest(found.plan, rows, found.labels, found.hashes)


def as_json(found: FileBacktest) -> dict[str, Any]:
    """The comparison with amounts as decimal strings."""
    plan = found.plan
    payees = by_payee(found.rows)
    return {
        "currency": plan.currency,
        "total": _compared(plan, total_of(found.rows)),
        "payees": [{"payee": each.name} | _compared(plan, each) for each in payees],
        "components": [
            {"component": each.name} | _compared(plan, each) for each in by_component(found.rows)
        ],
        "distribution": [
            {
                "percentile": each,
                "before": text_of(plan, percentile((row.before for row in payees), each)),
                "after": text_of(plan, percentile((row.after for row in payees), each)),
                "difference": text_of(plan, percentile((row.difference for row in payees), each)),
            }
            for each in PERCENTILES
        ],
        "rows": [
            {
                "payee": row.payee,
                "period": found.labels[row.period],
                "component": row.component,
                "before": text_of(plan, row.before),
                "after": text_of(plan, row.after),
                "difference": text_of(plan, row.difference),
            }
            for row in found.rows
        ],
    }


def as_text(found: FileBacktest) -> str:
    """The comparison for reading."""
    plan = found.plan
    total = total_of(found.rows)
    payees = by_payee(found.rows)
    won = sum(each.difference > 0 for each in payees)
    lost = sum(each.difference < 0 for each in payees)
    lines = [f"{'payee':<20} {'was':>16} {'would be':>16} {'difference':>16}"]
    lines += [_line(plan, each.name, each) for each in payees]
    lines.append(_line(plan, "total", total))
    lines.append("")
    lines += [_line(plan, each.name, each) for each in by_component(found.rows)]
    lines.append("")
    lines.append(
        f"{won} of {len(payees)} payees would win, {lost} would lose; "
        f"amounts are in {plan.currency}."
    )
    return "\n".join(lines)


def _line(plan: Plan, name: str, each: Compared) -> str:
    figures = (each.before, each.after, each.difference)
    return f"{name:<20} " + " ".join(f"{text_of(plan, value):>16}" for value in figures)


def _compared(plan: Plan, each: Compared) -> dict[str, str]:
    return {
        "before": text_of(plan, each.before),
        "after": text_of(plan, each.after),
        "difference": text_of(plan, each.difference),
    }
