"""From a plan to SQL: one named table after the other, each of which can be opened.

event -> eligible -> split_share -> credit -> basis_* -> line_* -> total_* -> line ->
component -> payable. Input tables and helpers (day, grid, piece, reporting, fx, trigger)
come from ``prepared``.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from dealwright.compensation.engine.compile_bases import span_of, window_of
from dealwright.compensation.engine.compile_earnings import earning_stages
from dealwright.compensation.engine.compile_modifiers import lines_of, modifier_stages, money_only
from dealwright.compensation.engine.compile_settlement import settlement_stages
from dealwright.compensation.engine.names import (
    PLAN_WINDOW,
    SPANS,
    event_columns,
    event_names,
    expression_sql,
    named_amounts,
    quotas_of,
)
from dealwright.compensation.engine.rate_days import rate_type
from dealwright.compensation.engine.sql import (
    LINE_SCALE,
    RATIO_DIGITS,
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
from dealwright.compensation.engine.tables import AMOUNT, RATE
from dealwright.compensation.plans.definition import TERRITORY, CreditRule, Measure, Plan, bases_of


@lru_cache(maxsize=64)
def compile_plan(plan: Plan) -> tuple[Stage, ...]:
    """Every table of the plan's calculation in the order of making."""
    return tuple(_stages(plan))


def _stages(plan: Plan) -> Iterator[Stage]:
    yield _event(plan)
    yield _eligible(plan)
    yield from _credits(plan)
    yield _named(plan)
    parts: list[str] = []
    for each in earning_stages(plan):
        yield each
        if each.name.startswith("line_"):
            parts.append(each.name)
    yield _attainment(plan)
    yield from modifier_stages(plan, parts)
    yield from settlement_stages(plan, parts)
    yield stage("line", "every line", f"SELECT * FROM {lines_of(parts)} AS l", view=True)
    yield stage(
        "component",
        "what each component pays each payee in each period",
        f"SELECT component, payee, period, CAST(sum(payout) AS {AMOUNT}) AS amount "
        "FROM line GROUP BY component, payee, period",
    )
    yield stage(
        "payable",
        "what each payee is owed for each period",
        f"SELECT payee, period, CAST(sum(amount) AS {AMOUNT}) AS amount "
        f"FROM component WHERE 1 = 1{money_only(plan)} GROUP BY payee, period",
    )


def _event(plan: Plan) -> Stage:
    columns = ", ".join(f"e.{column}" for column in event_columns(plan))
    return stage(
        "event",
        "the events of the calculated periods",
        f"SELECT {columns}, d.period, d.quarter, d.year, d.month_end, d.period_end "
        "FROM input_events AS e JOIN day AS d ON d.date = e.date",
        view=True,
    )


def _eligible(plan: Plan) -> Stage:
    """Per measure the events that count, in the plan's currency."""
    used = {basis.measure for basis in bases_of(plan)}
    parts = [_eligible_for(plan, plan.measures[each]) for each in sorted(used)]
    if not parts:
        parts = [
            f"SELECT '' AS measure, event_id, date, period, quarter, year, "
            f"CAST(0 AS {AMOUNT}) AS amount FROM event WHERE 1 = 0"
        ]
    purpose = "per measure the events that count, with their amount"
    return stage("eligible", purpose, union(parts), view=True)


def _eligible_for(plan: Plan, measure: Measure) -> str:
    names = event_names(plan, "e")
    value = (
        f"coalesce(CAST({expression_sql(measure.amount, names)} AS {AMOUNT}), CAST(0 AS {AMOUNT}))"
    )
    if measure.factors:
        cases = " ".join(
            f"WHEN {text(kind)} THEN {rate(factor)}"
            for kind, factor in sorted(measure.factors.items())
        )
        value = times_rate(value, f"CASE e.kind {cases} ELSE {rate_one()} END", LINE_SCALE)
    scale = credit_scale(plan, measure)
    conditions = [f"e.kind IN ({texts(measure.kinds)})"]
    if measure.when is not None:
        conditions.append(f"({expression_sql(measure.when, names)})")
    join = ""
    if measure.unit == "money":
        kind = rate_type(measure.rates)
        day = {"month_end": "e.month_end", "pay": "e.period_end"}.get(measure.rates, "e.date")
        join = (
            f" LEFT JOIN fx AS x ON x.from_currency = e.currency "
            f"AND x.to_currency = {text(plan.currency)} AND x.type = {text(kind)} "
            f"AND {day} >= x.starts AND {day} < x.before"
        )
        value = (
            f"CASE WHEN e.currency = {text(plan.currency)} THEN {rounded(value, scale)} ELSE "
            + rounded(
                f"CAST({value} AS DECIMAL(19, 6)) * CAST(coalesce(x.rate, 0) AS DECIMAL(18, 9))",
                scale,
            )
            + " END"
        )
    else:
        value = rounded(value, scale)
    return (
        f"SELECT {text(measure.id)} AS measure, e.event_id, e.date, e.period, e.quarter, e.year, "
        f"{value} AS amount FROM event AS e{join} WHERE {' AND '.join(conditions)}"
    )


