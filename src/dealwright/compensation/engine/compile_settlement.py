"""SQL of holdbacks, clawbacks and draws: when earned pay is paid, and what is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import (
    line_stage,
    named_join,
    payee_condition,
)
from dealwright.compensation.engine.compile_modifiers import lines_of, money_only, reflected
from dealwright.compensation.engine.lines import DEAL_KINDS, line_select
from dealwright.compensation.engine.sql import (
    Stage,
    amount,
    quotient,
    rate,
    stage,
    text,
    texts,
    times_rate,
    union,
    units,
)
from dealwright.compensation.engine.tables import AMOUNT, RATE
from dealwright.compensation.plans.definition import Clawback, Draw, Fixed, Holdback, Plan


def settlement_stages(plan: Plan, tables: list[str]) -> Iterator[Stage]:
    """Holdbacks, clawbacks, draws; adds the line tables it makes to ``tables``."""
    yield stage(
        "period_result",
        "what each payee has earned per period",
        f"SELECT payee, period, CAST(sum(payout) AS {AMOUNT}) AS amount "
        f"FROM {lines_of(tables)} AS l WHERE 1 = 1{money_only(plan)} GROUP BY payee, period",
    )
    earned = tuple(tables)
    holds: list[str] = []
    for each in plan.settlements:
        match each:
            case Holdback():
                yield _held(plan, each, earned)
                yield _holdback(plan, each)
                holds.append(f"line_{each.id}")
            case Clawback():
                yield _taken(plan, each, earned, holds)
                if each.recover_share is None:
                    yield line_stage(each, _clawback(each))
                else:
                    yield stage(
                        f"clawed_{each.id}", f"what “{each.label}” takes back", _clawback(each)
                    )
                    yield line_stage(each, _recovered(plan, each, tables))
            case Draw():
                yield _draw(plan, each, tables)
        tables.append(f"line_{each.id}")


def _held(plan: Plan, holdback: Holdback, earned: Sequence[str]) -> Stage:
    scale = plan.rounding.scale
    return stage(
        f"held_{holdback.id}",
        f"what “{holdback.label}” keeps of each deal",
        "SELECT l.payee, l.period, l.event_id, CAST(sum(l.payout) AS "
        f"{AMOUNT}) AS earned, {times_rate('sum(l.payout)', rate(holdback.share), scale)} AS held "
        f"FROM {lines_of(earned)} AS l WHERE l.component IN ({texts(holdback.on)}) "
        "AND l.event_id <> '' GROUP BY l.payee, l.period, l.event_id",
    )


def _holdback(plan: Plan, holdback: Holdback) -> Stage:
    """Kept when earned; released as the money comes in, by its part of the deal's amount."""
    scale = plan.rounding.scale
    join, condition = payee_condition(plan, holdback, "h")
    hold = (
        "SELECT "
        + line_select(
            component=text(holdback.id),
            payee="h.payee",
            period="h.period",
            kind="'hold'",
            event_id="h.event_id",
            base="h.earned",
            rate=rate(holdback.share),
            payout="-h.held",
        )
        + f" FROM held_{holdback.id} AS h{join} WHERE h.held <> 0{condition}"
    )

    def released(paid: str) -> str:
        kept = f"greatest(least({paid}, deal_amount), {amount(Decimal(0))})"
        return quotient(
            f"{units('held', scale)} * {units(kept, scale)}", units("deal_amount", scale), scale
        )

    before = f"CAST(paid - part AS {AMOUNT})"
    payout = f"CAST({released('paid')} - {released(before)} AS {AMOUNT})"
    release = (
        "SELECT "
        + line_select(
            component=text(holdback.id),
            payee="payee",
            period="period",
            kind="'release'",
            event_id="event_id",
            cause="cause",
            base="part",
            high="deal_amount",
            payout=payout,
        )
        + " FROM (SELECT h.payee, h.event_id, h.held, abs(o.amount) AS deal_amount, p.period, "
        "p.event_id AS cause, p.amount AS part, CAST(sum(p.amount) OVER (PARTITION BY h.payee, "
        f"h.event_id ORDER BY p.date, p.event_id ROWS UNBOUNDED PRECEDING) AS {AMOUNT}) AS paid "
        f"FROM (SELECT h.payee, h.event_id, CAST(sum(h.held) AS {AMOUNT}) AS held "
        f"FROM held_{holdback.id} AS h{join} WHERE 1 = 1{condition} "
        "GROUP BY h.payee, h.event_id) AS h "
        "JOIN input_events AS o ON o.event_id = h.event_id "
        f"JOIN event AS p ON p.reference = h.event_id AND p.kind IN ({texts(holdback.release)})"
        f") AS r WHERE {payout} <> 0"
    )
    return line_stage(holdback, union([hold, release]))


