"""SQL of gates, multipliers, floors and caps: lines that change what components pay.

They apply in the order of the plan's text; each sees the totals that the one before left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import (
    line_stage,
    named_join,
    payee_condition,
    standing_stages,
    window_of,
)
from dealwright.compensation.engine.lines import line_select
from dealwright.compensation.engine.sql import (
    Stage,
    amount,
    rate,
    rounded,
    stage,
    text,
    texts,
    times_rate,
    union,
)
from dealwright.compensation.engine.tables import AMOUNT
from dealwright.compensation.plans.definition import (
    Cap,
    Component,
    Floor,
    Gate,
    Multiplier,
    Plan,
)


def modifier_stages(plan: Plan, tables: list[str]) -> Iterator[Stage]:
    """Rounding, then each modifier; adds the line tables it makes to ``tables``."""
    if not plan.rounding.line and tables:
        yield _rounding(plan, tables)
        tables.append("line_rounding")
    yield stage("total_0", "components before modifiers", _totals(lines_of(tables)))
    for place, each in enumerate(plan.modifiers):
        before = f"total_{place}"
        match each:
            case Gate():
                yield from standing_stages(plan, each, each.test, each.id)
                yield _gate(plan, each, before)
            case Multiplier():
                if each.test is not None:
                    yield from standing_stages(plan, each, each.test, each.id)
                yield _multiplier(plan, each, before)
            case Floor() if each.per == "deal":
                yield _deal_limit(plan, each, tables)
            case Floor():
                yield _floor(plan, each, before)
            case Cap() if each.per == "deal":
                yield _deal_limit(plan, each, tables)
            case Cap() if each.excess == "withhold":
                yield _withhold(plan, each, before)
            case Cap():
                yield _cap(plan, each, before)
        tables.append(f"line_{each.id}")
        yield stage(
            f"total_{place + 1}",
            f"components after “{each.label}”",
            f"SELECT component, payee, period, CAST(sum(amount) AS {AMOUNT}) AS amount FROM ("
            f"SELECT component, payee, period, amount FROM {before} UNION ALL "
            f"SELECT component, payee, period, payout FROM line_{each.id}) AS t "
            "GROUP BY component, payee, period",
        )


def lines_of(tables: Sequence[str]) -> str:
    """Line tables as one, in parentheses for a FROM clause."""
    if not tables:
        return f"(SELECT {line_select()} WHERE 1 = 0)"
    return "(" + union([f"SELECT * FROM {each}" for each in tables]) + ")"


def receiver(component: Floor | Cap) -> str:
    """The component that shows the line: the one it acts on, or its own where there are many."""
    return component.on[0] if len(component.on) == 1 else component.id


def scale_on(plan: Plan, on: Sequence[str]) -> int:
    """Decimals of what components pay: rewards are whole."""
    return 0 if set(on) & set(plan.rewards) else plan.rounding.scale


def money_only(plan: Plan) -> str:
    """A condition that leaves rewards out; nothing where the plan has none."""
    return f" AND component NOT IN ({texts(plan.rewards)})" if plan.rewards else ""


def _totals(lines: str) -> str:
    return (
        f"SELECT component, payee, period, CAST(sum(payout) AS {AMOUNT}) AS amount "
        f"FROM {lines} AS l GROUP BY component, payee, period"
    )


def _rounding(plan: Plan, tables: Sequence[str]) -> Stage:
    """What makes a component whole where single lines keep six decimals."""
    difference = f"{rounded('amount', plan.rounding.scale)} - amount"
    return stage(
        "line_rounding",
        "rounding of components to whole minor units",
        "SELECT "
        + line_select(
            component="component",
            payee="payee",
            period="period",
            kind="'rounding'",
            payout=difference,
        )
        + f" FROM ({_totals(lines_of(tables))}) AS t WHERE {difference} <> 0{money_only(plan)}",
    )


def _gate(plan: Plan, gate: Gate, before: str) -> Stage:
    join, condition = payee_condition(plan, gate, "t")
    kept = times_rate("t.amount", rate(gate.otherwise), scale_on(plan, gate.on))
    return line_stage(
        gate,
        "SELECT "
        + line_select(
            component="t.component",
            payee="t.payee",
            period="t.period",
            kind="'gate'",
            low="s.amount",
            high="s.quota",
            base="t.amount",
            rate=rate(gate.otherwise),
            payout=f"{kept} - t.amount",
        )
        + f" FROM {before} AS t LEFT JOIN standing_{gate.id} AS s ON s.payee = t.payee "
        f"AND s.period = t.period{join} WHERE t.component IN ({texts(gate.on)}) "
        f"AND coalesce(s.step, 0) = 0{condition} AND {kept} <> t.amount",
    )


def _multiplier(plan: Plan, multiplier: Multiplier, before: str) -> Stage:
    join, condition = payee_condition(plan, multiplier, "t")
    standing, low = "", f"CAST(NULL AS {AMOUNT})"
    if multiplier.test is None:
        factor = rate(multiplier.factor or Decimal(1))
    else:
        standing = (
            f" LEFT JOIN standing_{multiplier.id} AS s ON s.payee = t.payee AND s.period = t.period"
        )
        low = "s.amount"
        cases = " ".join(
            f"WHEN {place + 1} THEN {rate(each)}" for place, each in enumerate(multiplier.factors)
        )
        factor = f"CASE coalesce(s.step, 0) {cases} ELSE {rate(multiplier.factors[0])} END"
    paid = times_rate("t.amount", factor, scale_on(plan, multiplier.on))
    return line_stage(
        multiplier,
        "SELECT "
        + line_select(
            component="t.component",
            payee="t.payee",
            period="t.period",
            kind="'multiplier'",
            low=low,
            base="t.amount",
            rate=factor,
            payout=f"{paid} - t.amount",
        )
        + f" FROM {before} AS t{standing}{join} WHERE t.component IN ({texts(multiplier.on)})"
        f"{condition} AND {paid} <> t.amount",
    )


def _per_period(component: Component, on: Sequence[str], before: str) -> str:
    return (
        f"(SELECT payee, period, CAST(sum(amount) AS {AMOUNT}) AS amount FROM {before} "
        f"WHERE component IN ({texts(on)}) GROUP BY payee, period)"
    )


def _floor(plan: Plan, floor: Floor, before: str) -> Stage:
    named, limit = named_join(floor.amount, "a", "period", payee="g.payee", number="g.period")
    condition = payee_condition(plan, floor, "g", on_grid=True)[1]
    earned = f"coalesce(t.amount, {amount(Decimal(0))})"
    return line_stage(
        floor,
        "SELECT "
        + line_select(
            component=text(receiver(floor)),
            payee="g.payee",
            period="g.period",
            kind="'floor'",
            low=limit,
            base=earned,
            payout=f"{limit} - {earned}",
        )
        + f" FROM grid AS g LEFT JOIN {_per_period(floor, floor.on, before)} AS t "
        f"ON t.payee = g.payee AND t.period = g.period{named} WHERE {earned} < {limit}{condition}",
    )


def _deal_limit(plan: Plan, limit: Floor | Cap, tables: Sequence[str]) -> Stage:
    """A least or most per deal; a most holds for a taken-back deal as well."""
    named, value = named_join(limit.amount, "a", "period", payee="d.payee", number="d.period")
    join, condition = payee_condition(plan, limit, "d")
    if isinstance(limit, Floor):
        kind, columns = "floor", {"low": value}
        payout = f"{value} - d.amount"
        outside = f"d.amount >= 0 AND d.amount < {value}"
    else:
        kind, columns = "cap", {"high": value}
        payout = f"greatest(least(d.amount, {value}), -{value}) - d.amount"
        outside = f"abs(d.amount) > {value}"
        named = named.replace("LEFT JOIN", "JOIN")
    return line_stage(
        limit,
        "SELECT "
        + line_select(
            component=text(receiver(limit)),
            payee="d.payee",
            period="d.period",
            kind=text(kind),
            event_id="d.event_id",
            base="d.amount",
            payout=payout,
            **columns,
        )
        + f" FROM (SELECT payee, period, event_id, CAST(sum(payout) AS {AMOUNT}) AS amount "
        f"FROM {lines_of(tables)} AS l WHERE component IN ({texts(limit.on)}) "
        f"AND event_id <> '' GROUP BY payee, period, event_id) AS d{named}{join} "
        f"WHERE {outside}{condition}",
    )


def _cap(plan: Plan, cap: Cap, before: str) -> Stage:
    """What a window pays in all stays under the cap; later negative amounts make room."""
    named, limit = named_join(
        cap.amount, "a", cap.per, payee="t.payee", number=window_of(cap.per, "d")
    )
    join, condition = payee_condition(plan, cap, "t")
    window = window_of(cap.per, "d")
    after = (
        f"CAST(sum(t.amount) OVER (PARTITION BY t.payee, {window} ORDER BY t.period "
        f"ROWS UNBOUNDED PRECEDING) AS {AMOUNT})"
    )
    payout = "least(after, limit_) - least(after - amount, limit_) - amount"
    return line_stage(
        cap,
        "SELECT "
        + line_select(
            component=text(receiver(cap)),
            payee="payee",
            period="period",
            kind="'cap'",
            high="limit_",
            base="amount",
            payout=payout,
        )
        + f" FROM (SELECT t.payee, t.period, t.amount, {limit} AS limit_, {after} AS after "
        f"FROM {_per_period(cap, cap.on, before)} AS t JOIN period AS d ON d.period = t.period"
        f"{named.replace('LEFT JOIN', 'JOIN')}{join} WHERE 1 = 1{condition}) AS c "
        f"WHERE {payout} <> 0",
    )


def _withhold(plan: Plan, cap: Cap, before: str) -> Stage:
    """What is over the cap waits; a period below it pays waiting money up to the cap.

    The waiting balance is max(0, balance before + earned - cap). Such a chain has a closed
    form: the running sum of (earned - cap) less its least value so far, if below zero.
    """
    named, limit = named_join(cap.amount, "a", "period", payee="g.payee", number="g.period")
    condition = payee_condition(plan, cap, "g", on_grid=True)[1]
    earned = f"coalesce(t.amount, {amount(Decimal(0))})"
    return line_stage(
        cap,
        "SELECT "
        + line_select(
            component=text(receiver(cap)),
            payee="payee",
            period="period",
            kind="CASE WHEN balance > before THEN 'withheld' ELSE 'released' END",
            high="limit_",
            base="earned",
            payout="before - balance",
            balance="balance",
        )
        + " FROM (SELECT *, coalesce(lag(balance) OVER (PARTITION BY payee ORDER BY period), "
        f"{amount(Decimal(0))}) AS before FROM ("
        + reflected(
            f"SELECT g.payee, g.period, {earned} AS earned, {limit} AS limit_, "
            f"CAST({earned} - {limit} AS {AMOUNT}) AS step FROM grid AS g "
            f"LEFT JOIN {_per_period(cap, cap.on, before)} AS t ON t.payee = g.payee "
            f"AND t.period = g.period{named.replace('LEFT JOIN', 'JOIN')} WHERE 1 = 1{condition}"
        )
        + ") AS b) AS c WHERE balance <> before",
    )


def reflected(steps: str) -> str:
    """Adds ``balance`` = max(0, balance before + step) per payee to rows with a ``step``."""
    order = "PARTITION BY payee ORDER BY period ROWS UNBOUNDED PRECEDING"
    return (
        f"SELECT *, CAST(total - least({amount(Decimal(0))}, min(total) OVER ({order})) "
        f"AS {AMOUNT}) AS balance FROM (SELECT *, CAST(sum(step) OVER ({order}) AS {AMOUNT}) "
        f"AS total FROM ({steps}) AS s) AS w"
    )
