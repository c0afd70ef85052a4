"""SQL of the components that earn: each becomes a table of lines."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import (
    basis_stage,
    difference_lines,
    formula_names,
    line_scale,
    line_stage,
    named_join,
    payee_condition,
    quota_join,
    running_sums,
    standing_stages,
    threshold_amount,
)
from dealwright.compensation.engine.compile_contests import contest_stages
from dealwright.compensation.engine.compile_objectives import objective_stages
from dealwright.compensation.engine.compile_pools import pool_stages
from dealwright.compensation.engine.compile_tiers import (
    tiered_stages,
)
from dealwright.compensation.engine.lines import (
    line_select,
)
from dealwright.compensation.engine.names import (
    expression_sql,
)
from dealwright.compensation.engine.sql import (
    FACTOR,
    FACTOR_DIGITS,
    RATIO_DIGITS,
    Stage,
    amount,
    from_units,
    quotient,
    rate,
    rounded,
    text,
    times_price,
    times_rate,
    union,
    units,
    values_table,
)
from dealwright.compensation.engine.tables import (
    AMOUNT,
)
from dealwright.compensation.plans.definition import (
    Blocks,
    Contest,
    Curve,
    Earning,
    Fixed,
    Matrix,
    Mbo,
    Milestones,
    Plan,
    ProfitPool,
    Rated,
    Tiered,
)


def earning_stages(plan: Plan) -> Iterator[Stage]:
    for each in plan.earnings:
        yield from _stages_of(plan, each)


def _stages_of(plan: Plan, component: Earning) -> Iterator[Stage]:
    match component:
        case Fixed():
            yield _fixed(plan, component)
        case Rated():
            yield basis_stage(plan, component, component.basis, component.amount is not None)
            yield _rated(plan, component)
        case Tiered():
            yield from tiered_stages(plan, component)
        case Milestones():
            yield basis_stage(plan, component, component.basis)
            yield _milestones(plan, component)
        case Curve():
            yield basis_stage(plan, component, component.basis)
            yield _curve(plan, component)
        case Matrix():
            for name, lookup in (("rows", component.rows), ("columns", component.columns)):
                yield from standing_stages(plan, component, lookup, f"{component.id}_{name}")
            yield _matrix(plan, component)
        case Mbo():
            yield from objective_stages(plan, component)
        case ProfitPool():
            yield from pool_stages(plan, component)
        case Contest():
            yield from contest_stages(plan, component)
        case Blocks():
            yield basis_stage(plan, component, component.basis)
            yield _blocks(component)


def _fixed(plan: Plan, component: Fixed) -> Stage:
    join, value = named_join(
        plan, component.amount, "a", "period", payee="g.payee", number="g.period"
    )
    scale = plan.rounding.scale
    working = component.prorate == "working"
    days, whole = ("g.work_days", "g.work_whole") if working else ("g.days", "g.whole")
    if component.amount.value is not None and component.prorate:
        value = quotient(
            f"{units(value, scale)} * CAST({days} AS INT128)", f"CAST({whole} AS INT128)", scale
        )
    condition = payee_condition(plan, component, "g", on_grid=True)[1]
    return line_stage(
        component,
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="g.payee",
            period="g.period",
            kind="'fixed'",
            base=days,
            payout=rounded(value, scale),
        )
        + f" FROM grid AS g{join} WHERE {rounded(value, scale)} <> 0{condition}",
    )


def _rated(plan: Plan, component: Rated) -> Stage:
    scale = line_scale(plan, component)
    rate_column, kind = "NULL", "'formula'"
    if component.rate is not None:
        kind, rate_column = "'rate'", rate(component.rate)
        payout = times_rate("c.amount", rate_column, scale)
    elif component.price is not None:
        kind, rate_column = "'unit'", amount(component.price)
        payout = times_price("c.amount", rate_column, scale)
    else:
        assert component.amount is not None
        value = f"CAST({expression_sql(component.amount, formula_names(plan)[1])} AS {AMOUNT})"
        payout = rounded(f"coalesce({value}, CAST(0 AS {AMOUNT}))", scale)
    columns = {
        "component": text(component.id),
        "payee": "c.payee",
        "period": "c.period",
        "event_id": "c.event_id",
        "via": "c.via",
        "role": "c.role",
        "credit": "c.amount",
        "base": "c.amount",
        "rate": rate_column,
    }
    plain = (
        f"SELECT {line_select(**columns, kind=kind, payout=payout)} FROM basis_{component.id} AS c"
    )
    if component.budget is None:
        return line_stage(component, plain)
    # First come, first served: what would lead over the budget of all payees is taken off.
    limit = amount(component.budget)
    over = (
        f"CAST(sum({payout}) OVER (ORDER BY c.date, c.event_id, c.payee, c.rule, c.role, c.via "
        f"ROWS UNBOUNDED PRECEDING) AS {AMOUNT})"
    )
    cut = (
        f"SELECT component, payee, period, 'budget' AS kind, "
        f"CAST(least(after, {limit}) - least(after - payout, {limit}) - payout AS {AMOUNT}) "
        "AS payout, event_id, cause, via, role, credit, band, low, "
        f"{limit} AS high, payout AS base, CAST(NULL AS {AMOUNT}) AS rate, balance FROM ("
        f"SELECT {line_select(**columns, kind=kind, payout=payout)}, {over} AS after "
        f"FROM basis_{component.id} AS c) AS spent WHERE after > {limit}"
    )
    return line_stage(component, union([plain, f"SELECT * FROM ({cut}) AS cut WHERE payout <> 0"]))


def _blocks(component: Blocks) -> Stage:
    """A quantity for each full block of a credit, or of what a window has reached."""
    block = f"CAST({int(component.each * 10**RATIO_DIGITS)} AS INT128)"

    def counted(value: str) -> str:
        whole = units(value, RATIO_DIGITS)
        full = f"(CASE WHEN {whole} < 0 THEN -1 ELSE 1 END) * (ABS({whole}) // {block})"
        return f"CAST({from_units(full, 0)} * {component.quantity:f} AS {AMOUNT})"

    shared = {"high": amount(component.each), "rate": amount(component.quantity)}
    if component.cumulate == "transaction":
        payout = counted("c.amount")
        return line_stage(
            component,
            "SELECT "
            + line_select(
                component=text(component.id),
                payee="c.payee",
                period="c.period",
                kind="'blocks'",
                event_id="c.event_id",
                via="c.via",
                role="c.role",
                credit="c.amount",
                base="c.amount",
                payout=payout,
                **shared,
            )
            + f" FROM basis_{component.id} AS c WHERE {payout} <> 0",
        )
    reached = f"greatest(after, {amount(Decimal(0))})"
    truth = (
        f"SELECT payee, number, period, CAST(NULL AS INTEGER) AS band, CAST(NULL AS {AMOUNT}) "
        f"AS low, {shared['high']} AS high, after AS base, {shared['rate']} AS rate, "
        f"{counted(reached)} AS truth FROM {running_sums(component, component.cumulate)} AS r"
    )
    return line_stage(component, difference_lines(component, truth, "blocks"))


def _milestones(plan: Plan, component: Milestones) -> Stage:
    rows = []
    before = Decimal(0)
    for place, step in enumerate(component.steps):
        pays = step.value - before if component.pays == "highest" else step.value
        before = step.value
        rows.append([str(place + 1), amount(step.threshold), amount(pays)])
    join = quota_join(component.quota, component.cumulate, "r") if component.quota else ""
    low = threshold_amount(plan, component.quota, "s.threshold")
    now, earlier = f"(r.after >= {low})", f"(r.before IS NOT NULL AND r.before >= {low})"
    return line_stage(
        component,
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="r.payee",
            period="r.period",
            kind="'milestone'",
            band="s.step",
            low=low,
            base="r.after",
            payout=f"CASE WHEN {now} THEN s.pays ELSE CAST(-s.pays AS {AMOUNT}) END",
        )
        + f" FROM {running_sums(component, component.cumulate)} AS r{join} CROSS JOIN "
        + values_table(rows, "s", ("step", "threshold", "pays"))
        + f" WHERE {now} <> {earlier}",
    )


def _curve(plan: Plan, component: Curve) -> Stage:
    """The target times a factor interpolated to twelve decimals, less what was paid before."""
    points = component.points
    rows = [
        [str(place + 1), *(rate(each) for each in (a.threshold, b.threshold, a.value, b.value))]
        for place, (a, b) in enumerate(zip(points, [*points[1:], points[-1]], strict=True))
    ]
    segments = values_table(rows, "s", ("segment", "low", "high", "first", "last"))
    reached = f"{units('r.after', RATIO_DIGITS)} * CAST(1000000 AS INT128)"

    def edge(column: str) -> str:
        return f"{units(column, 6)} * {units('q.amount', RATIO_DIGITS)}"

    slope = quotient(
        f"({reached} - {edge('s.low')}) * {units('s.last - s.first', 6)} * CAST(1000000 AS INT128)",
        edge("(s.high - s.low)"),
        FACTOR_DIGITS,
        FACTOR,
    )
    join, target = named_join(
        plan, component.target, "t", component.cumulate, payee="r.payee", number="r.number"
    )
    truth = (
        f"SELECT payee, number, period, segment AS band, low, high, after AS base, factor AS rate, "
        f"CAST(ROUND(CAST(target AS DECIMAL(18, 6)) * coalesce(factor, CAST(0 AS {FACTOR})), "
        f"{plan.rounding.scale}) AS {AMOUNT}) AS truth FROM (SELECT r.payee, r.number, r.period, "
        f"r.after, s.segment, s.low, s.high, {target} AS target, "
        f"CAST(s.first + {slope} AS {FACTOR}) AS factor "
        f"FROM {running_sums(component, component.cumulate)} AS r"
        f"{quota_join(component.quota, component.cumulate, 'r')}{join} LEFT JOIN {segments} "
        f"ON {reached} >= {edge('s.low')} AND ({reached} < {edge('s.high')} "
        f"OR s.segment = {len(rows)})) AS f"
    )
    return line_stage(component, difference_lines(component, truth, "curve"))


def _matrix(plan: Plan, component: Matrix) -> Stage:
    """The target times the cell where rows and columns meet, less what was paid before."""
    cells = [
        [str(row + 1), str(column + 1), rate(value)]
        for row, values in enumerate(component.table)
        for column, value in enumerate(values)
    ]
    join, target = named_join(
        plan, component.target, "t", component.rows.cumulate, payee="r.payee", number="r.number"
    )
    who, condition = payee_condition(plan, component, "r")
    truth = (
        "SELECT r.payee, r.number, r.period, r.step AS band, r.amount AS low, k.amount AS high, "
        f"{target} AS base, coalesce(c.value, {rate(Decimal(0))}) AS rate, "
        + times_rate(target, f"coalesce(c.value, {rate(Decimal(0))})", plan.rounding.scale)
        + f" AS truth FROM standing_{component.id}_rows AS r "
        f"JOIN standing_{component.id}_columns AS k ON k.payee = r.payee AND k.period = r.period"
        f"{join} LEFT JOIN {values_table(cells, 'c', ('row_step', 'column_step', 'value'))} "
        f"ON c.row_step = r.step AND c.column_step = k.step{who} WHERE 1 = 1{condition}"
    )
    return line_stage(component, difference_lines(component, truth, "cell"))
