"""SQL of contests: scores, ranks, prizes, and who gets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from dealwright.compensation.engine.compile_bases import basis_stage, line_stage, span_of, window_of
from dealwright.compensation.engine.lines import line_select
from dealwright.compensation.engine.names import expression_sql, payee_columns, payee_names
from dealwright.compensation.engine.sql import (
    LINE_SCALE,
    RATIO_DIGITS,
    Stage,
    amount,
    apportioned,
    from_units,
    quotient,
    stage,
    text,
    units,
    values_table,
)
from dealwright.compensation.engine.tables import AMOUNT
from dealwright.compensation.plans.definition import Contest, Plan

_PRESENT = "p.starts <= r.day AND p.ends >= r.day"


def contest_stages(plan: Plan, component: Contest) -> Iterator[Stage]:
    yield basis_stage(plan, component, component.basis)
    yield _score(plan, component)
    yield _rank(plan, component)
    yield _prize(plan, component)
    yield _winner(plan, component)
    yield _line(plan, component)


def last_day(plan: Plan, component: Contest) -> date | None:
    """The day on which a contest between two days is over; None where it recurs."""
    day = component.basis.ends
    if component.cumulate != "plan" or day is None:
        return None
    return min(day, plan.until) if plan.until else day


def _prize_scale(plan: Plan, component: Contest) -> int:
    return 0 if component.reward is not None else plan.rounding.scale


def _score(plan: Plan, component: Contest) -> Stage:
    """What each contestant has, and the day and event with which it was complete."""
    who, join = "b.payee", ""
    if component.group == "manager":
        who = "m.manager"
        join = (
            " JOIN reporting AS m ON m.payee = b.payee AND m.depth = 1 "
            "AND m.relation = 'reporting' AND b.date >= m.starts AND b.date <= m.ends"
        )
    elif component.group:
        who = f'm."{payee_columns(plan)[component.group]}"'
        join = (
            " JOIN input_people AS m ON m.payee = b.payee "
            "AND b.date >= m.starts AND b.date <= m.ends"
        )
    score = {
        "sum": f"CAST(sum(amount) AS {AMOUNT})",
        "count": f"CAST(count(*) AS {AMOUNT})",
        "average": quotient(
            f"sum({units('amount', RATIO_DIGITS)})", "CAST(count(*) AS INT128)", RATIO_DIGITS
        ),
    }[component.rank_by]
    window = window_of(component.cumulate, "b")
    before, after = "", ""
    if component.quota:
        attained = quotient(
            f"{units('t.score', RATIO_DIGITS)} * CAST(1000000 AS INT128)",
            units("q.amount", RATIO_DIGITS),
            LINE_SCALE,
        )
        before = f"SELECT t.who, t.number, {attained} AS score, t.last_date, t.last_event FROM ("
        after = (
            f") AS t JOIN named AS q ON q.name = {text(component.quota)} "
            f"AND q.span = {text(span_of(component.cumulate))} AND q.payee = t.who "
            "AND q.number = t.number AND q.amount > 0"
        )
    return stage(
        f"score_{component.id}",
        f"what each contestant of “{component.label}” has",
        f"{before}SELECT who, number, {score} AS score, max(CASE WHEN place = 1 THEN date END) AS "
        "last_date, max(CASE WHEN place = 1 THEN event_id END) AS last_event FROM ("
        "SELECT who, number, amount, date, event_id, row_number() OVER (PARTITION BY who, number "
        "ORDER BY date DESC, event_id DESC, rule DESC, role DESC, via DESC) AS place FROM ("
        f"SELECT {who} AS who, {window} AS number, b.amount, b.date, b.event_id, b.rule, b.role, "
        f"b.via FROM basis_{component.id} AS b{join}) AS c WHERE who <> '') AS d "
        f"GROUP BY who, number{after}",
    )


def _rank(plan: Plan, component: Contest) -> Stage:
    """Places of those who qualify, where the contest is over."""
    day = last_day(plan, component)
    if day is None:
        ended = (
            "SELECT number, period, day FROM closing "
            f"WHERE span = {text(component.cumulate)} AND paid"
        )
    else:
        ended = (
            f"SELECT CAST(0 AS INTEGER) AS number, period, DATE '{day}' AS day FROM period "
            f"WHERE paid AND starts <= DATE '{day}' AND ends >= DATE '{day}'"
        )
    present = ""
    if not component.group:
        present = (
            " JOIN input_people AS p ON p.payee = s.who AND p.starts <= c.day AND p.ends >= c.day"
        )
    if component.minimum is not None:
        qualifies = f"s.score >= {amount(component.minimum)}"
    else:
        qualifies = f"s.score > {amount(Decimal(0))}" if component.best == "highest" else "1 = 1"
    order = "s.score DESC" if component.best == "highest" else "s.score"
    over = f"PARTITION BY s.number ORDER BY {order}"
    if component.ties == "earliest":
        place = f"row_number() OVER ({over}, s.last_date, s.last_event, s.who)"
    else:
        place = f"rank() OVER ({over})"
    return stage(
        f"rank_{component.id}",
        f"the places of “{component.label}”",
        f"SELECT s.number, c.period, c.day, s.who, s.score, CAST({place} AS INTEGER) AS place "
        f"FROM score_{component.id} AS s JOIN ({ended}) AS c ON c.number = s.number{present} "
        f"WHERE {qualifies}",
    )


def _prize(plan: Plan, component: Contest) -> Stage:
    """Each contestant's prize; those who share get the prizes of their places together."""
    scale = _prize_scale(plan, component)
    rows = [
        [str(place), units(amount(prize), scale)] for place, prize in enumerate(component.prizes, 1)
    ]
    tied = "CAST(1 AS BIGINT)"
    if component.ties == "share":
        tied = "count(*) OVER (PARTITION BY number, place)"
    own = "number, period, day, who, score, place, tied"
    equal = "PARTITION BY number, place ORDER BY who"
    if component.ties != "share":
        equal = "PARTITION BY number, who ORDER BY place"
    return stage(
        f"prize_{component.id}",
        f"what each place of “{component.label}” wins",
        f"SELECT {own}, pot, {_equal_part('pot', 'tied', equal)} AS won FROM (SELECT "
        + ", ".join(f"r.{column}" for column in own.split(", "))
        + f", CAST(sum(z.prize) AS INT128) AS pot FROM (SELECT *, {tied} AS tied "
        f"FROM rank_{component.id}) AS r JOIN {values_table(rows, 'z', ('rank', 'prize'))} "
        "ON z.rank >= r.place AND z.rank < r.place + r.tied GROUP BY "
        + ", ".join(f"r.{column}" for column in own.split(", "))
        + ") AS pots",
    )


