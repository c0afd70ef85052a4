"""What both engines need of the input in another shape: days, quota pieces, reporting lines.

These tables hold dates, fractions of days and chains of managers, never money computed by a
plan's rules.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from dealwright.base.errors import Invalid
from dealwright.compensation.engine.checks import check_inputs
from dealwright.compensation.engine.counted_days import is_working
from dealwright.compensation.engine.holders import teammates
from dealwright.compensation.engine.inputs import (
    InputInvalid,
    InputProblem,
    Inputs,
    create_table,
)
from dealwright.compensation.engine.names import payee_columns
from dealwright.compensation.engine.periods import (
    PayPeriod,
    closings,
    full_months,
    pay_periods,
    span_at,
    span_labelled,
    year_at,
)
from dealwright.compensation.engine.pieces import load_pieces
from dealwright.compensation.engine.tables import OPEN_END, OPEN_START
from dealwright.compensation.plans.definition import Clawback, Contest, Floor, Plan, ProfitPool

MAX_DEPTH = 40  # levels of managers; more is taken for a mistake


def prepare_inputs(
    inputs: Inputs, *, first: date | None = None, last: date | None = None
) -> Inputs:
    """Check the input and derive its helper tables; returns the same inputs.

    The periods reach from ``first`` to ``last``, else over the plan's dates, else over the
    data; quotas are looked up for whole fiscal years all the same.

    Raises InputInvalid.
    """
    inputs.bound_memory()
    _resolve_quota_periods(inputs)
    _complete_people(inputs)
    check_inputs(inputs)
    _load_periods(inputs, first, last)
    _load_grid(inputs)
    _load_reporting(inputs)
    load_pieces(inputs)
    _load_rate_ranges(inputs)
    _load_triggers(inputs)
    return inputs


def _resolve_quota_periods(inputs: Inputs) -> None:
    problems = []
    for label, row in inputs.rows(
        "SELECT period, min(row) FROM input_quotas WHERE period <> '' GROUP BY period"
    ):
        try:
            plan = inputs.plan
            period = span_labelled(label, plan.calendar, plan.fiscal_year_starts)
        except Invalid as error:
            problems.append(InputProblem("quotas", row, error.message))
            continue
        inputs.connection.execute(
            "UPDATE input_quotas SET starts = coalesce(starts, ?), ends = coalesce(ends, ?) "
            "WHERE period = ?",
            [period.start, period.end, label],
        )
    if problems:
        raise InputInvalid(problems)


def _complete_people(inputs: Inputs) -> None:
    """Without a people file everybody that is named is on the plan, all the time."""
    if "people" in inputs.given:
        return
    inputs.connection.execute(
        "INSERT INTO input_people (payee, name, starts, ends, row) "
        "SELECT payee, payee, ?, ?, 0 FROM (SELECT payee FROM input_events UNION "
        "SELECT payee FROM input_splits UNION SELECT payee FROM input_quotas UNION "
        "SELECT payee FROM input_hierarchy UNION SELECT manager FROM input_hierarchy UNION "
        "SELECT payee FROM input_territories) "
        "WHERE payee <> '' ORDER BY payee",
        [OPEN_START, OPEN_END],
    )


def _span(inputs: Inputs, first: date | None, last: date | None) -> tuple[date, date] | None:
    """The first and last day to calculate; None where there is nothing at all."""
    plan = inputs.plan
    ((data_first, data_last),) = inputs.rows(
        "SELECT min(starts), max(ends) FROM (SELECT min(date) AS starts, max(date) AS ends "
        "FROM input_events UNION ALL SELECT min(starts), max(ends) FROM input_quotas UNION ALL "
        "SELECT min(starts), NULL FROM input_people WHERE starts > ? UNION ALL "
        "SELECT NULL, max(ends) FROM input_people WHERE ends < ?)",
        OPEN_START,
        OPEN_END,
    )
    ((events_last,),) = inputs.rows("SELECT max(date) FROM input_events")
    first = first or plan.effective or data_first
    stated = last or plan.until
    last = stated or events_last or data_last or first
    if first is None or last is None:
        return None
    if stated is None:
        last = max(last, _closing_day(plan, last))
    first = max(first, plan.effective or first)
    last = min(last, plan.until or last)
    if (last - first).days > 366 * 60:
        raise InputInvalid(
            [InputProblem("events", 0, f"dates reach from {first} to {last}: over 60 years.")]
        )
    return (first, last) if first <= last else None


def _closing_day(plan: Plan, last: date) -> date:
    """To where periods must reach so that what pays at the end of a window is paid."""
    ends = [last]
    window: str
    for each in plan.components:
        window = each.paid
        if isinstance(each, ProfitPool | Contest):
            window = each.cumulate
        elif isinstance(each, Floor):
            window = each.per
        if window in ("quarter", "year"):
            ends.append(span_at(last, window, plan.calendar, plan.fiscal_year_starts).end)
        if isinstance(each, Contest) and each.cumulate == "plan" and each.basis.ends:
            ends.append(each.basis.ends)
    return max(ends)


def _load_periods(inputs: Inputs, first: date | None, last: date | None) -> None:
    """``period``: every period of the fiscal years touched, so that yearly quotas are whole;
    ``paid`` are those that are calculated. ``day``: the paid days with their windows."""
    plan = inputs.plan
    span = _span(inputs, first, last)
    periods: tuple[PayPeriod, ...] = ()
    if span is not None:
        first, last = span
        fiscal = plan.fiscal_year_starts
        years = (
            year_at(first, plan.calendar, fiscal).start,
            year_at(last, plan.calendar, fiscal).end,
        )
        periods = pay_periods(*years, plan.calendar, fiscal)
        inputs.periods = tuple(p for p in periods if p.ends >= first and p.starts <= last)
    paid = {each.number for each in inputs.periods}
    create_table(
        inputs,
        "period",
        {
            "period": "INTEGER",
            "label": "VARCHAR",
            "starts": "DATE",
            "ends": "DATE",
            "quarter": "INTEGER",
            "year": "INTEGER",
            "paid": "BOOLEAN",
        },
        [
            (p.number, p.label, p.starts, p.ends, p.quarter, p.year, p.number in paid)
            for p in periods
        ],
    )
    inputs.all_periods = periods
    inputs.closings = tuple(closings(periods, paid, plan.until))
    create_table(
        inputs,
        "closing",
        {
            "span": "VARCHAR",
            "number": "INTEGER",
            "period": "INTEGER",
            "day": "DATE",
            "paid": "BOOLEAN",
        },
        [(c.span, c.number, c.period, c.day, c.paid) for c in inputs.closings],
    )
    inputs.connection.execute(
        "CREATE OR REPLACE TABLE day AS SELECT *, last_day(date) AS month_end FROM ("
        "SELECT CAST(unnest(generate_series(greatest(starts, ?), "
        "least(ends, ?), INTERVAL 1 DAY)) AS DATE) AS date, period, quarter, year, "
        "ends AS period_end FROM period WHERE paid) AS d",
        [plan.effective or date.min, plan.until or date.max],
    )


def _load_grid(inputs: Inputs) -> None:
    """``grid``: payee x period where the payee is on the plan, with days and latest fields.

    ``first_period`` is the number of the period in which the payee began.
    """
    plan = inputs.plan
    first = inputs.periods[0].number if inputs.periods else 0
    began = [
        (
            payee,
            pay_periods(starts, starts, plan.calendar, plan.fiscal_year_starts)[0].number
            if starts > OPEN_START
            else first,
        )
        for payee, starts in inputs.rows(
            "SELECT payee, min(starts) FROM input_people GROUP BY payee"
        )
    ]
    create_table(inputs, "began", {"payee": "VARCHAR", "first_period": "INTEGER"}, began)
    fields = "".join(
        f', arg_max(p."{column}", p.starts) AS "{column}"'
        for column in payee_columns(plan).values()
    )
    _load_counted(inputs)
    inputs.connection.execute(
        "CREATE OR REPLACE TABLE grid AS SELECT p.payee, d.period, d.quarter, d.year, "
        "CAST(sum(date_diff('day', greatest(p.starts, d.starts), least(p.ends, d.ends)) + 1) "
        "AS BIGINT) AS days, any_value(date_diff('day', d.starts, d.ends) + 1) AS whole, "
        "CAST(sum(b.upto - a.upto + a.counts) AS BIGINT) AS work_days, "
        "any_value(d.work_days) AS work_whole, "
        f"any_value(f.first_period) AS first_period{fields} "
        "FROM input_people p JOIN (SELECT d.*, b.upto - a.upto + a.counts AS work_days "
        "FROM period d JOIN counted a ON a.date = d.starts JOIN counted b ON b.date = d.ends) d "
        "ON d.paid AND p.starts <= d.ends AND p.ends >= d.starts "
        "JOIN counted a ON a.date = greatest(p.starts, d.starts) "
        "JOIN counted b ON b.date = least(p.ends, d.ends) "
        "JOIN began f ON f.payee = p.payee GROUP BY p.payee, d.period, d.quarter, d.year"
    )


def _load_counted(inputs: Inputs) -> None:
    """``counted``: how many working days there are up to each day of the periods, itself
    included."""
    rows = []
    upto = 0
    periods = inputs.all_periods
    day, last = (periods[0].starts, periods[-1].ends) if periods else (date.max, date.min)
    while day <= last:
        counts = int(is_working(inputs.plan, day))
        upto += counts
        rows.append((day, counts, upto))
        day += timedelta(days=1)
    create_table(inputs, "counted", {"date": "DATE", "counts": "INTEGER", "upto": "INTEGER"}, rows)


def _load_reporting(inputs: Inputs) -> None:
    """``reporting``: each payee under each manager above, by relation, with the days for which
    it holds; the relation "team" leads to everybody in the payee's team."""
    direct: dict[tuple[str, str], list[tuple[str, date, date]]] = defaultdict(list)
    row_of: dict[str, int] = {}
    for payee, manager, relation, starts, ends, row in inputs.rows(
        "SELECT payee, manager, relation, starts, ends, row FROM input_hierarchy ORDER BY row"
    ):
        direct[payee, relation].append((manager, starts, ends))
        row_of.setdefault(payee, row)
    rows: list[tuple[Any, ...]] = []
    problems: list[InputProblem] = []
    for payee, relation in list(direct):
        above: list[tuple[str, date, date, tuple[str, ...]]] = [
            (payee, OPEN_START, OPEN_END, (payee,))
        ]
        while above:
            below, starts, ends, chain = above.pop()
            for manager, from_, to in direct.get((below, relation), ()):
                since, until = max(starts, from_), min(ends, to)
                if since > until:
                    continue
                if manager in chain or len(chain) > MAX_DEPTH:
                    circle = " → ".join((*chain, manager))
                    problems.append(
                        InputProblem("hierarchy", row_of[payee], f"a circle: {circle}.")
                    )
                    above.clear()
                    break
                rows.append((payee, manager, relation, len(chain), since, until))
                above.append((manager, since, until, (*chain, manager)))
    if problems:
        raise InputInvalid(problems[:5])
    rows += teammates(inputs)
    create_table(
        inputs,
        "reporting",
        {
            "payee": "VARCHAR",
            "manager": "VARCHAR",
            "relation": "VARCHAR",
            "depth": "INTEGER",
            "starts": "DATE",
            "ends": "DATE",
        },
        rows,
    )


