"""SQL of profit pools: a sum divided among payees when its window is over."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import (
    basis_stage,
    line_stage,
    named_join,
    payee_condition,
    window_of,
)
from dealwright.compensation.engine.lines import line_select
from dealwright.compensation.engine.sql import (
    RATIO_DIGITS,
    Stage,
    amount,
    apportioned,
    from_units,
    rate,
    stage,
    text,
    times_rate,
    units,
)
from dealwright.compensation.engine.tables import AMOUNT
from dealwright.compensation.plans.definition import Amount, Plan, ProfitPool


def pool_stages(plan: Plan, component: ProfitPool) -> Iterator[Stage]:
    if component.basis is not None:
        yield basis_stage(plan, component, component.basis)
    yield _pool(plan, component)
    yield _weights(plan, component)
    yield _line(plan, component)


def _pool(plan: Plan, component: ProfitPool) -> Stage:
    """How much there is to divide for each window that is over."""
    closing = (
        f"SELECT number, period, day FROM closing WHERE span = {text(component.cumulate)} AND paid"
    )
    if component.amount is not None:
        query = f"SELECT *, {amount(component.amount)} AS pool FROM ({closing}) AS c"
    else:
        window = window_of(component.cumulate)
        over = f"coalesce(m.amount, {amount(Decimal(0))}) - {amount(component.above)}"
        pool = times_rate(
            f"greatest({over}, {amount(Decimal(0))})", rate(component.share), plan.rounding.scale
        )
        query = (
            f"SELECT c.number, c.period, c.day, {pool} AS pool FROM ({closing}) AS c LEFT JOIN ("
            f"SELECT {window} AS number, CAST(sum(amount) AS {AMOUNT}) AS amount FROM eligible "
            f"WHERE measure = {text(component.measure)} GROUP BY {window}) AS m "
            "ON m.number = c.number"
        )
    return stage(f"pool_{component.id}", f"what “{component.label}” has to divide", query)


def _weights(plan: Plan, component: ProfitPool) -> Stage:
    """Per window those who share, and by what: whole numbers, so that parts are exact."""
    window = window_of(component.cumulate)
    scale = plan.rounding.scale
    join, base, digits = "", "CAST(1 AS INT128)", 0
    if component.by == "days":
        base = "CAST(d.days AS INT128)"
    elif component.by == "credits":
        digits = RATIO_DIGITS
        nothing = amount(Decimal(0))
        base = units(f"greatest(coalesce(k.amount, {nothing}), {nothing})", digits)
        join = (
            f" LEFT JOIN (SELECT payee, {window} AS number, CAST(sum(amount) AS {AMOUNT}) AS "
            f"amount FROM basis_{component.id} GROUP BY payee, {window}) AS k "
            "ON k.payee = d.payee AND k.number = d.number"
        )
    elif component.by in ("salary", "target"):
        digits = scale
        join, value = named_join(
            plan,
            Amount(name=component.by),
            "a",
            component.cumulate,
            payee="d.payee",
            number="d.number",
        )
        base = units(value, digits)
    here = "" if component.leavers else " AND p.payee IS NOT NULL"
    condition = payee_condition(plan, component, "g", on_grid=True)[1]
    return stage(
        f"weight_{component.id}",
        f"who shares “{component.label}”, and by what",
        f"SELECT c.number, c.period, c.pool AS amount, d.payee, {base} AS weight "
        f"FROM pool_{component.id} AS c "
        f"JOIN (SELECT payee, {window} AS number, CAST(sum(days) AS BIGINT) AS days, "
        f"max(period) AS last FROM grid GROUP BY payee, {window}) AS d ON d.number = c.number "
        "JOIN grid AS g ON g.payee = d.payee AND g.period = d.last "
        "LEFT JOIN input_people AS p ON p.payee = d.payee AND p.starts <= c.day "
        f"AND p.ends >= c.day{join} WHERE 1 = 1{here}{condition}",
    )


def _line(plan: Plan, component: ProfitPool) -> Stage:
    scale = plan.rounding.scale
    digits = {"salary": scale, "target": scale, "credits": RATIO_DIGITS}.get(component.by, 0)
    rows = (
        f"SELECT payee, number, period, amount, weight, {units('amount', scale)} AS pool "
        f"FROM weight_{component.id}"
    )
    return line_stage(
        component,
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="payee",
            period="period",
            kind="'pool'",
            low=from_units("weights", digits),
            high="amount",
            base=from_units("weight", digits),
            payout=from_units("units", scale),
        )
        + f" FROM ({apportioned(rows, 'number', 'payee')}) AS s WHERE units <> 0",
    )
