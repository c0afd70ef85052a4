"""What must hold between the rows of the input before anything is computed.

All checks run and all problems are told at once; one is enough to compute nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from dealwright.base.money import currency_codes
from dealwright.compensation.engine.inputs import InputInvalid, InputProblem, Inputs
from dealwright.compensation.engine.rate_days import rate_day, rate_type
from dealwright.compensation.engine.sql import text
from dealwright.compensation.engine.tables import MAX_ROWS_NAMED
from dealwright.compensation.plans.definition import (
    DIRECT,
    OVERLAY,
    TEAM,
    TERRITORY,
    Measure,
    bases_of,
)

_LIMIT = f"LIMIT {MAX_ROWS_NAMED}"


def check_inputs(inputs: Inputs) -> None:
    """Raises InputInvalid where rows contradict each other or name what is not there."""
    problems = [
        *_events(inputs),
        *_splits(inputs),
        *_people(inputs),
        *_quotas(inputs),
        *_hierarchy(inputs),
        *_rates(inputs),
        *_territories(inputs),
    ]
    if problems:
        raise InputInvalid(problems)
    _notice_uncredited(inputs)


def _events(inputs: Inputs) -> Iterator[InputProblem]:
    for event_id, row, first in inputs.rows(
        "SELECT event_id, row, first FROM input_events JOIN (SELECT event_id, min(row) AS first "
        "FROM input_events GROUP BY event_id HAVING count(*) > 1) USING (event_id) "
        f"WHERE row <> first ORDER BY row {_LIMIT}"
    ):
        yield InputProblem(
            "events", row, f"event id “{event_id}” is given twice (first in row {first})."
        )
    inputs.connection.execute(
        "UPDATE input_events SET currency = ? WHERE currency = ''", [inputs.plan.currency]
    )
    for row, currency in inputs.rows(
        "SELECT min(row), currency FROM input_events GROUP BY currency ORDER BY 1"
    ):
        if currency not in currency_codes():
            yield InputProblem("events", row, f"“{currency[:12]}” is not a currency code.")
    for row, reference in inputs.rows(
        "SELECT e.row, e.reference FROM input_events e "
        "LEFT JOIN input_events o ON o.event_id = e.reference "
        "LEFT JOIN (SELECT DISTINCT event_id FROM input_prior) p ON p.event_id = e.reference "
        "WHERE e.reference <> '' AND o.event_id IS NULL AND p.event_id IS NULL "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            "events", row, f"refers to “{reference}”, which is not among the events."
        )
    for row, event_id in inputs.rows(
        f"SELECT row, event_id FROM input_events WHERE event_id = reference ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("events", row, f"event “{event_id}” refers to itself.")


def _splits(inputs: Inputs) -> Iterator[InputProblem]:
    for row, event_id in inputs.rows(
        "SELECT s.row, s.event_id FROM input_splits s ANTI JOIN input_events e USING (event_id) "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("splits", row, f"there is no event “{event_id}”.")
    for row, kind in inputs.rows(
        f"SELECT row, kind FROM input_splits WHERE kind NOT IN ('{DIRECT}', '{OVERLAY}') "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("splits", row, f"kind “{kind}” is neither direct nor overlay.")
    for row, share in inputs.rows(
        f"SELECT row, share FROM input_splits WHERE share <= 0 ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("splits", row, f"a share must be above zero, not {_percent(share)}.")
    for row, payee, event_id in inputs.rows(
        "SELECT max(row), payee, event_id FROM input_splits GROUP BY event_id, payee, role, kind "
        f"HAVING count(*) > 1 ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            "splits", row, f"{payee} has two shares of event “{event_id}” in the same role."
        )
    for rule in inputs.plan.credits.values():
        if rule.source == "rollup" or rule.total is None:
            continue
        for row, event_id, total in inputs.rows(
            "SELECT min(row), event_id, sum(share) AS total FROM input_splits WHERE kind = ? "
            f"GROUP BY event_id HAVING sum(share) <> ? ORDER BY 1 {_LIMIT}",
            rule.source,
            rule.total,
        ):
            yield InputProblem(
                "splits",
                row,
                f"the {rule.source} shares of event “{event_id}” sum to {_percent(total)}, "
                f"not {_percent(rule.total)}.",
            )


def _people(inputs: Inputs) -> Iterator[InputProblem]:
    yield from _overlaps(inputs, "people", ("payee",), "{0} has two rows for the same days")
    for row, relief in inputs.rows(
        "SELECT row, quota_relief FROM input_people WHERE quota_relief < 0 OR quota_relief > 1 "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("people", row, f"quota_relief {_percent(relief)} is not 0 to 100 %.")
    if "people" not in inputs.given or not inputs.check_names:
        return
    known = "(SELECT DISTINCT payee FROM input_people)"
    for file, column in (
        ("events", "payee"),
        ("splits", "payee"),
        ("quotas", "payee"),
        ("hierarchy", "payee"),
        ("hierarchy", "manager"),
        ("territories", "payee"),
    ):
        for row, payee in inputs.rows(
            f"SELECT min(t.row), t.{column} FROM input_{file} t LEFT JOIN {known} p "
            f"ON p.payee = t.{column} WHERE t.{column} <> '' AND p.payee IS NULL "
            f"GROUP BY t.{column} ORDER BY 1 {_LIMIT}"
        ):
            yield InputProblem(file, row, f"“{payee}” is not among the people.")


def _quotas(inputs: Inputs) -> Iterator[InputProblem]:
    for row, per in inputs.rows(
        "SELECT row, per FROM input_quotas WHERE per NOT IN ('range', 'month', 'quarter', 'year') "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("quotas", row, f"per “{per}” is none of range, month, quarter, year.")
    for row, amount in inputs.rows(
        f"SELECT row, amount FROM input_quotas WHERE amount < 0 ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("quotas", row, f"a quota may not be negative, as {amount} is.")
    for (row,) in inputs.rows(
        f"SELECT row FROM input_quotas WHERE starts IS NULL OR ends IS NULL ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("quotas", row, "give a period such as 2027-Q1, or start and end.")
    yield from _overlaps(
        inputs,
        "quotas",
        ("payee", "position", "team", "measure"),
        "the quota “{3}” of {0}{1}{2} is given twice",
    )
    for (row,) in inputs.rows(
        "SELECT row FROM input_quotas WHERE CASE WHEN payee = '' THEN 0 ELSE 1 END + CASE WHEN "
        "position = '' THEN 0 ELSE 1 END + CASE WHEN team = '' THEN 0 ELSE 1 END <> 1 "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("quotas", row, "name one of payee, position or team.")
    for holder in ("position", "team"):
        for row, name in inputs.rows(
            f"SELECT min(q.row), q.{holder} FROM input_quotas q LEFT JOIN (SELECT DISTINCT "
            f"{holder} FROM input_people) p ON p.{holder} = q.{holder} WHERE q.{holder} <> '' "
            f"AND p.{holder} IS NULL GROUP BY q.{holder} ORDER BY 1 {_LIMIT}"
        ):
            if inputs.check_names:
                yield InputProblem("quotas", row, f"nobody has the {holder} “{name}”.")


def _overlaps(
    inputs: Inputs, file: str, keys: tuple[str, ...], sentence: str
) -> Iterator[InputProblem]:
    """Rows of one key whose dates overlap, and rows that end before they start."""
    for row, starts, ends in inputs.rows(
        f"SELECT row, starts, ends FROM input_{file} WHERE ends < starts ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(file, row, f"ends on {ends}, before it starts on {starts}.")
    key = ", ".join(keys)
    for row, starts, before, *values in inputs.rows(
        f"SELECT row, starts, before, {key} FROM (SELECT row, {key}, starts, "
        f"lag(ends) OVER (PARTITION BY {key} ORDER BY starts, ends, row) AS until, "
        f"lag(row) OVER (PARTITION BY {key} ORDER BY starts, ends, row) AS before "
        f"FROM input_{file}) WHERE starts <= until ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            file, row, f"{sentence.format(*values)}: from {starts}, also in row {before}."
        )


def _hierarchy(inputs: Inputs) -> Iterator[InputProblem]:
    for row, payee in inputs.rows(
        f"SELECT row, payee FROM input_hierarchy WHERE payee = manager ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("hierarchy", row, f"“{payee}” cannot report to themselves.")
    yield from _overlaps(inputs, "hierarchy", ("payee", "relation"), "{0} reports to two managers")
    for row, relation in inputs.rows(
        f"SELECT row, relation FROM input_hierarchy WHERE relation = '{TEAM}' ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            "hierarchy", row, f"“{relation}” is the relation of teams; name it otherwise."
        )


def _territories(inputs: Inputs) -> Iterator[InputProblem]:
    yield from _overlaps(
        inputs, "territories", ("territory", "payee", "role"), "{1} holds “{0}” twice"
    )
    for row, share in inputs.rows(
        f"SELECT row, share FROM input_territories WHERE share <= 0 ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            "territories", row, f"a share must be above zero, not {_percent(share)}."
        )


def _rates(inputs: Inputs) -> Iterator[InputProblem]:
    for row, type_ in inputs.rows(
        f"SELECT row, type FROM input_rates WHERE type NOT IN ('spot', 'plan', 'average') "
        f"ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem("rates", row, f"type “{type_}” is none of spot, plan and average.")
    for (row,) in inputs.rows(f"SELECT row FROM input_rates WHERE rate <= 0 ORDER BY 1 {_LIMIT}"):
        yield InputProblem("rates", row, "a rate must be above zero.")
    for row, source, target, starts in inputs.rows(
        "SELECT max(row), from_currency, to_currency, starts FROM input_rates "
        f"GROUP BY from_currency, to_currency, starts, type HAVING count(*) > 1 ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            "rates", row, f"the rate {source} to {target} on {starts} is given twice."
        )
    for row, source, month in inputs.rows(
        "SELECT max(row), from_currency, CAST(date_trunc('month', starts) AS DATE) "
        "FROM input_rates WHERE type = 'average' GROUP BY from_currency, to_currency, "
        f"date_trunc('month', starts) HAVING count(DISTINCT starts) > 1 ORDER BY 1 {_LIMIT}"
    ):
        yield InputProblem(
            "rates", row, f"the average rate of {source} for {month:%Y-%m} is given twice."
        )
    for measure in inputs.plan.measures.values():
        if measure.unit == "money":
            yield from _missing_rates(inputs, measure)


def _missing_rates(inputs: Inputs, measure: Measure) -> Iterator[InputProblem]:
    """One problem per currency that a measure meets without a rate, with its first day."""
    plan = inputs.plan
    type_ = rate_type(measure.rates)
    stated: dict[str, list[date]] = defaultdict(list)
    for currency, starts in inputs.rows(
        "SELECT from_currency, starts FROM input_rates WHERE to_currency = ? AND type = ?",
        plan.currency,
        type_,
    ):
        stated[currency].append(starts)
    kinds = ", ".join(text(kind) for kind in measure.kinds)
    told: dict[str, tuple[int, date]] = {}
    for row, currency, day in inputs.rows(
        "SELECT min(row), currency, date FROM input_events WHERE currency <> ? AND kind IN "
        f"({kinds}) GROUP BY currency, date ORDER BY date",
        plan.currency,
    ):
        wanted = rate_day(plan, measure.rates, day)
        if type_ == "average":
            found = any((at.year, at.month) == (day.year, day.month) for at in stated[currency])
        else:
            found = any(at <= wanted for at in stated[currency])
        if not found:
            first = told.get(currency)
            told[currency] = (min(row, first[0]), first[1]) if first else (row, wanted)
    for currency, (row, day) in sorted(told.items(), key=lambda each: each[1]):
        when = f"{day:%Y-%m}" if type_ == "average" else f"{day}"
        yield InputProblem(
            "events",
            row,
            f"there is no {type_} rate from {currency} to {plan.currency} for {when} "
            f"(measure “{measure.id}”).",
        )


def _notice_uncredited(inputs: Inputs) -> None:
    """Events that count for a measure but name nobody are legal; say how many there are."""
    plan = inputs.plan
    used = {plan.credits[rule].source for basis in bases_of(plan) for rule in basis.rules}
    if TERRITORY in used:
        return
    kinds = {kind for measure in inputs.plan.measures.values() for kind in measure.kinds}
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds)) or "''"
    ((count, row),) = inputs.rows(
        "SELECT count(*), min(e.row) FROM input_events e "
        "LEFT JOIN (SELECT DISTINCT event_id FROM input_splits) own ON own.event_id = e.event_id "
        "LEFT JOIN (SELECT DISTINCT event_id FROM input_splits) other "
        "ON other.event_id = e.reference "
        "LEFT JOIN input_events o ON o.event_id = e.reference AND o.payee <> '' "
        f"WHERE e.payee = '' AND e.kind IN ({listed}) AND own.event_id IS NULL "
        "AND other.event_id IS NULL AND o.event_id IS NULL"
    )
    if count:
        inputs.notices.append(
            f"{count} event{'s name' if count > 1 else ' names'} no payee and no split, "
            f"the first in row {row}: nobody is credited."
        )


def _percent(share: Decimal) -> str:
    text = f"{share * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"
