"""The lines under a backtest's numbers: both texts for one payee once more, on the data of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from dealwright.compensation.calculation.services import needs_everybody
from dealwright.compensation.calculation.snapshot import take_snapshots
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.lines import Line, sort_key
from dealwright.compensation.engine.periods import year_at
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import calculate
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.simulation.estimate import EstimateLine, shown_line
from dealwright.compensation.simulation.models import Backtest, BacktestPay
from dealwright.compensation.simulation.services import parts_of

MOST = 60  # lines shown of one component and period under one text


@dataclass(slots=True)
class Reopened:
    """One component in one period under both texts, with its lines."""

    period: str
    component: str
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    lines_before: list[EstimateLine] = field(default_factory=list)
    lines_after: list[EstimateLine] = field(default_factory=list)
    more: int = 0


def reopen(backtest: Backtest, payee_id: UUID) -> list[Reopened]:
    """A payee's components by period with the sentences of their lines."""
    found: dict[tuple[int, str], Reopened] = {}
    for part in parts_of(backtest):
        first = year_at(part.begins, backtest.plan.calendar, backtest.plan.fiscal_year_starts).start
        shared = needs_everybody(part.base) or needs_everybody(part.candidate)
        snapshots = take_snapshots(
            backtest.plan,
            [part.base, part.candidate],
            None if shared else frozenset({payee_id}),
            first=first,
            last=part.ends,
        )
        for plan, snapshot, is_base in (
            (part.base, snapshots[0], True),
            (part.candidate, snapshots[1], False),
        ):
            inputs = load_rows(plan, snapshot.tables, check_names=False, small=not shared)
            try:
                prepare_inputs(inputs, first=first, last=part.ends)
                labels = {
                    each.number: each.label for each in inputs.periods if each.ends >= part.starts
                }
                own = [
                    line
                    for line in calculate(inputs, "duckdb" if shared else "oracle").lines
                    if line.payee == str(payee_id) and line.period in labels
                ]
            finally:
                inputs.close()
            for line in sorted(own, key=sort_key):
                key = (line.period, line.component)
                row = found.setdefault(key, Reopened(labels[line.period], line.component))
                _add(row, plan, line, labels[line.period], is_base)
    return [found[key] for key in sorted(found)]


def _add(row: Reopened, plan: Plan, line: Line, label: str, is_base: bool) -> None:
    if is_base:
        row.before += line.payout
    else:
        row.after += line.payout
    lines = row.lines_before if is_base else row.lines_after
    if len(lines) < MOST:
        lines.append(shown_line(plan, 1, line, label))
    else:
        row.more += 1


def has_moved(kept: Sequence[BacktestPay], now: Sequence[Reopened]) -> bool:
    """Whether the data have changed since: the lines no longer sum to what was kept."""
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = defaultdict(
        lambda: (Decimal(0), Decimal(0))
    )
    for row in kept:
        sums[row.period, row.component] = (row.before, row.after)
    there = {
        (each.period, each.component): (each.before, each.after)
        for each in now
        if each.before or each.after
    }
    return dict(sums) != there
