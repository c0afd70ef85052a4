"""SQL that several components share: the credits they look at, windows, quotas, differences."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dealwright.compensation.engine.lines import LINE_COLUMNS, line_select
from dealwright.compensation.engine.names import (
    PLAN_WINDOW,
    SPANS,
    event_names,
    expression_sql,
    payee_names,
    table_names,
)
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
    units,
)
from dealwright.compensation.engine.tables import (
    AMOUNT,
)
from dealwright.compensation.plans.definition import (
    Amount,
    Basis,
    Component,
    Lookup,
    Plan,
    Window,
)

ORDER = "date, event_id, rule, role, via"  # the declared order in which credits pile up


def line_scale(plan: Plan, component: Component | None = None) -> int:
    """Decimals of a line's payout; rewards are whole."""
    if component is not None and component.reward is not None:
        return 0
    return plan.rounding.scale if plan.rounding.line else LINE_SCALE


def basis_stage(
    plan: Plan,
    component: Component,
    basis: Basis,
    with_names: bool = False,
    *,
    name: str = "",
) -> Stage:
    """The credits a component looks at, with the events' columns where its formula reads them."""
    name = name or component.id
    columns = (
        "c.payee, c.period, c.quarter, c.year, c.event_id, c.date, c.rule, c.role, c.via, "
        "c.share, c.amount"
    )
    expressions = [each for each in (basis.when, component.payees) if each is not None]
    joins, names = "", {}
    if expressions or with_names:
        joins = (
            " JOIN event AS e ON e.event_id = c.event_id JOIN input_people AS p "
            "ON p.payee = c.payee AND c.date >= p.starts AND c.date <= p.ends"
        )
        names = credit_names(plan)
        if with_names:
            columns += formula_names(plan)[0]
    conditions = [
        f"c.measure = {text(basis.measure)}",
        f"c.rule IN ({texts(basis.rules)})",
        *([f"c.date >= DATE '{basis.starts}'"] if basis.starts else []),
        *([f"c.date <= DATE '{basis.ends}'"] if basis.ends else []),
        *(f"({expression_sql(each, names)})" for each in expressions),
    ]
    query = f"SELECT {columns} FROM credit AS c{joins} WHERE {' AND '.join(conditions)}"
    if basis.detail == "report":
        query = (
            "SELECT payee, period, quarter, year, '' AS event_id, max(date) AS date, rule, "
            f"'' AS role, via, CAST(1 AS DECIMAL(9, 6)) AS share, CAST(sum(amount) AS {AMOUNT}) "
            f"AS amount FROM ({query}) AS c GROUP BY payee, period, quarter, year, rule, via"
        )
    purpose = f"credits that “{component.label}” looks at"
    stored = bool(expressions) or basis.detail == "report"
    return stage(f"basis_{name}", purpose, query, view=not stored)


def credit_names(plan: Plan) -> dict[str, str]:
    """Name in an expression -> column, for a credit ``c`` with event ``e`` and payee ``p``."""
    names = {
        "level": "CAST(c.depth AS DECIMAL(2, 0))",
        **event_names(plan, "e"),
        **payee_names(plan, "p"),
        "credit": "c.amount",
        "share": "c.share",
        "role": "c.role",
    }
    return names | table_names(plan, names)


def formula_names(plan: Plan) -> tuple[str, dict[str, str]]:
    """What a basis selects for a formula, and where the formula then finds each name."""
    own = {"level": "CAST(c.depth AS DECIMAL(2, 0))"}
    own |= event_names(plan, "e") | payee_names(plan, "p")
    own = {name: column for name, column in own.items() if not name.startswith("table.")}
    aliases: dict[str, str] = {}
    for column in own.values():
        aliases.setdefault(column, f"n{len(aliases)}")
    selected = "".join(f", {column} AS {alias}" for column, alias in aliases.items())
    names = {name: f"c.{aliases[column]}" for name, column in own.items()}
    names |= {"credit": "c.amount", "share": "c.share", "role": "c.role"}
    return selected, names | table_names(plan, names)