def rate_one() -> str:
    return f"CAST('1' AS {RATE})"


def credit_scale(plan: Plan, measure: Measure) -> int:
    """Decimals of credited amounts."""
    if measure.unit == "quantity":
        return RATIO_DIGITS
    return plan.rounding.scale if plan.rounding.credit else LINE_SCALE


def _credits(plan: Plan) -> Iterator[Stage]:
    yield stage(
        "split_source",
        "whose splits and payee hold for an event: its own, else those of what it refers to",
        "SELECT e.event_id, coalesce(own.event_id, other.event_id) AS split_id, "
        "CASE WHEN e.payee <> '' THEN e.payee ELSE coalesce(o.payee, '') END AS payee "
        "FROM event AS e "
        "LEFT JOIN (SELECT DISTINCT event_id FROM input_splits) AS own "
        "ON own.event_id = e.event_id "
        "LEFT JOIN (SELECT DISTINCT event_id FROM input_splits) AS other "
        "ON other.event_id = e.reference "
        "LEFT JOIN input_events AS o ON o.event_id = e.reference",
    )
    used = {rule for basis in bases_of(plan) for rule in basis.rules}
    rules = [plan.credits[each] for each in sorted(used)]
    shared = [each for each in rules if each.source != "rollup"]
    rolled = [each for each in rules if each.source == "rollup"]
    if rolled and not any(each.source == "direct" for each in shared):
        shared.append(next(each for each in plan.credits.values() if each.source == "direct"))
    parts = [_share(each) for each in shared] or [
        "SELECT '' AS rule, '' AS event_id, '' AS payee, '' AS role, "
        f"CAST(0 AS {RATE}) AS share, FALSE AS residual WHERE 1 = 0"
    ]
    purpose = "per rule the share of each payee in each split event"
    yield stage("split_share", purpose, union(parts), view=True)
    yield stage("shared_credit", "each payee's part of each amount", _shared_credit(plan, shared))
    direct = next(each.id for each in plan.credits.values() if each.source == "direct")
    listed = [
        "SELECT c.* FROM shared_credit AS c JOIN input_people AS p "
        "ON p.payee = c.payee AND c.date >= p.starts AND c.date <= p.ends "
        f"WHERE c.rule IN ({texts(sorted(used))})",
        *(_rollup(each, direct) for each in rolled),
    ]
    purpose = "credits of those who are on the plan on the day"
    yield stage("credit", purpose, union(listed), view=True)


def _share(rule: CreditRule) -> str:
    order = {
        "first": "s.payee, s.role",
        "last": "s.payee DESC, s.role DESC",
        "largest": "s.share DESC, s.payee, s.role",
    }[rule.residual]
    if rule.source == TERRITORY:
        return (
            f"SELECT {text(rule.id)} AS rule, x.event_id, s.payee, s.role, s.share, "
            "FALSE AS residual FROM event AS x JOIN input_territories AS s "
            f'ON s.territory = x."f_{rule.by}" AND x.date >= s.starts AND x.date <= s.ends'
        )
    last = (
        f"row_number() OVER (PARTITION BY x.event_id ORDER BY {order}) = 1"
        if rule.total is not None
        else "FALSE"
    )
    return (
        f"SELECT {text(rule.id)} AS rule, x.event_id, s.payee, s.role, s.share, "
        f"{last} AS residual FROM split_source AS x JOIN input_splits AS s "
        f"ON s.event_id = x.split_id WHERE s.kind = {text(rule.source)}"
    )


def _shared_credit(plan: Plan, rules: list[CreditRule]) -> str:
    """Shares rounded each, and the declared one takes what rounding left over; an event that
    is not split is its payee's as a whole."""
    totals = " ".join(
        f"WHEN {text(each.id)} THEN {rate(each.total)}" for each in rules if each.total is not None
    )
    total = f"CASE s.rule {totals} ELSE {rate_one()} END" if totals else rate_one()
    scales = {credit_scale(plan, each) for each in plan.measures.values()}
    if len(scales) == 1:
        (scale,) = scales
        part = times_rate("m.amount", "s.share", scale)
        whole = times_rate("m.amount", total, scale)
    else:
        cases = [(text(each.id), credit_scale(plan, each)) for each in plan.measures.values()]
        part = _by_measure(cases, "s.share")
        whole = _by_measure(cases, total)
    split = (
        "SELECT measure, rule, event_id, date, period, quarter, year, payee, role, via, depth, "
        f"share, CASE WHEN residual THEN CAST(whole - (CAST(sum(part) OVER (PARTITION BY measure, "
        f"rule, event_id) AS {AMOUNT}) - part) AS {AMOUNT}) ELSE part END AS amount FROM ("
        "SELECT m.measure, s.rule, m.event_id, m.date, m.period, m.quarter, m.year, s.payee, "
        f"s.role, '' AS via, 0 AS depth, s.share, s.residual, {part} AS part, {whole} AS whole "
        "FROM eligible AS m JOIN split_share AS s ON s.event_id = m.event_id) AS parts"
    )
    unsplit = [
        f"SELECT m.measure, {text(each.id)} AS rule, m.event_id, m.date, m.period, m.quarter, "
        f"m.year, x.payee, '' AS role, '' AS via, 0 AS depth, {rate_one()} AS share, m.amount "
        "FROM eligible AS m JOIN split_source AS x ON x.event_id = m.event_id "
        "WHERE x.split_id IS NULL AND x.payee <> ''"
        for each in rules
        if each.source == "direct"
    ]
    return union([split, *unsplit])


