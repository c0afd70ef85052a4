"""Which part of a dated amount falls in a period: quotas, salaries and targets, as fractions of
days. The amounts by a plan's rules are computed from them, by either engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import lcm

from dealwright.base.periods import periods_between
from dealwright.compensation.engine.counted_days import counted_days
from dealwright.compensation.engine.holders import Days, quotas_held
from dealwright.compensation.engine.inputs import Inputs, create_table
from dealwright.compensation.engine.periods import pay_periods, span_at, spans_between
from dealwright.compensation.engine.tables import OPEN_START
from dealwright.compensation.engine.week_calendars import week_calendar

SALARY, TARGET = "salary", "target"

# (period, weight, whole) of each part of an amount
Split = tuple[tuple[int, int, int], ...]


def load_pieces(inputs: Inputs) -> None:
    """``piece``: which fraction (weight/whole) of a quota, salary or target falls in a period.

    A yearly amount counts by days of the year; a salary by twelfths, and by days only in a
    month that is not worked in full.
    """
    plan = inputs.plan
    amounts: list[tuple[str, str, Decimal, int]] = []
    # Most quotas and people have their days in common, and so the fractions.
    splits: dict[Split, int] = {}
    began = dict(inputs.rows("SELECT payee, min(starts) FROM input_people GROUP BY payee"))

    def numbered(split: Split) -> int:
        return splits.setdefault(split, len(splits))

    @cache
    def of_quota(
        starts: date, ends: date, per: str, range_: Days, ramp: Sequence[Decimal], start: date
    ) -> Sequence[tuple[Decimal, int]]:
        """The splits of a quota by the factor that the ramp has for them."""
        found: dict[Decimal, list[tuple[int, int, int]]] = defaultdict(list)
        for share, period, month in _by_days(
            inputs, starts, ends, per, monthly=bool(ramp), range_=range_
        ):
            age = _age(inputs, start, month) if ramp else -1
            factor = ramp[age] if 0 <= age < len(ramp) else Decimal(1)
            found[factor].append((period, *share))
        return [(factor, numbered(tuple(split))) for factor, split in found.items()]

    @cache
    def of_target(starts: date, ends: date) -> int:
        days = _by_days(inputs, starts, ends, "year", monthly=False)
        return numbered(tuple((period, *share) for share, period, _ in days))

    @cache
    def of_salary(starts: date, ends: date) -> int:
        return numbered(
            tuple((period, *share) for share, period in _by_twelfths(inputs, starts, ends))
        )

    for held in quotas_held(inputs):
        ramp = () if held.of_team else tuple(plan.ramps.get(held.measure, ()))
        start = began.get(held.payee, OPEN_START) if ramp else OPEN_START
        for factor, split in of_quota(held.starts, held.ends, held.per, held.range_, ramp, start):
            kept = held.amount * factor * (1 - held.relief)
            amounts.append((held.payee, held.measure, kept, split))
    for payee, salary, target, starts, ends in inputs.rows(
        "SELECT payee, salary, target, starts, ends FROM input_people"
    ):
        if salary is not None:
            amounts.append((payee, SALARY, salary, of_salary(starts, ends)))
        if target is not None:
            amounts.append((payee, TARGET, target, of_target(starts, ends)))
    _write(inputs, amounts, splits)


def _write(
    inputs: Inputs, amounts: Sequence[tuple[str, str, Decimal, int]], splits: dict[Split, int]
) -> None:
    create_table(
        inputs,
        "piece",
        {
            "payee": "VARCHAR",
            "name": "VARCHAR",
            "period": "INTEGER",
            "amount": "DECIMAL(28, 6)",
            "weight": "BIGINT",
            "whole": "BIGINT",
        },
        [],
    )
    if not amounts:
        return
    parts = [(number, *part) for split, number in splits.items() for part in split]
    inputs.connection.execute(
        "INSERT INTO piece SELECT payee, name, period, amount, weight, whole FROM "
        "(SELECT unnest(?::VARCHAR[]) AS payee, unnest(?::VARCHAR[]) AS name, "
        "unnest(?::DECIMAL(28, 6)[]) AS amount, unnest(?::INTEGER[]) AS split) JOIN "
        "(SELECT unnest(?::INTEGER[]) AS split, unnest(?::INTEGER[]) AS period, "
        "unnest(?::BIGINT[]) AS weight, unnest(?::BIGINT[]) AS whole) USING (split)",
        [list(each) for rows in (amounts, parts) for each in zip(*rows, strict=True)],
    )


def _age(inputs: Inputs, start: date, day: date) -> int:
    """How many months, in calendars of weeks periods, lie between two days."""
    if week_calendar(inputs.plan.calendar) is not None and start > OPEN_START:
        (first,) = pay_periods(start, start, inputs.plan.calendar)
        (now,) = pay_periods(day, day, inputs.plan.calendar)
        return now.number - first.number
    return (day.year - start.year) * 12 + day.month - start.month


def _by_days(
    inputs: Inputs,
    starts: date,
    ends: date,
    per: str,
    *,
    monthly: bool,
    range_: Days | None = None,
) -> Sequence[tuple[tuple[int, int], int, date]]:
    """(weight, whole), period and first day of each part of a dated amount, by the days that
    the plan counts; ``range_`` are all days of an amount that is for a range."""
    plan = inputs.plan
    counted = counted_days(plan)
    found: list[tuple[tuple[int, int], int, date]] = []
    for period in inputs.all_periods:
        since, until = max(starts, period.starts), min(ends, period.ends)
        if since > until:
            continue
        unit = "month" if monthly else per
        parts = [(since, until)]
        if unit in ("month", "quarter"):
            parts = [
                (max(since, each.start), min(until, each.end))
                for each in spans_between(
                    since, until, unit, plan.calendar, plan.fiscal_year_starts
                )
            ]
        for from_, to in parts:
            if per == "range":
                whole = counted(*(range_ or (starts, ends)))
            else:
                span = span_at(from_, per, plan.calendar, plan.fiscal_year_starts)
                whole = counted(span.start, span.end)
            if whole:
                found.append(((counted(from_, to), whole), period.number, from_))
    return found


def _by_twelfths(inputs: Inputs, starts: date, ends: date) -> Sequence[tuple[tuple[int, int], int]]:
    """(weight, whole) of a yearly salary per period; in calendars of weeks by days."""
    if week_calendar(inputs.plan.calendar) is not None:
        days = _by_days(inputs, starts, ends, "year", monthly=False)
        return [(weighed, number) for weighed, number, _ in days]
    counted = counted_days(inputs.plan)
    shares: list[tuple[Fraction, int]] = []
    for period in inputs.all_periods:
        since, until = max(starts, period.starts), min(ends, period.ends)
        if since > until:
            continue
        share = Fraction(0)
        for month in periods_between(since, until, "month"):
            whole = counted(month.start, month.end)
            part = counted(max(since, month.start), min(until, month.end))
            share += Fraction(part, whole * 12) if whole else 0
        shares.append((share, period.number))
    # One denominator, so that the parts of a year sum to the year.
    common = lcm(*(share.denominator for share, _ in shares)) if shares else 1
    return [
        ((share.numerator * (common // share.denominator), common), number)
        for share, number in shares
    ]
