"""The reference's gates, multipliers, floors and caps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from dealwright.compensation.engine.lines import Line
from dealwright.compensation.engine.oracle import ZERO, Case, rounded
from dealwright.compensation.engine.oracle_objectives import interpolated
from dealwright.compensation.engine.oracle_standing import Standing, standing
from dealwright.compensation.engine.sql import LINE_SCALE, RATIO_DIGITS
from dealwright.compensation.plans.definition import (
    Band,
    Cap,
    Component,
    Floor,
    Gate,
    Lookup,
    Modifier,
    Multiplier,
)

Totals = dict[tuple[str, str, int], Decimal]  # (component, payee, period) -> amount


def totals_of(lines: Sequence[Line]) -> Totals:
    totals: Totals = defaultdict(Decimal)
    for each in lines:
        totals[each.component, each.payee, each.period] += each.payout
    return totals


def modify(case: Case, modifier: Modifier, lines: Sequence[Line]) -> Iterator[Line]:
    match modifier:
        case Gate():
            return _gate(case, modifier, lines)
        case Multiplier():
            return _multiplier(case, modifier, lines)
        case Floor() | Cap() if modifier.per == "deal":
            return _deal_limit(case, modifier, lines)
        case Floor():
            return _floor(case, modifier, lines)
        case Cap() if modifier.excess == "withhold":
            return _withhold(case, modifier, lines)
        case Cap():
            return _cap(case, modifier, lines)
    raise AssertionError(modifier)


def is_for(case: Case, component: Component, payee: str, period: int) -> bool:
    return case.is_for(component, case.presence(payee, case.period[period]))


def _gate(case: Case, gate: Gate, lines: Sequence[Line]) -> Iterator[Line]:
    reached, *others = (standing(case, gate, each) for each in gate.tests)
    for (component, payee, period), amount in totals_of(lines).items():
        if component not in gate.on or not is_for(case, gate, payee, period):
            continue
        found = reached.get((payee, period))
        missing = (ZERO, None, 0, 0)
        if any(each.get((payee, period), missing)[2] for each in (reached, *others)):
            continue
        kept = rounded(amount * gate.otherwise, _scale_on(case, gate.on))
        if kept != amount:
            yield Line(
                component=component,
                payee=payee,
                period=period,
                kind="gate",
                low=found[0] if found else None,
                high=found[1] if found else None,
                base=amount,
                rate=gate.otherwise,
                payout=kept - amount,
            )


def _multiplier(case: Case, multiplier: Multiplier, lines: Sequence[Line]) -> Iterator[Line]:
    reached = standing(case, multiplier, multiplier.test) if multiplier.test else {}
    for (component, payee, period), amount in totals_of(lines).items():
        if component not in multiplier.on or not is_for(case, multiplier, payee, period):
            continue
        found = reached.get((payee, period))
        if multiplier.test is None:
            factor = multiplier.factor or Decimal(1)
        elif multiplier.is_curve:
            factor = _on_a_line(case, multiplier.test, multiplier.points, found)
        else:
            factor = multiplier.factors[max(found[2] if found else 0, 1) - 1]
        paid = rounded(amount * factor, _scale_on(case, multiplier.on))
        if paid != amount:
            yield Line(
                component=component,
                payee=payee,
                period=period,
                kind="multiplier",
                low=found[0] if found else None,
                base=amount,
                rate=rounded(factor, LINE_SCALE),
                payout=paid - amount,
            )


def _on_a_line(case: Case, test: Lookup, points: Sequence[Band], found: Standing | None) -> Decimal:
    """The factor between two points; nothing where nothing was measured."""
    if found is None:
        return ZERO
    reached, quota, _, count = found
    if not count and case.plan.measures[test.basis.measure].aggregate != "sum":
        return ZERO
    if (test.quota or test.per) and quota is None:
        return ZERO
    return interpolated(points, Fraction(rounded(reached, RATIO_DIGITS)), quota)


def _scale_on(case: Case, on: Sequence[str]) -> int:
    return 0 if set(on) & set(case.plan.rewards) else case.scale


def _receiver(component: Floor | Cap) -> str:
    return component.on[0] if len(component.on) == 1 else component.id


def per_payee(lines: Sequence[Line], on: Sequence[str]) -> dict[tuple[str, int], Decimal]:
    found: dict[tuple[str, int], Decimal] = {}
    for each in lines:
        if each.component in on:
            key = (each.payee, each.period)
            found[key] = found.get(key, ZERO) + each.payout
    return found


def _floor(case: Case, floor: Floor, lines: Sequence[Line]) -> Iterator[Line]:
    earned: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for (payee, number), paid in per_payee(lines, floor.on).items():
        earned[payee, case.window(floor.per, case.period[number])] += paid
    ends = {each.period for each in case.inputs.closings if each.span == floor.per and each.paid}
    for presence in case.grid:
        if presence.period.number not in ends or not case.is_for(floor, presence):
            continue
        amount = earned[presence.payee, case.window(floor.per, presence.period)]
        least = case.value(floor.amount, floor.per, presence.payee, presence.period) or ZERO
        if amount < least:
            yield Line(
                component=_receiver(floor),
                payee=presence.payee,
                period=presence.period.number,
                kind="floor",
                low=least,
                base=amount,
                payout=least - amount,
            )


def _deal_limit(case: Case, limit: Floor | Cap, lines: Sequence[Line]) -> Iterator[Line]:
    """A least or most of what a deal pays over all periods."""
    deals: dict[tuple[str, str], dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for each in lines:
        if each.component in limit.on and each.event:
            deals[each.payee, each.event][each.period] += each.payout
    for (payee, event), periods in deals.items():
        after = paid = ZERO
        for period, amount in sorted(periods.items()):
            if not is_for(case, limit, payee, period):
                continue
            value = case.value(limit.amount, "period", payee, case.period[period])
            if value is None and isinstance(limit, Cap):
                continue
            value = value or ZERO
            after += amount
            due = after
            if isinstance(limit, Cap):
                due = max(min(after, value), -value)
            elif after >= 0 or case.events[event]["amount"] > 0:
                due = max(after, value)
            payout, paid = due - paid - amount, due
            if payout:
                is_floor = isinstance(limit, Floor)
                yield Line(
                    component=_receiver(limit),
                    payee=payee,
                    period=period,
                    kind="floor" if is_floor else "cap",
                    event=event,
                    low=value if is_floor else None,
                    high=None if is_floor else value,
                    base=amount,
                    payout=payout,
                )


def _cap(case: Case, cap: Cap, lines: Sequence[Line]) -> Iterator[Line]:
    paid: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for (payee, number), amount in sorted(per_payee(lines, cap.on).items()):
        period = case.period[number]
        if not is_for(case, cap, payee, number):
            continue
        limit = case.value(cap.amount, cap.per, payee, period)
        if limit is None:
            continue
        window = (payee, case.window(cap.per, period))
        before = paid[window]
        paid[window] = before + amount
        payout = min(paid[window], limit) - min(before, limit) - amount
        if payout:
            yield Line(
                component=_receiver(cap),
                payee=payee,
                period=number,
                kind="cap",
                high=limit,
                base=amount,
                payout=payout,
            )


def _withhold(case: Case, cap: Cap, lines: Sequence[Line]) -> Iterator[Line]:
    earned = per_payee(lines, cap.on)
    waiting: dict[str, Decimal] = defaultdict(Decimal)
    for presence in case.grid:
        limit = case.value(cap.amount, "period", presence.payee, presence.period)
        if limit is None or not case.is_for(cap, presence):
            continue
        amount = earned.get((presence.payee, presence.period.number), ZERO)
        before = waiting[presence.payee]
        balance = max(ZERO, before + amount - limit)
        waiting[presence.payee] = balance
        if balance != before:
            yield Line(
                component=_receiver(cap),
                payee=presence.payee,
                period=presence.period.number,
                kind="withheld" if balance > before else "released",
                high=limit,
                base=amount,
                payout=before - balance,
                balance=balance,
            )
