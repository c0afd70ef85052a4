"""SQL of objectives (MBO): each achieved in whole or in part, weighed and paid as one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import (
    difference_lines,
    line_stage,
    named_join,
    payee_condition,
    standing_stages,
    threshold_amount,
    window_of,
)
from dealwright.compensation.engine.sql import (
    FACTOR,
    FACTOR_DIGITS,
    RATIO_DIGITS,
    Stage,
    amount,
    quotient,
    rate,
    stage,
    union,
    units,
)
from dealwright.compensation.engine.tables import AMOUNT
from dealwright.compensation.plans.definition import Band, Mbo, Objective, Plan

MOST_SCORE = Decimal(999)  # what an objective without a maximum counts at most
_MILLION = "CAST(1000000 AS INT128)"


def objective_stages(plan: Plan, component: Mbo) -> Iterator[Stage]:
    for place, each in enumerate(component.objectives, 1):
        yield from standing_stages(plan, component, each.test, f"{component.id}_{place}")
    yield _score(plan, component)
    yield _achieved(component)
    yield line_stage(component, _lines(plan, component))


def factor(value: Decimal) -> str:
    return f"CAST('{value:f}' AS {FACTOR})"


def _score(plan: Plan, component: Mbo) -> Stage:
    """Per payee and period the fraction of each objective that is achieved."""
    join, target = named_join(
        plan,
        component.target,
        "t",
        component.cumulate,
        payee="g.payee",
        number=window_of(component.cumulate, "g"),
    )
    condition = payee_condition(plan, component, "g", on_grid=True)[1]
    columns, joins = [], []
    for place, each in enumerate(component.objectives, 1):
        table = f"s{place}"
        columns.append(
            f"{table}.amount AS reached_{place}, {table}.quota AS quota_{place}, "
            f"{_fraction(plan, each, table)} AS fraction_{place}"
        )
        joins.append(
            f" JOIN standing_{component.id}_{place} AS {table} ON {table}.payee = g.payee "
            f"AND {table}.period = g.period"
        )
    return stage(
        f"score_{component.id}",
        f"how far each objective of “{component.label}” is achieved",
        f"SELECT g.payee, g.period, {window_of(component.cumulate, 'g')} AS number, "
        f"{target} AS target, {', '.join(columns)} FROM grid AS g{''.join(joins)}{join} "
        f"WHERE 1 = 1{condition}",
    )


def _fraction(plan: Plan, objective: Objective, table: str) -> str:
    """What is achieved of an objective, at most its maximum; 0 where nothing was measured."""
    reached, quota = f"{table}.amount", f"{table}.quota"
    against = objective.test.quota or objective.test.per
    most = MOST_SCORE if objective.maximum is None else objective.maximum
    if objective.at_least is not None or objective.at_most is not None:
        low = objective.at_least is not None
        edge = objective.at_least if objective.at_least is not None else objective.at_most
        assert edge is not None
        limit = threshold_amount(plan, against, amount(edge), quota)
        value = (
            f"CASE WHEN {reached} {'>=' if low else '<='} {limit} "
            f"THEN {factor(Decimal(1))} ELSE {factor(Decimal(0))} END"
        )
    elif objective.points:
        value = interpolated(objective.points, reached, quota if against else "")
    elif against:
        above = f"{units(reached, RATIO_DIGITS)} * {_MILLION}"
        below = f"{units(quota, RATIO_DIGITS)} * {_whole(most)}"
        part = quotient(
            f"{units(reached, RATIO_DIGITS)} * CAST({10**FACTOR_DIGITS} AS INT128)",
            units(quota, RATIO_DIGITS),
            FACTOR_DIGITS,
            FACTOR,
        )
        value = (
            f"CASE WHEN {quota} IS NULL OR {reached} <= 0 THEN {factor(Decimal(0))} "
            f"WHEN {above} >= {below} THEN {factor(most)} ELSE {part} END"
        )
    else:
        value = (
            f"CAST(least(greatest({reached}, {amount(Decimal(0))}), {amount(most)}) AS {FACTOR})"
        )
    if objective.maximum is not None:
        value = f"least({value}, {factor(objective.maximum)})"
    measure = plan.measures[objective.test.basis.measure]
    if measure.aggregate != "sum":
        value = f"CASE WHEN {table}.found = 0 THEN {factor(Decimal(0))} ELSE {value} END"
    return f"CAST({value} AS {FACTOR})"


def interpolated(points: tuple[Band, ...], reached: str, quota: str) -> str:
    """On a straight line between points; nothing below the first, no more above the last."""
    if quota:
        value = f"{units(reached, RATIO_DIGITS)} * {_MILLION}"
        edges = [f"{_whole(each.threshold)} * {units(quota, RATIO_DIGITS)}" for each in points]
    else:
        value = units(reached, 6)
        edges = [_whole(each.threshold) for each in points]
    cases = [f"WHEN {value} >= {edges[-1]} THEN {factor(points[-1].value)}"]
    for place in range(len(points) - 2, -1, -1):
        low, high = points[place], points[place + 1]
        rise = _whole(high.value - low.value)
        slope = quotient(
            f"({value} - {edges[place]}) * {rise} * {_MILLION}",
            f"{edges[place + 1]} - {edges[place]}",
            FACTOR_DIGITS,
            FACTOR,
        )
        cases.append(f"WHEN {value} >= {edges[place]} THEN {factor(low.value)} + {slope}")
    nothing = factor(Decimal(0))
    missing = f"WHEN {quota} IS NULL THEN {nothing} " if quota else ""
    return f"CASE {missing}{' '.join(cases)} ELSE {nothing} END"


def _whole(value: Decimal) -> str:
    """A number of at most six decimals as a whole number of millionths."""
    return f"CAST({int(value * 10**6)} AS INT128)"


def _achieved(component: Mbo) -> Stage:
    """The weighted sum after each objective, and what counts of it in the end."""
    sums: list[str] = []
    parts: list[str] = []
    for place, each in enumerate(component.objectives, 1):
        parts.append(f"CAST({rate(each.weight)} * fraction_{place} AS DECIMAL(28, 18))")
        sums.append(f"CAST(ROUND({' + '.join(parts)}, {FACTOR_DIGITS}) AS {FACTOR}) AS sum_{place}")
    last = f"sum_{len(sums)}"
    counts = last
    if component.minimum is not None:
        counts = f"greatest({counts}, {factor(component.minimum)})"
    if component.maximum is not None:
        counts = f"least({counts}, {factor(component.maximum)})"
    blocked = [
        f"fraction_{place} <= 0"
        for place, each in enumerate(component.objectives, 1)
        if each.required
    ]
    if component.threshold is not None:
        blocked.append(f"{last} < {factor(component.threshold)}")
    if blocked:
        counts = f"CASE WHEN {' OR '.join(blocked)} THEN {factor(Decimal(0))} ELSE {counts} END"
    return stage(
        f"achieved_{component.id}",
        f"the weighted sum of “{component.label}” and what counts of it",
        f"SELECT *, CAST({counts} AS {FACTOR}) AS counts FROM "
        f"(SELECT *, {', '.join(sums)} FROM score_{component.id}) AS w",
    )


def _lines(plan: Plan, component: Mbo) -> str:
    """Each objective pays what it adds to the rounded pay, so that lines sum to the whole."""

    def paid(column: str) -> str:
        return (
            f"CAST(ROUND(CAST(target AS DECIMAL(18, 6)) * {column}, {plan.rounding.scale}) "
            f"AS {AMOUNT})"
        )

    rows, before = [], amount(Decimal(0))
    for place in range(1, len(component.objectives) + 1):
        rows.append(
            f"SELECT payee, number, period, {place} AS band, reached_{place} AS low, "
            f"quota_{place} AS high, target AS base, fraction_{place} AS rate, "
            f"CAST({paid(f'sum_{place}')} - {before} AS {AMOUNT}) AS truth "
            f"FROM achieved_{component.id}"
        )
        before = paid(f"sum_{place}")
    within = "payee, number, band"
    parts = [difference_lines(component, union(rows), "objective", within=within)]
    limit = (
        f"SELECT payee, number, period, CAST(NULL AS INTEGER) AS band, "
        f"CAST(NULL AS {AMOUNT}) AS low, CAST(NULL AS {AMOUNT}) AS high, target AS base, "
        f"counts AS rate, CAST({paid('counts')} - {before} AS {AMOUNT}) AS truth "
        f"FROM achieved_{component.id}"
    )
    if _limits(component):
        parts.append(difference_lines(component, limit, "limit"))
    return union(parts)


def _limits(component: Mbo) -> bool:
    bounds = (component.threshold, component.minimum, component.maximum)
    return any(each is not None for each in bounds) or any(
        each.required for each in component.objectives
    )