def _taken(plan: Plan, clawback: Clawback, earned: Sequence[str], holds: Sequence[str]) -> Stage:
    """Per trigger and payee: what the deal earned, what was really paid of it, and what the
    schedule asks for."""
    scale = plan.rounding.scale
    on = texts(clawback.on)
    lines = lines_of(earned)
    by_period = (
        "SELECT d.payee, d.component, d.period, d.event_id, d.amount, "
        "CASE WHEN w.base > 0 AND w.final < w.base THEN "
        + quotient(
            f"{units('d.amount', scale)} * {units('greatest(w.final, 0)', scale)}",
            units("w.base", scale),
            scale,
        )
        + f" ELSE d.amount END AS paid FROM (SELECT payee, component, period, event_id, "
        f"CAST(sum(payout) AS {AMOUNT}) AS amount FROM {lines} AS l WHERE component IN ({on}) "
        f"AND event_id <> '' AND kind IN ({texts(DEAL_KINDS)}) "
        "GROUP BY payee, component, period, event_id) AS d JOIN ("
        "SELECT payee, component, period, CAST(sum(CASE WHEN event_id <> '' AND kind IN "
        f"({texts(DEAL_KINDS)}) THEN payout ELSE 0 END) AS {AMOUNT}) AS base, "
        f"CAST(sum(payout) AS {AMOUNT}) AS final FROM {lines} AS l WHERE component IN ({on}) "
        "GROUP BY payee, component, period) AS w ON w.payee = d.payee "
        "AND w.component = d.component AND w.period = d.period"
    )
    deals = (
        f"SELECT payee, event_id, CAST(sum(amount) AS {AMOUNT}) AS earned, "
        f"CAST(sum(paid) AS {AMOUNT}) AS paid FROM ("
        f"SELECT payee, event_id, amount, paid FROM ({by_period}) AS p UNION ALL "
        "SELECT payee, event_id, payout, payout FROM input_prior "
        f"WHERE component IN ({on})) AS d GROUP BY payee, event_id"
    )
    limit = "d.paid" if clawback.limit == "paid" else "d.earned"
    kept = ""
    if holds and clawback.limit == "paid":
        # What is still held on the day was never paid.
        limit = f"d.paid + coalesce(k.amount, {amount(Decimal(0))})"
        kept = (
            " LEFT JOIN (SELECT t.event_id AS cause, h.payee, CAST(sum(h.payout) AS "
            f"{AMOUNT}) AS amount FROM trigger AS t JOIN {lines_of(holds)} AS h "
            "ON h.event_id = t.reference LEFT JOIN input_events AS c ON c.event_id = h.cause "
            "WHERE h.cause = '' OR c.date <= t.date GROUP BY t.event_id, h.payee) AS k "
            "ON k.cause = t.event_id AND k.payee = d.payee"
        )
    join, condition = payee_condition(plan, clawback, "d", period="e.period")
    return stage(
        f"taken_{clawback.id}",
        f"what “{clawback.label}” takes back for each trigger",
        f"SELECT d.payee, t.event_id AS cause, t.reference AS event_id, t.date, e.period, "
        f"d.earned, CAST(greatest({limit}, 0) AS {AMOUNT}) AS most, {_fraction(clawback)} AS rate, "
        f"{_scheduled(plan, clawback)} AS asked FROM trigger AS t "
        f"JOIN event AS e ON e.event_id = t.event_id JOIN ({deals}) AS d "
        f"ON d.event_id = t.reference{kept}{join} WHERE t.kind IN ({texts(clawback.trigger)}) "
        f"AND d.earned > 0{condition}",
    )


