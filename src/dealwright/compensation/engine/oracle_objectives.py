"""The reference's objectives (MBO)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from dealwright.compensation.engine.lines import Line
from dealwright.compensation.engine.oracle import ZERO, Case, quotient, rounded
from dealwright.compensation.engine.oracle_standing import Standing, standing
from dealwright.compensation.engine.sql import FACTOR_DIGITS, LINE_SCALE, RATIO_DIGITS
from dealwright.compensation.plans.definition import Band, Mbo, Objective

ONE = Decimal(1)
_MOST = Decimal(999)


def objective_lines(case: Case, component: Mbo) -> Iterator[Line]:
    standings = [standing(case, component, each.test) for each in component.objectives]
    paid: dict[tuple[str, int, int], Decimal] = defaultdict(Decimal)
    for presence in case.grid:
        if not case.is_for(component, presence):
            continue
        payee, period = presence.payee, presence.period
        target = case.value(component.target, component.cumulate, payee, period) or ZERO
        total = before = ZERO
        fractions = []
        rows: list[tuple[str, int | None, Decimal | None, Decimal | None, Decimal, Decimal]] = []
        for place, (each, found) in enumerate(zip(component.objectives, standings, strict=True), 1):
            reached, quota, _, _ = found[payee, period.number]
            fraction = _fraction(case, each, found[payee, period.number])
            fractions.append(fraction)
            total += each.weight * fraction
            after = rounded(target * rounded(total, FACTOR_DIGITS), case.scale)
            rows.append(("objective", place, reached, quota, fraction, after - before))
            before = after
        counts = _counts(component, rounded(total, FACTOR_DIGITS), fractions)
        after = rounded(target * counts, case.scale)
        rows.append(("limit", None, None, None, counts, after - before))
        window = case.window(component.cumulate, period)
        for kind, band, low, high, rate, truth in rows:
            key = (payee, window, band or 0)
            if truth != paid[key]:
                yield Line(
                    component=component.id,
                    payee=payee,
                    period=period.number,
                    kind=kind,
                    band=band,
                    low=low,
                    high=high,
                    base=target,
                    rate=rounded(rate, LINE_SCALE),
                    payout=truth - paid[key],
                )
            paid[key] = truth


def _counts(component: Mbo, total: Decimal, fractions: list[Decimal]) -> Decimal:
    """What counts of the weighted sum: nothing, or no less than the least and no more than
    the most."""
    missed = any(
        each.required and fraction <= 0
        for each, fraction in zip(component.objectives, fractions, strict=True)
    )
    if missed or (component.threshold is not None and total < component.threshold):
        return ZERO
    if component.minimum is not None:
        total = max(total, component.minimum)
    if component.maximum is not None:
        total = min(total, component.maximum)
    return total


def _fraction(case: Case, objective: Objective, found: Standing) -> Decimal:
    reached, quota, _, count = found
    measure = case.plan.measures[objective.test.basis.measure]
    if (measure.aggregate != "sum" and not count) or (
        (objective.test.quota or objective.test.per) and quota is None
    ):
        return ZERO
    value = ZERO
    if objective.at_least is not None:
        value = ONE if reached >= _limit(case, objective.at_least, quota) else ZERO
    elif objective.at_most is not None:
        value = ONE if reached <= _limit(case, objective.at_most, quota) else ZERO
    elif objective.points:
        exact = Fraction(rounded(reached, RATIO_DIGITS))
        value = interpolated(objective.points, exact, quota)
    elif quota is not None:
        most = _MOST if objective.maximum is None else objective.maximum
        exact = Fraction(rounded(reached, RATIO_DIGITS))
        if exact > 0:
            full = exact >= Fraction(quota) * Fraction(most)
            value = most if full else quotient(exact, Fraction(quota), FACTOR_DIGITS)
    else:
        value = min(max(reached, ZERO), _MOST)
    return value if objective.maximum is None else min(value, objective.maximum)


def _limit(case: Case, edge: Decimal, quota: Decimal | None) -> Decimal:
    return edge if quota is None else rounded(quota * edge, case.scale)


def interpolated(points: Sequence[Band], reached: Fraction, quota: Decimal | None) -> Decimal:
    """On a straight line between points; nothing below the first, no more above the last."""
    unit = Fraction(1) if quota is None else Fraction(quota)
    if reached >= Fraction(points[-1].threshold) * unit:
        return points[-1].value
    for low, high in reversed(list(pairwise(points))):
        edge = Fraction(low.threshold) * unit
        if reached >= edge:
            width = Fraction(high.threshold) * unit - edge
            rise = Fraction(high.value - low.value)
            return low.value + quotient((reached - edge) * rise, width, FACTOR_DIGITS)
    return ZERO