def _load_rate_ranges(inputs: Inputs) -> None:
    """``fx``: each stated rate with the days until the next one; an average holds for the
    calendar month of its day and no longer."""
    inputs.connection.execute(
        "CREATE OR REPLACE TABLE fx AS SELECT from_currency, to_currency, type, rate, "
        "CASE WHEN type = 'average' THEN CAST(date_trunc('month', starts) AS DATE) ELSE starts "
        "END AS starts, CASE WHEN type = 'average' THEN CAST(last_day(starts) + INTERVAL 1 DAY "
        "AS DATE) ELSE coalesce(lead(starts) OVER (PARTITION BY from_currency, to_currency, type "
        "ORDER BY starts), DATE '2200-12-31') END AS before FROM input_rates"
    )


def _load_triggers(inputs: Inputs) -> None:
    """``trigger``: events that take pay back, with the full months since their deal."""
    kinds = {
        kind
        for each in inputs.plan.components
        if isinstance(each, Clawback)
        for kind in each.trigger
    }
    rows = []
    for event_id, kind, day, reference, amount, began, whole in inputs.rows(
        "SELECT t.event_id, t.kind, t.date, t.reference, t.amount, coalesce(o.date, p.date), "
        "o.amount FROM input_events t LEFT JOIN input_events o ON o.event_id = t.reference "
        "LEFT JOIN (SELECT event_id, min(date) AS date FROM input_prior GROUP BY event_id) p "
        "ON p.event_id = t.reference WHERE t.reference <> ''"
    ):
        if kind in kinds and began is not None:
            rows.append(
                (
                    event_id,
                    kind,
                    day,
                    reference,
                    abs(amount),
                    abs(whole or 0),
                    full_months(began, day),
                )
            )
    create_table(
        inputs,
        "trigger",
        {
            "event_id": "VARCHAR",
            "kind": "VARCHAR",
            "date": "DATE",
            "reference": "VARCHAR",
            "amount": "DECIMAL(28, 6)",
            "deal_amount": "DECIMAL(28, 6)",
            "months": "INTEGER",
        },
        rows,
    )