def _fraction(clawback: Clawback) -> str:
    """The fraction taken back by full months since the deal."""
    if clawback.months:
        return quotient(
            f"CAST(greatest({clawback.months} - t.months, 0) AS INT128) * CAST(1000000 AS INT128)",
            f"CAST({clawback.months} AS INT128)",
            6,
            RATE,
        )
    cases = " ".join(
        f"WHEN t.months < {months} THEN {rate(share)}" for months, share in clawback.schedule
    )
    return f"CASE {cases} ELSE {rate(Decimal(0))} END"


def _scheduled(plan: Plan, clawback: Clawback) -> str:
    scale = plan.rounding.scale
    if clawback.months:
        asked = quotient(
            f"{units('d.earned', scale)} * CAST(greatest({clawback.months} - t.months, 0) "
            "AS INT128)",
            f"CAST({clawback.months} AS INT128)",
            scale,
        )
    else:
        asked = times_rate("d.earned", _fraction(clawback), scale)
    if not clawback.by_amount:
        return asked
    part = "least(t.amount, t.deal_amount)"
    return quotient(
        f"{units(asked, scale)} * {units(part, scale)}", units("t.deal_amount", scale), scale
    )


def _clawback(clawback: Clawback) -> str:
    """Several triggers of one deal together take no more than was paid by then.

    Taken in all is min(taken before + asked, most), which has a closed form: all that was
    asked, less the largest excess of it over a limit so far.
    """
    order = "PARTITION BY payee, event_id ORDER BY date, cause ROWS UNBOUNDED PRECEDING"
    zero = amount(Decimal(0))
    return (
        "SELECT "
        + line_select(
            component=text(clawback.id),
            payee="payee",
            period="period",
            kind="'clawback'",
            event_id="event_id",
            cause="cause",
            high="most",
            base="earned",
            rate="rate",
            payout="before - taken",
        )
        + " FROM (SELECT *, coalesce(lag(taken) OVER (PARTITION BY payee, event_id ORDER BY "
        f"date, cause), {zero}) AS before FROM (SELECT *, CAST(demand + least({zero}, "
        f"min(most - demand) OVER ({order})) AS {AMOUNT}) AS taken FROM (SELECT *, "
        f"CAST(sum(asked) OVER ({order}) AS {AMOUNT}) AS demand FROM taken_{clawback.id}) AS a) "
        "AS b) AS c WHERE taken <> before"
    )


def _recovered(plan: Plan, clawback: Clawback, tables: Sequence[str]) -> str:
    """What a period's pay cannot cover stays owed, and later pay covers it.

    The balance owed is max(0, balance before + taken back - what may be taken): see
    ``reflected``.
    """
    assert clawback.recover_share is not None
    zero, clawed = amount(Decimal(0)), f"clawed_{clawback.id}"
    fixed = [each.id for each in plan.components if isinstance(each, Fixed)]
    pay = (
        f"SELECT payee, period, CAST(sum(payout) AS {AMOUNT}) AS amount FROM {lines_of(tables)} "
        f"AS l WHERE component NOT IN ({texts([*fixed, *plan.rewards])}) GROUP BY payee, period"
    )
    earned = f"greatest(coalesce(t.amount, {zero}), {zero})"
    steps = (
        f"SELECT g.payee, g.period, {earned} AS earned, "
        f"{times_rate(earned, rate(clawback.recover_share), plan.rounding.scale)} AS allowed, "
        f"coalesce(k.amount, {zero}) AS taken FROM (SELECT payee, period FROM grid UNION "
        f"SELECT payee, period FROM {clawed}) AS g "
        f"LEFT JOIN ({pay}) AS t ON t.payee = g.payee AND t.period = g.period "
        f"LEFT JOIN (SELECT payee, period, CAST(-sum(payout) AS {AMOUNT}) AS amount "
        f"FROM {clawed} GROUP BY payee, period) AS k ON k.payee = g.payee AND k.period = g.period"
    )
    walk = reflected(f"SELECT *, CAST(taken - allowed AS {AMOUNT}) AS step FROM ({steps}) AS p")
    owed = (
        "SELECT "
        + line_select(
            component=text(clawback.id),
            payee="payee",
            period="period",
            kind="CASE WHEN balance > before THEN 'owed' ELSE 'repaid' END",
            high="allowed",
            base="earned",
            rate=rate(clawback.recover_share),
            payout="balance - before",
            balance="balance",
        )
        + " FROM (SELECT *, coalesce(lag(balance) OVER (PARTITION BY payee ORDER BY period), "
        f"{zero}) AS before FROM ({walk}) AS b) AS c WHERE balance <> before"
    )
    return union([f"SELECT * FROM {clawed}", owed])


