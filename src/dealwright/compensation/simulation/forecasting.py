"""What the pipeline will cost in commission: drawn outcomes through the compiled plans.

Each open deal is won or not with its probability, on its close date; a close date that has
passed counts as the day of the forecast. In every draw all plans are calculated with the deals
won in it, over what is booked already: so tiers, milestones and caps count as they will. Draws
in which the same deals are won are calculated once.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any, Self

import duckdb

from dealwright.compensation.engine.inputs import Inputs, insert_columns, load_rows
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.results import run_stages
from dealwright.compensation.engine.scenarios import (
    one_by_one,
    spread,
    view_lines,
)
from dealwright.compensation.plans.definition import Plan

DRAWS = (100, 200, 500, 1000, 2000)  # so that a mean of cents has at most six decimals
NOTHING, EVERYTHING = 0, 1  # the scenarios without any open deal and with all of them
ROWS_AT_ONCE = 400_000  # events times scenarios in one calculation, which bounds memory
_ALL = "DECIMAL(38, 6)"


@dataclass(frozen=True, slots=True)
class Chance:
    """An uncertain event by its key, and how probably it happens (0 to 1)."""

    key: str
    seed: str
    probability: Decimal


@dataclass(slots=True)
class Drawn:
    """Which scenarios there are, what happens in them, and which draw is which scenario."""

    happens: dict[str, list[int]] = field(default_factory=dict)
    scenario_of: list[int] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return sorted({NOTHING, EVERYTHING, *self.scenario_of})

    @property
    def weights(self) -> Mapping[int, int]:
        """How many draws came to a scenario."""
        return Counter(self.scenario_of)


def draw_outcomes(chances: Sequence[Chance], draws: int, seed: int) -> Drawn:
    """Draw each event's outcome ``draws`` times.

    The outcomes of an event follow from the seed and the event alone, so that they stay when
    others are added or read in another order.
    """
    outcomes = []
    for each in chances:
        random = Random(f"{seed}:{each.seed}")  # noqa: S311  no secret
        outcomes.append([random.random() < each.probability for _ in range(draws)])
    patterns: dict[tuple[bool, ...], int] = {(False,) * len(chances): NOTHING}
    patterns.setdefault((True,) * len(chances), EVERYTHING)
    drawn = Drawn()
    for pattern in zip(*outcomes, strict=True) if chances else [()] * draws:
        drawn.scenario_of.append(patterns.setdefault(pattern, max(len(patterns), 2)))
    drawn.happens = {each.key: [] for each in chances}
    for pattern, number in patterns.items():
        for chance, happens in zip(chances, pattern, strict=True):
            if happens:
                drawn.happens[chance.key].append(number)
    return drawn


@dataclass(frozen=True, slots=True)
class Figure:
    """An expected amount with its spread; None stands for all plans, payees or periods."""

    currency: str
    plan: str | None
    payee: str | None
    period: str | None
    starts: date | None
    certain: Decimal
    expected: Decimal
    p10: Decimal
    p50: Decimal
    p90: Decimal
    everything: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """What an uncertain event adds to an expected amount."""

    plan: str
    payee: str
    period: str
    starts: date
    key: str
    expected: Decimal


class Collected:
    """What every scenario of every plan pays, in a file of its own for the time it takes."""

    def __init__(self, draws: int) -> None:
        self.draws = draws
        self._folder = tempfile.TemporaryDirectory(prefix="dealwright-forecast-")
        self.path = Path(self._folder.name) / "pay.duckdb"
        with duckdb.connect(str(self.path)) as kept:
            kept.execute(
                "CREATE TABLE pay (text VARCHAR, plan VARCHAR, currency VARCHAR, number INTEGER, "
                "payee VARCHAR, period VARCHAR, starts DATE, amount DECIMAL(28, 6));"
                "CREATE TABLE part (plan VARCHAR, payee VARCHAR, period VARCHAR, starts DATE, "
                f"event_id VARCHAR, amount {_ALL});"
                "CREATE TABLE draw (text VARCHAR, draw INTEGER, number INTEGER)"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def add_plan(
        self,
        key: str,
        text: str,
        plan: Plan,
        tables: Mapping[str, Sequence[Mapping[str, Any]]],
        drawn: Drawn,
        *,
        first: date,
        last: date,
        counted_from: date,
        apart: bool,
        watch: Callable[[int, int], None],
    ) -> str:
        """Calculate a text of a plan (``key``) in all scenarios; returns the hash of what was
        read."""
        numbers = drawn.numbers
        size = max(ROWS_AT_ONCE // max(len(tables["events"]), 1), 1)
        batches = [numbers] if apart else list(_chunks(numbers, size))
        hash_ = ""
        for batch in batches:
            inputs = load_rows(plan, tables, check_names=False)
            hash_ = inputs.hash
            try:
                prepare_inputs(inputs, first=first, last=last)
                if not any(each.ends >= counted_from for each in inputs.periods):
                    return hash_
                self._note_periods(inputs, (key, text), plan, drawn, counted_from)
                for done in _calculated(inputs, drawn, batch, apart, watch, numbers):
                    watch(numbers.index(done), len(numbers))
                    self._keep(inputs, drawn)
            finally:
                inputs.close()
        with duckdb.connect(str(self.path)) as kept:
            places = range(self.draws)
            insert_columns(
                kept,
                "draw",
                {
                    "text": ("VARCHAR", [text] * (self.draws + 2), "NULL"),
                    "draw": ("INTEGER", [-2, -1, *places], "NULL"),
                    "number": ("INTEGER", [NOTHING, EVERYTHING, *drawn.scenario_of], "NULL"),
                },
            )
        return hash_

    def _note_periods(
        self,
        inputs: Inputs,
        keys: tuple[str, str],
        plan: Plan,
        drawn: Drawn,
        counted_from: date,
    ) -> None:
        counted = [each for each in inputs.periods if each.ends >= counted_from]
        inputs.connection.execute(
            "CREATE TABLE scenario_period (plan VARCHAR, text VARCHAR, currency VARCHAR, "
            "number INTEGER, label VARCHAR, starts DATE); "
            "CREATE TABLE scenario_weight (number INTEGER, weight INTEGER)"
        )
        insert_columns(
            inputs.connection,
            "scenario_period",
            {
                "plan": ("VARCHAR", [keys[0]] * len(counted), "NULL"),
                "text": ("VARCHAR", [keys[1]] * len(counted), "NULL"),
                "currency": ("VARCHAR", [plan.currency] * len(counted), "NULL"),
                "number": ("INTEGER", [each.number for each in counted], "NULL"),
                "label": ("VARCHAR", [each.label for each in counted], "NULL"),
                "starts": ("DATE", [each.starts for each in counted], "NULL"),
            },
        )
        weights = drawn.weights
        insert_columns(
            inputs.connection,
            "scenario_weight",
            {
                "number": ("INTEGER", list(weights), "NULL"),
                "weight": ("INTEGER", list(weights.values()), "NULL"),
            },
        )

    def _keep(self, inputs: Inputs, drawn: Drawn) -> None:
        """Add what ``scenario_line`` holds to what is kept."""
        run = inputs.connection.execute
        run(f"ATTACH '{self.path}' AS kept")
        run(
            "INSERT INTO kept.pay SELECT p.text, p.plan, p.currency, l.number, l.payee, "
            "p.label, p.starts, CAST(sum(l.payout) AS DECIMAL(28, 6)) FROM scenario_line AS l "
            "JOIN scenario_period AS p ON p.number = l.period "
            "GROUP BY p.text, p.plan, p.currency, l.number, l.payee, p.label, p.starts"
        )
        run(
            "INSERT INTO kept.part SELECT p.plan, l.payee, p.label, p.starts, l.deal, "
            f"CAST(sum(CAST(l.payout AS {_ALL}) * w.weight) AS {_ALL}) FROM ("
            "SELECT number, payee, period, payout, CASE WHEN event_id IN "
            "(SELECT event_id FROM scenario_event) THEN event_id ELSE cause END AS deal "
            "FROM scenario_line) AS l "
            "JOIN scenario_period AS p ON p.number = l.period "
            "JOIN scenario_weight AS w ON w.number = l.number "
            "WHERE l.deal IN (SELECT event_id FROM scenario_event) "
            "GROUP BY p.plan, l.payee, p.label, p.starts, l.deal"
        )
        run("DETACH kept")

    def figures(self) -> list[Figure]:
        """Every expected amount: by payee, plan and period, and the sums over each of them."""
        sql = (
            "WITH cell AS (SELECT DISTINCT text, plan, currency, payee, period, starts FROM pay), "
            "drawn AS (SELECT d.draw, c.currency, c.plan, c.payee, c.period, c.starts, "
            "coalesce(p.amount, 0) AS amount FROM cell AS c JOIN draw AS d ON d.text = c.text "
            "LEFT JOIN pay AS p ON p.text = c.text AND p.number = d.number "
            "AND p.payee = c.payee AND p.period = c.period), "
            f"summed AS (SELECT draw, currency, plan, payee, period, starts, "
            f"CAST(sum(amount) AS {_ALL}) AS amount FROM drawn GROUP BY GROUPING SETS ("
            "(draw, currency, plan, payee, period, starts), (draw, currency, plan, payee), "
            "(draw, currency, plan, period, starts), (draw, currency, plan), "
            "(draw, currency, period, starts), (draw, currency))) "
            "SELECT currency, plan, payee, period, starts, "
            "sum(amount) FILTER (draw = -2), sum(amount) FILTER (draw >= 0), "
            "quantile_disc(amount, 0.1) FILTER (draw >= 0), "
            "quantile_disc(amount, 0.5) FILTER (draw >= 0), "
            "quantile_disc(amount, 0.9) FILTER (draw >= 0), "
            "sum(amount) FILTER (draw = -1) FROM summed "
            "GROUP BY currency, plan, payee, period, starts "
            "ORDER BY currency, starts NULLS FIRST, plan NULLS FIRST, payee NULLS FIRST"
        )
        with duckdb.connect(str(self.path)) as kept:
            rows = kept.execute(sql).fetchall()
        found = []
        for currency, plan, payee, period, starts, certain, total, *spread_, everything in rows:
            p10, p50, p90 = spread_
            mean = self._mean(total)
            found.append(
                Figure(
                    currency, plan, payee, period, starts, certain, mean, p10, p50, p90, everything
                )
            )
        return found

    def parts(self) -> list[Part]:
        """What each uncertain event adds to each payee's expected pay."""
        with duckdb.connect(str(self.path)) as kept:
            rows = kept.execute(
                f"SELECT plan, payee, period, starts, event_id, CAST(sum(amount) AS {_ALL}) "
                "FROM part GROUP BY plan, payee, period, starts, event_id "
                "HAVING sum(amount) <> 0 ORDER BY plan, payee, starts, event_id"
            ).fetchall()
        return [
            Part(plan, payee, period, starts, key, self._mean(total))
            for plan, payee, period, starts, key, total in rows
        ]

    def _mean(self, total: Decimal) -> Decimal:
        return (total / self.draws).quantize(Decimal("1e-6"), rounding=ROUND_HALF_UP)


def _calculated(
    inputs: Inputs,
    drawn: Drawn,
    batch: Sequence[int],
    apart: bool,
    watch: Callable[[int, int], None],
    numbers: Sequence[int],
) -> Iterator[int]:
    """Yields whenever ``scenario_line`` holds further scenarios, with the last of them."""
    if not apart:
        spread(inputs, drawn.happens, batch)
        done = numbers.index(batch[0])
        run_stages(inputs, lambda: watch(done, len(numbers)))
        view_lines(inputs)
        yield batch[-1]
        return
    for number in one_by_one(inputs, drawn.happens, batch):
        run_stages(inputs)
        inputs.connection.execute(
            f"CREATE OR REPLACE VIEW scenario_line AS SELECT {int(number)} AS number, * FROM line"
        )
        yield number


def _chunks(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
