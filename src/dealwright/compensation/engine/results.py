"""What a calculation yields, whichever engine made it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import duckdb

from dealwright.base.errors import Invalid
from dealwright.compensation.engine.compile import compile_plan
from dealwright.compensation.engine.inputs import Inputs
from dealwright.compensation.engine.lines import (
    LINE_COLUMNS,
    Attainment,
    Credit,
    Line,
    line_from_row,
    line_hash,
    sort_key,
)
from dealwright.compensation.engine.oracle import calculate_with_oracle
from dealwright.compensation.engine.periods import Closing, PayPeriod
from dealwright.compensation.engine.spark import run_stages_on_spark
from dealwright.compensation.plans.definition import Plan

ENGINES = ("duckdb", "oracle")
ALL_ENGINES = (*ENGINES, "spark")  # Spark is an extra
ENGINE_VERSION = "2"  # grows when the same plan and input may give another result


@dataclass(frozen=True)
class Result:
    """All lines and credits of a calculation, in one order."""

    plan: Plan
    engine: str
    input_hash: str
    periods: tuple[PayPeriod, ...]
    lines: tuple[Line, ...]
    credits: tuple[Credit, ...]
    attainments: tuple[Attainment, ...]
    closings: tuple[Closing, ...] = ()
    notices: tuple[str, ...] = ()

    @cached_property
    def components(self) -> Mapping[tuple[str, int, str], Decimal]:
        """(payee, period, component) -> amount."""
        totals: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
        for line in self.lines:
            totals[line.payee, line.period, line.component] += line.payout
        return dict(totals)

    @cached_property
    def payable(self) -> Mapping[tuple[str, int], Decimal]:
        """(payee, period) -> amount of money; rewards are no pay."""
        totals: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        for (payee, period, component), amount in self.components.items():
            if component not in self.plan.rewards:
                totals[payee, period] += amount
        return dict(totals)

    @cached_property
    def hash(self) -> str:
        """SHA-256 over all lines: equal for every engine."""
        digest = hashlib.sha256()
        for line in self.lines:
            digest.update(line_hash(line).encode())
        return digest.hexdigest()

    def quota(self, component: str, payee: str, period: int) -> Decimal | None:
        """The quota of a component's window, None where there is none."""
        return self._quotas.get((component, payee, period))

    @cached_property
    def _quotas(self) -> Mapping[tuple[str, str, int], Decimal]:
        return {(each.component, each.payee, each.period): each.quota for each in self.attainments}

    def period(self, number: int) -> PayPeriod:
        return next(each for each in self.periods if each.number == number)


def calculate(inputs: Inputs, engine: str = "duckdb") -> Result:
    """Compute a prepared input. Raises Invalid where a number outgrows the exact types."""
    if engine in ("duckdb", "spark"):
        (run_stages if engine == "duckdb" else run_stages_on_spark)(inputs)
        lines = [
            line_from_row(row) for row in inputs.rows(f"SELECT {', '.join(LINE_COLUMNS)} FROM line")
        ]
        credits = [
            Credit(
                measure=measure,
                rule=rule,
                event=event,
                payee=payee,
                period=period,
                role=role,
                via=via,
                depth=depth,
                share=share,
                amount=amount,
            )
            for measure, rule, event, payee, period, role, via, depth, share, amount in inputs.rows(
                "SELECT measure, rule, event_id, payee, period, role, via, depth, share, amount "
                "FROM credit"
            )
        ]
        attainments = [
            Attainment(
                component=component, payee=payee, period=period, reached=reached, quota=quota
            )
            for component, payee, period, reached, quota in inputs.rows(
                "SELECT component, payee, period, reached, quota FROM attainment"
            )
        ]
    elif engine == "oracle":
        lines, credits, attainments = calculate_with_oracle(inputs)
    else:
        raise Invalid(f"There is no engine “{engine}”; take {' or '.join(ALL_ENGINES)}.")
    return Result(
        plan=inputs.plan,
        engine=engine,
        input_hash=inputs.hash,
        periods=inputs.periods,
        lines=tuple(sorted(lines, key=sort_key)),
        credits=tuple(sorted(credits, key=_credit_key)),
        attainments=tuple(sorted(attainments)),
        closings=inputs.closings,
        notices=tuple(inputs.notices),
    )


def run_stages(inputs: Inputs, watch: Callable[[], None] | None = None) -> None:
    """Make every table of the calculation in the input's DuckDB; ``line`` is the last.

    ``watch`` is called before each table, so that a long calculation can be stopped.
    """
    for each in compile_plan(inputs.plan):
        if watch is not None:
            watch()
        try:
            inputs.make(each.sql)
        except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
            raise Invalid(
                f"A number in “{each.purpose}” is too large to be computed exactly "
                f"({str(error).splitlines()[0][:160]}).",
                code="overflow",
            ) from error


def _credit_key(credit: Credit) -> tuple[object, ...]:
    return (
        credit.payee,
        credit.period,
        credit.measure,
        credit.rule,
        credit.event,
        credit.role,
        credit.via,
    )