def _by_measure(cases: list[tuple[str, int]], by: str) -> str:
    return (
        "CASE m.measure "
        + " ".join(f"WHEN {name} THEN {times_rate('m.amount', by, scale)}" for name, scale in cases)
        + f" ELSE CAST(0 AS {AMOUNT}) END"
    )


def _rollup(rule: CreditRule, direct: str) -> str:
    """What reports are credited, for each manager above. Who is on the plan when is put to the
    reporting lines, which are few beside what rolls up along them."""
    depth = f" AND r.depth <= {rule.depth}" if rule.depth else ""
    return (
        f"SELECT c.measure, {text(rule.id)} AS rule, c.event_id, c.date, c.period, c.quarter, "
        "c.year, r.manager AS payee, c.role, c.payee AS via, r.depth, c.share, c.amount "
        "FROM shared_credit AS c JOIN (SELECT r.payee, r.manager, r.depth, "
        "greatest(r.starts, p.starts) AS starts, least(r.ends, p.ends) AS ends "
        "FROM reporting AS r JOIN input_people AS p ON p.payee = r.manager "
        f"AND p.starts <= r.ends AND p.ends >= r.starts WHERE r.relation = {text(rule.relation)}"
        f"{depth}) AS r ON r.payee = c.payee AND c.date >= r.starts AND c.date <= r.ends "
        f"WHERE c.rule = {text(direct)}"
    )


def _named(plan: Plan) -> Stage:
    """Quotas, targets and salaries per payee and window, summed before the one division."""
    parts = []
    for name, span in sorted(named_amounts(plan)):
        number = f"d.{SPANS[span]}" if span != "plan" else PLAN_WINDOW
        parts.append(
            f"SELECT payee, name, {text(span)} AS span, number, CAST(sum(part) AS {AMOUNT}) "
            "AS amount FROM (SELECT q.payee, q.name, "
            f"{number} AS number, "
            + quotient(
                f"sum({units('q.amount', LINE_SCALE)} * q.weight)",
                f"CAST(q.whole AS INT128) * {10 ** (LINE_SCALE - plan.rounding.scale)}",
                plan.rounding.scale,
            )
            + f" AS part FROM piece AS q JOIN period AS d ON d.period = q.period "
            f"WHERE q.name = {text(name)} GROUP BY q.payee, q.name, {number}, q.whole) AS parts "
            "GROUP BY payee, name, number"
        )
    if not parts:
        parts = [
            "SELECT '' AS payee, '' AS name, '' AS span, 0 AS number, "
            f"CAST(0 AS {AMOUNT}) AS amount WHERE 1 = 0"
        ]
    return stage("named", "quota, target and salary per payee and window", union(parts))


def _attainment(plan: Plan) -> Stage:
    """What each payee on the plan has reached of each component's quota, period by period."""
    parts = []
    for component, basis, cumulate, quota in quotas_of(plan):
        window = window_of(cumulate, "g")
        reached = f"coalesce(CAST(sum(b.amount) AS {AMOUNT}), {amount(Decimal(0))})"
        own = window_of(cumulate)
        sums = (
            f"(SELECT payee, {own} AS number, period, CAST(sum(amount) AS {AMOUNT}) AS amount "
            f"FROM basis_{basis} GROUP BY payee, {own}, period)"
        )
        parts.append(
            f"SELECT {text(component)} AS component, g.payee, g.period, {reached} AS reached, "
            f"q.amount AS quota FROM grid AS g JOIN named AS q ON q.name = {text(quota)} "
            f"AND q.span = {text(span_of(cumulate))} AND q.payee = g.payee AND q.number = {window} "
            f"LEFT JOIN {sums} AS b ON b.payee = g.payee "
            f"AND b.number = {window} AND b.period <= g.period "
            f"GROUP BY g.payee, g.period, q.amount"
        )
    if not parts:
        parts = [
            "SELECT '' AS component, '' AS payee, 0 AS period, "
            f"{amount(Decimal(0))} AS reached, {amount(Decimal(0))} AS quota WHERE 1 = 0"
        ]
    return stage("attainment", "what payees have reached of their quotas", union(parts))