def _draw(plan: Plan, draw: Draw, tables: Sequence[str]) -> Stage:
    """Tops up to the draw; what is recoverable comes back out of later excess.

    The balance owed is max(0, balance before + topped up - recoverable excess), of which a
    period has only one: see ``reflected``.
    """
    scale = plan.rounding.scale
    named, value = named_join(plan, draw.amount, "a", "period", payee="g.payee", number="g.period")
    condition = payee_condition(plan, draw, "g", on_grid=True)[1]
    zero = amount(Decimal(0))
    during = "1 = 1" if draw.periods == 0 else f"g.period - g.first_period < {draw.periods}"
    limit = f"CASE WHEN {during} THEN {value} ELSE {zero} END"
    earned = f"coalesce(t.amount, {zero})"
    top = f"CASE WHEN {during} THEN greatest({limit} - {earned}, {zero}) ELSE {zero} END"
    excess = zero
    if draw.recoverable:
        excess = (
            f"CASE WHEN g.period - g.first_period + 1 >= {draw.recover_from} THEN "
            + times_rate(f"greatest({earned} - ({limit}), {zero})", rate(draw.recover_share), scale)
            + f" ELSE {zero} END"
        )
    scope = f" AND {during}" if draw.at_end == "forgive" else ""
    steps = (
        f"SELECT g.payee, g.period, {limit} AS limit_, {earned} AS earned, {top} AS top, "
        f"CAST({top} - {excess} AS {AMOUNT}) AS step, "
        f"g.period - g.first_period = {draw.periods - 1} AS last FROM grid AS g LEFT JOIN ("
        f"SELECT payee, period, CAST(sum(payout) AS {AMOUNT}) AS amount "
        f"FROM {lines_of(tables)} AS l WHERE component IN ({texts(draw.on)}) "
        f"GROUP BY payee, period) AS t ON t.payee = g.payee AND t.period = g.period{named} "
        f"WHERE 1 = 1{scope}{condition}"
    )
    shared = {
        "component": text(draw.id),
        "payee": "payee",
        "period": "period",
        "base": "earned",
        "high": "limit_",
        "balance": "balance",
    }
    balance = "balance" if draw.recoverable else zero
    shared["balance"] = balance
    topped = (
        f"SELECT {line_select(**shared, kind=text('draw'), payout='top')} FROM walk WHERE top > 0"
    )
    parts = [topped]
    if draw.recoverable:
        taken = "before + top - balance"
        parts.append(
            f"SELECT {line_select(**shared, kind=text('recovery'), payout=f'-({taken})')} "
            f"FROM walk WHERE {taken} > 0"
        )
        if draw.at_end == "forgive" and draw.periods:
            ended = {**shared, "balance": zero, "base": "balance"}
            parts.append(
                f"SELECT {line_select(**ended, kind=text('forgiven'), payout=zero)} "
                "FROM walk WHERE last AND balance > 0"
            )
    return line_stage(
        draw,
        f"WITH walk AS (SELECT *, coalesce(lag(balance) OVER (PARTITION BY payee ORDER BY "
        f"period), {zero}) AS before FROM ({reflected(steps)}) AS b) {union(parts)}",
    )
