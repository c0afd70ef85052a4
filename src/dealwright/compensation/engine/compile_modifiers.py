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
from dealwright.compensation.engine.compile_objectives import interpolated
from dealwright.compensation.engine.lines import line_select
from dealwright.compensation.engine.sql import (
    FACTOR,
    FACTOR_DIGITS,
    LINE_SCALE,
    Stage,
    amount,
    quotient,
    rate,
    rounded,
    stage,
    text,
    texts,
    times_rate,
    union,
    units,
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
                for number, test in enumerate(each.tests):
                    yield from standing_stages(plan, each, test, _standing_of(each, number))
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


def _standing_of(gate: Gate, number: int) -> str:
    return f"{gate.id}_{number}" if number else gate.id


def _gate(plan: Plan, gate: Gate, before: str) -> Stage:
    join, condition = payee_condition(plan, gate, "t")
    kept = times_rate("t.amount", rate(gate.otherwise), scale_on(plan, gate.on))
    aliases = [f"s{number or ''}" for number in range(len(gate.tests))]
    standings = "".join(
        f" LEFT JOIN standing_{_standing_of(gate, number)} AS {alias} "
        f"ON {alias}.payee = t.payee AND {alias}.period = t.period"
        for number, alias in enumerate(aliases)
    )
    missed = " AND ".join(f"coalesce({alias}.step, 0) = 0" for alias in aliases)
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
        + f" FROM {before} AS t{standings}{join} WHERE t.component IN ({texts(gate.on)}) "
        f"AND {missed}{condition} AND {kept} <> t.amount",
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
    if multiplier.is_curve and multiplier.test is not None:
        against = "s.quota" if multiplier.test.quota or multiplier.test.per else ""
        nothing = f"CAST(0 AS {FACTOR})"
        factor = f"coalesce({interpolated(multiplier.points, 's.amount', against)}, {nothing})"
        if plan.measures[multiplier.test.basis.measure].aggregate != "sum":
            factor = f"CASE WHEN coalesce(s.found, 0) = 0 THEN {nothing} ELSE {factor} END"
        factor = f"CAST({factor} AS {FACTOR})"
        scale = scale_on(plan, multiplier.on)
        millionths = f"CAST({factor} * 1000000 AS DECIMAL(28, 6))"
        paid = quotient(
            f"{units('t.amount', LINE_SCALE)} * {units(millionths, LINE_SCALE)}",
            f"CAST({10 ** (LINE_SCALE + FACTOR_DIGITS - scale)} AS INT128)",
            scale,
        )
    elif multiplier.test is not None:
        cases = " ".join(
            f"WHEN {place + 1} THEN {rate(each)}" for place, each in enumerate(multiplier.factors)
        )
        factor = f"CASE coalesce(s.step, 0) {cases} ELSE {rate(multiplier.factors[0])} END"
    if not multiplier.is_curve:
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
            rate=f"ROUND({factor}, 6)" if multiplier.is_curve else factor,
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
    window = window_of(floor.per, "g")
    named, limit = named_join(plan, floor.amount, "a", floor.per, payee="g.payee", number=window)
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
        + f" FROM grid AS g JOIN closing AS c ON c.span = {text(floor.per)} "
        f"AND c.number = {window} AND c.period = g.period AND c.paid LEFT JOIN (SELECT t.payee, "
        f"{window_of(floor.per, 'd')} AS number, CAST(sum(t.amount) AS {AMOUNT}) AS amount "
        f"FROM {before} AS t JOIN period AS d ON d.period = t.period "
        f"WHERE t.component IN ({texts(floor.on)}) GROUP BY t.payee, {window_of(floor.per, 'd')}) "
        f"AS t ON t.payee = g.payee AND t.number = {window}{named} "
        f"WHERE {earned} < {limit}{condition}",
    )


def _deal_limit(plan: Plan, limit: Floor | Cap, tables: Sequence[str]) -> Stage:
    """A least or most per deal, over all periods in which the deal pays.

    A most holds for a taken-back deal as well. A least is for deals, also those that earn a
    loss, and not for what is taken back.
    """
    named, value = named_join(plan, limit.amount, "a", "period", payee="d.payee", number="d.period")
    join, condition = payee_condition(plan, limit, "d")
    if isinstance(limit, Floor):
        kind, edge = "floor", "low"
        limited = "CASE WHEN after < limit_ AND (after >= 0 OR deal > 0) THEN limit_ ELSE after END"
    else:
        kind, edge = "cap", "high"
        limited = "greatest(least(after, limit_), -limit_)"
        named = named.replace("LEFT JOIN", "JOIN")
    columns = {edge: "limit_"}
    payout = "limited - before - amount"
    return line_stage(
        limit,
        "SELECT "
        + line_select(
            component=text(receiver(limit)),
            payee="payee",
            period="period",
            kind=text(kind),
            event_id="event_id",
            base="amount",
            payout=payout,
            **columns,
        )
        + " FROM (SELECT *, coalesce(lag(limited) OVER (PARTITION BY payee, event_id "
        f"ORDER BY period), {amount(Decimal(0))}) AS before FROM (SELECT *, "
        f"CAST({limited} AS {AMOUNT}) AS limited FROM (SELECT d.payee, d.period, d.event_id, "
        f"d.amount, e.amount AS deal, {value} AS limit_, CAST(sum(d.amount) OVER (PARTITION BY "
        f"d.payee, d.event_id ORDER BY d.period ROWS UNBOUNDED PRECEDING) AS {AMOUNT}) AS after "
        f"FROM (SELECT payee, period, event_id, CAST(sum(payout) AS {AMOUNT}) AS amount "
        f"FROM {lines_of(tables)} AS l WHERE component IN ({texts(limit.on)}) "
        "AND event_id <> '' GROUP BY payee, period, event_id) AS d "
        f"JOIN input_events AS e ON e.event_id = d.event_id{named}{join} WHERE 1 = 1{condition}"
        f") AS s) AS t) AS u WHERE {payout} <> 0",
    )


def _cap(plan: Plan, cap: Cap, before: str) -> Stage:
    """What a window pays in all stays under the cap; later negative amounts make room."""
    named, limit = named_join(
        plan, cap.amount, "a", cap.per, payee="t.payee", number=window_of(cap.per, "d")
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
    named, limit = named_join(plan, cap.amount, "a", "period", payee="g.payee", number="g.period")
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