def named_join(
    plan: Plan, source: Amount | None, table: str, span: str, *, payee: str, number: str
) -> tuple[str, str]:
    """(JOIN clause, SQL of the value) for an amount that may be looked up by name."""
    nothing = amount(Decimal(0))
    if source is None:
        return "", nothing
    if source.value is not None:
        return "", amount(source.value)
    value = f"{table}.amount"
    if source.factor != 1:
        value = times_rate(value, rate(source.factor), plan.rounding.scale)
    return (
        f" LEFT JOIN named AS {table} ON {table}.name = {text(source.name)} "
        f"AND {table}.span = {text(span_of(span))} AND {table}.payee = {payee} "
        f"AND {table}.number = {number}",
        f"coalesce({value}, {nothing})",
    )


def span_of(cumulate: str) -> str:
    """The window for which a quota is looked up."""
    return "period" if cumulate in ("transaction", "deal") else cumulate


def window_of(cumulate: str, table: str = "") -> str:
    """The number of a row's window."""
    column = {"transaction": "period", "deal": "period", **SPANS}[cumulate]
    return column if column == PLAN_WINDOW or not table else f"{table}.{column}"


def line_stage(component: Component, query: str) -> Stage:
    """The lines of a component, moved to the end of their quarter or year where it pays so."""
    if component.paid:
        columns = (f"{'c' if name == 'period' else 'l'}.{name}" for name in LINE_COLUMNS)
        query = (
            f"SELECT {', '.join(columns)} FROM ({query}) AS l JOIN period AS p "
            f"ON p.period = l.period JOIN closing AS c ON c.span = {text(component.paid)} "
            f"AND c.number = p.{component.paid} AND c.paid"
        )
    return stage(f"line_{component.id}", f"lines of “{component.label}”", query)


def running_sums(component: Component, cumulate: str) -> str:
    """Per payee, window and period with credits: the amount reached before and after."""
    window = window_of(cumulate)
    return (
        "(SELECT payee, number, period, after, lag(after) OVER (PARTITION BY payee, number "
        "ORDER BY period) AS before FROM (SELECT payee, number, period, CAST(sum(amount) OVER "
        "(PARTITION BY payee, number ORDER BY period ROWS UNBOUNDED PRECEDING) "
        f"AS {AMOUNT}) AS after FROM (SELECT payee, {window} AS number, period, "
        f"CAST(sum(amount) AS {AMOUNT}) AS amount FROM basis_{component.id} "
        f"GROUP BY payee, {window}, period) AS a) AS b)"
    )


def difference_lines(
    component: Component, truth: str, kind: str, *, within: str = "payee, number"
) -> str:
    """Lines that pay what is true at the end of a period less what was true before it."""
    return (
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="payee",
            period="period",
            kind=text(kind),
            band="band",
            low="low",
            high="high",
            base="base",
            rate="rate",
            payout="truth - before",
        )
        + f" FROM (SELECT *, coalesce(lag(truth) OVER (PARTITION BY {within} "
        f"ORDER BY period), CAST(0 AS {AMOUNT})) AS before FROM ({truth}) AS t) AS d "
        "WHERE truth <> before"
    )


def quota_join(name: str, span: str, on: str) -> str:
    """Joins the quota ``q`` of a payee and window where there is one above zero."""
    return (
        f" JOIN named AS q ON q.name = {text(name)} AND q.span = {text(span_of(span))} "
        f"AND q.payee = {on}.payee AND q.number = {on}.number AND q.amount > 0"
    )


def threshold_amount(plan: Plan, quota: str, threshold: str, of: str = "q.amount") -> str:
    """A threshold as an amount: itself, or its fraction of the quota."""
    if not quota:
        return threshold
    return rounded(
        f"CAST({of} AS DECIMAL(22, 6)) * CAST({threshold} AS DECIMAL(15, 6))",
        plan.rounding.scale,
    )


