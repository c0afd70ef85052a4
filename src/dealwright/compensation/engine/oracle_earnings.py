"""The reference's earning components."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dealwright.compensation.engine.lines import Line
from dealwright.compensation.engine.oracle import ZERO, Case, Counted, quotient, rounded
from dealwright.compensation.engine.oracle_contests import contest_lines
from dealwright.compensation.engine.oracle_objectives import objective_lines
from dealwright.compensation.engine.oracle_pools import pool_lines
from dealwright.compensation.engine.oracle_standing import standing
from dealwright.compensation.engine.periods import PayPeriod
from dealwright.compensation.engine.sql import LINE_SCALE, NO_LIMIT, RATIO_DIGITS
from dealwright.compensation.plans.definition import (
    Blocks,
    Component,
    Contest,
    Curve,
    Earning,
    Fixed,
    Matrix,
    Mbo,
    Milestones,
    ProfitPool,
    Rated,
    Tiered,
)
from dealwright.compensation.plans.expressions import evaluate


def earning_lines(case: Case, component: Earning) -> Iterator[Line]:
    """What a component earns; at the end of the quarter or year where it is paid then."""
    if not component.paid:
        yield from _earned(case, component)
        return
    ends = {
        closing.number: closing.period
        for closing in case.inputs.closings
        if closing.span == component.paid and closing.paid
    }
    for line in _earned(case, component):
        end = ends.get(case.window(component.paid, case.period[line.period]))
        if end is not None:
            yield replace(line, period=end)


def _earned(case: Case, component: Earning) -> Iterator[Line]:
    match component:
        case Fixed():
            return _fixed(case, component)
        case Rated():
            return _rated(case, component)
        case Tiered() if component.mode == "marginal":
            return _marginal(case, component)
        case Tiered() if component.cumulate == "transaction":
            return _retroactive_alone(case, component)
        case Tiered():
            return _retroactive(case, component)
        case Milestones():
            return _milestones(case, component)
        case Curve():
            return _curve(case, component)
        case Matrix():
            return _matrix(case, component)
        case Mbo():
            return objective_lines(case, component)
        case ProfitPool():
            return pool_lines(case, component)
        case Contest():
            return contest_lines(case, component)
        case Blocks():
            return _blocks(case, component)


def _fixed(case: Case, component: Fixed) -> Iterator[Line]:
    for presence in case.grid:
        if not case.is_for(component, presence):
            continue
        value = case.value(component.amount, "period", presence.payee, presence.period)
        if value is None:
            continue
        working = component.prorate == "working"
        days = presence.work_days if working else presence.days
        whole = presence.work_whole if working else presence.whole
        if component.amount.value is not None and component.prorate:
            value = quotient(Fraction(value) * days, Fraction(whole), case.scale)
        value = rounded(value, case.scale)
        if value:
            yield Line(
                component=component.id,
                payee=presence.payee,
                period=presence.period.number,
                kind="fixed",
                base=Decimal(days),
                payout=value,
            )


def _rated(case: Case, component: Rated) -> Iterator[Line]:
    spent = ZERO
    credits = case.basis(component, component.basis)
    if component.budget is not None:
        credits.sort(key=lambda c: (c.day, c.event, c.payee, c.rule, c.role, c.via))
    for credit in credits:
        rate: Decimal | None
        if component.rate is not None:
            kind, rate, value = "rate", component.rate, credit.amount * component.rate
        elif component.price is not None:
            kind, rate, value = "unit", component.price, credit.amount * component.price
        else:
            assert component.amount is not None
            kind, rate = "formula", None
            value = rounded(Decimal(evaluate(component.amount, credit.values) or 0), LINE_SCALE)
        payout = rounded(value, case.scale_of(component))
        line = _line(component, credit, kind=kind, base=credit.amount, rate=rate, payout=payout)
        yield line
        if component.budget is not None:
            before, spent = spent, spent + payout
            allowed = min(spent, component.budget) - min(before, component.budget)
            if spent > component.budget and allowed != payout:
                yield _line(
                    component,
                    credit,
                    kind="budget",
                    high=component.budget,
                    base=payout,
                    payout=allowed - payout,
                )


def _bands(
    case: Case, component: Tiered, payee: str, period: PayPeriod
) -> list[tuple[int, Decimal, Decimal, Decimal]]:
    """(band, low, high, value) as amounts; none where the quota is missing or zero."""
    quota = None
    if component.quota:
        quota = case.quota(component.quota, component.cumulate, payee, period)
        if quota is None:
            return []

    def edge(threshold: Decimal) -> Decimal:
        return rounded(quota * threshold, case.scale) if quota is not None else threshold

    bands = []
    for place, band in enumerate(component.bands):
        low = edge(band.threshold) if place or band.threshold else -NO_LIMIT
        last = place + 1 == len(component.bands)
        high = NO_LIMIT if last else edge(component.bands[place + 1].threshold)
        bands.append((place + 1, low, high, band.value))
    return bands


def _marginal(case: Case, component: Tiered) -> Iterator[Line]:
    reached: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for credit in case.basis(component, component.basis):
        key = (credit.payee, case.window(component.cumulate, credit.period))
        before = ZERO if component.cumulate == "transaction" else reached[key]
        after = before + credit.amount
        reached[key] = after
        for band, low, high, value in _bands(case, component, credit.payee, credit.period):
            inside = min(max(after, low), high) - min(max(before, low), high)
            if inside == 0:
                continue
            if component.target is not None:
                kind = "target"
                payout = _target(case, component, credit, after, (low, high, value)) - _target(
                    case, component, credit, before, (low, high, value)
                )
            else:
                kind = "band"
                payout = rounded(inside * value, case.line_scale)
            yield _line(
                component,
                credit,
                kind=kind,
                band=band,
                low=low,
                high=high,
                base=inside,
                rate=value,
                payout=payout,
            )


def _target(
    case: Case,
    component: Tiered,
    credit: Counted,
    reached: Decimal,
    band: tuple[Decimal, Decimal, Decimal],
) -> Decimal:
    """What a band pays in all when the window has reached an amount."""
    low, high, value = band
    inside = rounded(min(max(reached, low), high) - max(low, ZERO), RATIO_DIGITS)
    return _part_of_target(case, component, credit.payee, credit.period, inside, value)


def _part_of_target(
    case: Case,
    component: Tiered,
    payee: str,
    period: PayPeriod,
    reached: Decimal,
    value: Decimal,
) -> Decimal:
    target = case.value(component.target, component.cumulate, payee, period) or ZERO
    quota = case.quota(component.quota, component.cumulate, payee, period)
    assert quota is not None
    above = Fraction(rounded(reached, RATIO_DIGITS)) * Fraction(rounded(target, case.scale))
    return quotient(above * Fraction(value), Fraction(quota), case.scale)


def _retroactive_alone(case: Case, component: Tiered) -> Iterator[Line]:
    for credit in case.basis(component, component.basis):
        bands = _bands(case, component, credit.payee, credit.period)
        found = _band_at(component, bands, credit.amount)
        if found is None:
            continue
        band, low, high, value = found
        yield _line(
            component,
            credit,
            kind="rate",
            band=band,
            low=low,
            high=high,
            base=credit.amount,
            rate=value,
            payout=rounded(credit.amount * value, case.line_scale),
        )


def _retroactive(case: Case, component: Tiered) -> Iterator[Line]:
    credits = case.basis(component, component.basis)
    for _, periods in _windows(case, component.cumulate, credits):
        reached, paid = ZERO, ZERO
        rate_before: Decimal | None = None
        earlier: list[Counted] = []
        for own in periods:
            payee, period = own[0].payee, own[0].period
            reached += sum((each.amount for each in own), ZERO)
            bands = _bands(case, component, payee, period)
            found = _band_at(component, bands, reached)
            band, value = (found[0], found[3]) if found else (0, ZERO)
            low, high = (found[1], found[2]) if found else (None, None)
            if component.target is not None:
                if not bands:
                    continue
                truth = _part_of_target(case, component, payee, period, reached, value)
                if truth != paid:
                    yield Line(
                        component=component.id,
                        payee=payee,
                        period=period.number,
                        kind="target",
                        band=band,
                        low=low,
                        high=high,
                        base=reached,
                        rate=value,
                        payout=truth - paid,
                    )
                paid = truth
                continue
            shown: dict[str, Any] = {"band": band, "low": low, "high": high, "rate": value}
            for credit in own:
                payout = rounded(credit.amount * value, case.line_scale)
                yield _line(
                    component, credit, kind="rate", base=credit.amount, payout=payout, **shown
                )
            if rate_before is not None and value != rate_before:
                for credit in earlier:
                    payout = rounded(credit.amount * value, case.line_scale) - rounded(
                        credit.amount * rate_before, case.line_scale
                    )
                    yield _line(
                        component,
                        credit,
                        kind="uplift",
                        period=period,
                        base=credit.amount,
                        payout=payout,
                        **shown,
                    )
            rate_before = value
            earlier += own


def _band_at(
    component: Tiered, bands: Sequence[tuple[int, Decimal, Decimal, Decimal]], reached: Decimal
) -> tuple[int, Decimal, Decimal, Decimal] | None:
    for band, low, high, value in bands:
        if component.boundary == "upper":
            inside = low <= reached < high
        else:
            inside = (low < reached or (band == 1 and low == reached)) and reached <= high
        if inside:
            return band, low, high, value
    return None


def _windows(
    case: Case, cumulate: str, credits: Sequence[Counted]
) -> list[tuple[tuple[str, int], list[list[Counted]]]]:
    """Per payee and window the credits of each period, in time."""
    found: dict[tuple[str, int], dict[int, list[Counted]]] = defaultdict(lambda: defaultdict(list))
    for credit in credits:
        key = (credit.payee, case.window(cumulate, credit.period))
        found[key][credit.period.number].append(credit)
    return [
        (key, [periods[number] for number in sorted(periods)])
        for key, periods in sorted(found.items())
    ]


def _blocks(case: Case, component: Blocks) -> Iterator[Line]:
    def counted(value: Decimal) -> Decimal:
        full = abs(rounded(value, RATIO_DIGITS)) // component.each
        return (-full if value < 0 else full) * component.quantity

    credits = case.basis(component, component.basis)
    shown: dict[str, Any] = {"kind": "blocks", "high": component.each, "rate": component.quantity}
    if component.cumulate == "transaction":
        for credit in credits:
            if payout := counted(credit.amount):
                yield _line(component, credit, base=credit.amount, payout=payout, **shown)
        return
    for _, periods in _windows(case, component.cumulate, credits):
        reached, paid = ZERO, ZERO
        for own in periods:
            reached += sum((each.amount for each in own), ZERO)
            truth = counted(max(reached, ZERO))
            if truth != paid:
                yield Line(
                    component=component.id,
                    payee=own[0].payee,
                    period=own[0].period.number,
                    base=reached,
                    payout=truth - paid,
                    **shown,
                )
            paid = truth


def _milestones(case: Case, component: Milestones) -> Iterator[Line]:
    steps = []
    before = ZERO
    for place, step in enumerate(component.steps):
        pays = step.value - before if component.pays == "highest" else step.value
        before = step.value
        steps.append((place + 1, step.threshold, pays))
    for _, periods in _windows(case, component.cumulate, case.basis(component, component.basis)):
        reached, had = ZERO, set[int]()
        for own in periods:
            payee, period = own[0].payee, own[0].period
            reached += sum((each.amount for each in own), ZERO)
            quota = None
            if component.quota:
                quota = case.quota(component.quota, component.cumulate, payee, period)
                if quota is None:
                    continue
            for place, threshold, pays in steps:
                low = rounded(quota * threshold, case.scale) if quota is not None else threshold
                if (reached >= low) == (place in had):
                    continue
                gained = reached >= low
                if gained:
                    had.add(place)
                else:
                    had.discard(place)
                yield Line(
                    component=component.id,
                    payee=payee,
                    period=period.number,
                    kind="milestone",
                    band=place,
                    low=low,
                    base=reached,
                    payout=pays if gained else -pays,
                )


def _curve(case: Case, component: Curve) -> Iterator[Line]:
    points = component.points
    for _, periods in _windows(case, component.cumulate, case.basis(component, component.basis)):
        reached, paid = ZERO, ZERO
        for own in periods:
            payee, period = own[0].payee, own[0].period
            reached += sum((each.amount for each in own), ZERO)
            quota = case.quota(component.quota, component.cumulate, payee, period)
            if quota is None:
                continue
            target = case.value(component.target, component.cumulate, payee, period) or ZERO
            base = Fraction(rounded(reached, RATIO_DIGITS))
            segment = None
            for place, point in enumerate(points):
                if base >= Fraction(point.threshold) * Fraction(quota):
                    segment = place
            factor = low = high = None
            truth = ZERO
            if segment is not None:
                first = points[segment]
                last = points[segment + 1] if segment + 1 < len(points) else first
                low, high = first.threshold, last.threshold
                above = base - Fraction(low) * Fraction(quota)
                rise = Fraction(last.value) - Fraction(first.value)
                below = (Fraction(high) - Fraction(low)) * Fraction(quota)
                factor = first.value + quotient(above * rise, below, 12)
                truth = rounded(target * factor, case.scale)
            if truth != paid:
                yield Line(
                    component=component.id,
                    payee=payee,
                    period=period.number,
                    kind="curve",
                    band=None if segment is None else segment + 1,
                    low=low,
                    high=high,
                    base=reached,
                    rate=None if factor is None else rounded(factor, LINE_SCALE),
                    payout=truth - paid,
                )
            paid = truth


def _matrix(case: Case, component: Matrix) -> Iterator[Line]:
    rows = standing(case, component, component.rows)
    columns = standing(case, component, component.columns)
    paid: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for presence in case.grid:
        if not case.is_for(component, presence):
            continue
        key = (presence.payee, presence.period.number)
        (row_amount, _, row, _), (column_amount, _, column, _) = rows[key], columns[key]
        cell = component.table[row - 1][column - 1] if row and column else ZERO
        cumulate = component.rows.cumulate
        target = case.value(component.target, cumulate, presence.payee, presence.period) or ZERO
        truth = rounded(target * cell, case.scale)
        window = (presence.payee, case.window(cumulate, presence.period))
        if truth != paid[window]:
            yield Line(
                component=component.id,
                payee=presence.payee,
                period=presence.period.number,
                kind="cell",
                band=row,
                low=row_amount,
                high=column_amount,
                base=target,
                rate=cell,
                payout=truth - paid[window],
            )
        paid[window] = truth


def _line(
    component: Component, credit: Counted, *, period: PayPeriod | None = None, **values: Any
) -> Line:
    return Line(
        component=component.id,
        payee=credit.payee,
        period=(period or credit.period).number,
        event=credit.event,
        via=credit.via,
        role=credit.role,
        credit=credit.amount,
        **values,
    )