def _equal_part(whole: str, count: str, over: str) -> str:
    """One of equal parts of a whole number; what is left over goes one by one in order."""
    each = f"({whole} // CAST({count} AS INT128))"
    left = f"{whole} - {each} * CAST({count} AS INT128)"
    more = f"CASE WHEN row_number() OVER ({over}) <= {left} THEN 1 ELSE 0 END"
    return f"CAST({each} + {more} AS INT128)"


def _winner(plan: Plan, component: Contest) -> Stage:
    """Who gets a prize: the contestant, the members of the team, or their manager."""
    condition = ""
    if component.payees is not None and component.group and component.pays != "manager":
        condition = f" AND ({expression_sql(component.payees, payee_names(plan, 'p'))})"
    if not component.group or component.pays == "manager":
        source = f"JOIN input_people AS p ON p.payee = r.who AND {_PRESENT}"
    elif component.group == "manager":
        source = (
            "JOIN reporting AS m ON m.manager = r.who AND m.depth = 1 "
            "AND m.relation = 'reporting' AND m.starts <= r.day "
            f"AND m.ends >= r.day JOIN input_people AS p ON p.payee = m.payee AND {_PRESENT}"
        )
    else:
        source = (
            f'JOIN input_people AS p ON p."{payee_columns(plan)[component.group]}" = r.who '
            f"AND {_PRESENT}"
        )
    part = "won"
    if component.group and component.pays == "share":
        part = _equal_part("won", "members", "PARTITION BY number, who ORDER BY payee")
    return stage(
        f"winner_{component.id}",
        f"who gets the prizes of “{component.label}”",
        f"SELECT payee, number, period, who, score, place, pot, {part} AS units FROM ("
        "SELECT p.payee, r.number, r.period, r.who, r.score, r.place, r.pot, r.won, "
        "count(*) OVER (PARTITION BY r.number, r.who) AS members "
        f"FROM prize_{component.id} AS r {source} WHERE 1 = 1{condition}) AS w",
    )


def _line(plan: Plan, component: Contest) -> Stage:
    scale = _prize_scale(plan, component)
    source, won = f"winner_{component.id}", "units"
    if component.budget is not None:
        limit = units(amount(component.budget), scale)
        total = "CAST(sum(units) OVER (PARTITION BY number) AS INT128)"
        rows = (
            "SELECT payee, number, period, who, score, place AS rank, pot, units AS weight, "
            f"least({total}, {limit}) AS pool FROM {source}"
        )
        source = f"({apportioned(rows, 'number', 'rank, payee, who')})"
    rank = "rank" if component.budget is not None else "place"
    named = {}
    if component.group == "manager" and component.pays != "manager":
        named["via"] = "who"
    elif component.group and component.group != "manager":
        named["role"] = "substring(who, 1, 80)"
    return line_stage(
        component,
        "SELECT "
        + line_select(
            component=text(component.id),
            payee="payee",
            period="period",
            kind="'prize'",
            band=rank,
            high=from_units("pot", scale),
            base="score",
            payout=from_units(won, scale),
            **named,
        )
        + f" FROM {source} AS w WHERE {won} <> 0",
    )