def standing_stages(plan: Plan, component: Component, lookup: Lookup, name: str) -> Iterator[Stage]:
    """``standing_<name>``: per payee and period what a measure has reached, of how many
    credits, and which step."""
    yield basis_stage(plan, component, lookup.basis, name=name)
    window_g, window_b = window_of(lookup.cumulate, "g"), window_of(lookup.cumulate, "b")
    joined = (
        f"FROM grid AS g LEFT JOIN basis_{name} AS b ON b.payee = g.payee "
        f"AND {window_b} = {window_g} AND b.period <= g.period"
    )
    own = f"g.payee, g.period, {window_g} AS number"
    nothing = amount(Decimal(0))
    aggregate = plan.measures[lookup.basis.measure].aggregate
    match aggregate:
        case "sum":
            reached = _summed(name, lookup.cumulate)
        case "average":
            average = quotient(
                f"coalesce(sum({units('b.amount', RATIO_DIGITS)}), CAST(0 AS INT128))",
                "CAST(count(b.amount) AS INT128)",
                RATIO_DIGITS,
            )
            reached = (
                f"SELECT {own}, {average} AS amount, count(b.amount) AS found {joined} "
                f"GROUP BY g.payee, g.period, {window_g}"
            )
        case "last":
            order = ", ".join(f"b.{column} DESC" for column in ORDER.split(", "))
            reached = (
                f"SELECT payee, period, number, coalesce(amount, {nothing}) AS amount, "
                "CASE WHEN amount IS NULL THEN 0 ELSE 1 END AS found FROM ("
                f"SELECT {own}, b.amount, row_number() OVER (PARTITION BY g.payee, g.period "
                f"ORDER BY {order}) AS place {joined}) AS l WHERE place = 1"
            )
    join = ""
    if lookup.quota:
        join = " LEFT" + quota_join(lookup.quota, lookup.cumulate, "s")
    elif lookup.per:
        _, of = lookup.bases
        yield basis_stage(plan, component, of, name=f"{name}_per")
        join = (
            f" LEFT JOIN ({_summed(f'{name}_per', lookup.cumulate)}) AS q ON q.payee = s.payee "
            "AND q.period = s.period"
        )
        join += "" if lookup.at_most else " AND q.amount > 0"
    against = lookup.quota or lookup.per
    sign = "<=" if lookup.at_most else ">="
    known = " AND s.found > 0" if lookup.at_most and aggregate != "sum" else ""
    counted = " + ".join(
        f"CASE WHEN s.amount {sign} {threshold_amount(plan, against, amount(each))}{known} "
        "THEN 1 ELSE 0 END"
        for each in lookup.thresholds
    )
    counted = counted or "0"
    quota = "q.amount" if against else f"CAST(NULL AS {AMOUNT})"
    yield stage(
        f"standing_{name}",
        f"what “{component.label}” finds reached",
        f"SELECT s.payee, s.period, s.number, s.amount, CAST(s.found AS BIGINT) AS found, "
        f"{quota} AS quota, CAST({counted} AS INTEGER) AS step FROM ({reached}) AS s{join}",
    )


def _summed(name: str, cumulate: Window) -> str:
    """Per payee and period what the credits of a basis sum to in the window so far."""
    window, window_g = window_of(cumulate), window_of(cumulate, "g")
    return (
        f"SELECT g.payee, g.period, {window_g} AS number, coalesce(CAST(sum(b.amount) "
        f"AS {AMOUNT}), {amount(Decimal(0))}) AS amount, count(b.amount) AS found "
        f"FROM grid AS g LEFT JOIN (SELECT payee, {window} AS number, period, "
        f"CAST(sum(amount) AS {AMOUNT}) AS amount FROM basis_{name} "
        f"GROUP BY payee, {window}, period) AS b ON b.payee = g.payee "
        f"AND b.number = {window_g} AND b.period <= g.period "
        f"GROUP BY g.payee, g.period, {window_g}"
    )


def payee_condition(
    plan: Plan, component: Component, table: str, *, on_grid: bool = False, period: str = ""
) -> tuple[str, str]:
    """(JOIN clause, condition) that keeps a component to the payees it is for."""
    if component.payees is None:
        return "", ""
    if on_grid:
        return "", f" AND ({expression_sql(component.payees, payee_names(plan, table))})"
    join = (
        f" JOIN grid AS who ON who.payee = {table}.payee "
        f"AND who.period = {period or f'{table}.period'}"
    )
    return join, f" AND ({expression_sql(component.payees, payee_names(plan, 'who'))})"
