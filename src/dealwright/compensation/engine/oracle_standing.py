"""The reference's standings: what measures have reached, of quotas and in windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from dealwright.compensation.engine.lines import Attainment
from dealwright.compensation.engine.oracle import ZERO, Case, Counted, Presence, quotient, rounded
from dealwright.compensation.engine.sql import RATIO_DIGITS
from dealwright.compensation.plans.definition import (
    Amount,
    Basis,
    Component,
    Curve,
    Lookup,
    Matrix,
    Mbo,
    Milestones,
    Tiered,
)

Standing = tuple[Decimal, Decimal | None, int, int]  # reached, quota, step, count of credits


def standing(case: Case, component: Component, lookup: Lookup) -> dict[tuple[str, int], Standing]:
    """(payee, period) -> what a measure has reached in the window, its quota, the step."""
    credits = case.basis(component, lookup.basis)
    divisors = case.basis(component, lookup.bases[-1]) if lookup.per else []
    aggregate = case.plan.measures[lookup.basis.measure].aggregate
    found = {}
    for presence in case.grid:
        own = _so_far(case, credits, presence, lookup.cumulate)
        amounts = [each.amount for each in own]
        if aggregate == "sum":
            reached = sum(amounts, ZERO)
        elif aggregate == "average":
            exact = sum((rounded(each, RATIO_DIGITS) for each in amounts), ZERO)
            reached = quotient(exact, Decimal(len(amounts)), RATIO_DIGITS)
        else:
            reached = max(own, key=lambda each: each.order).amount if own else ZERO
        quota, step = None, 0
        if lookup.quota:
            quota = case.quota(lookup.quota, lookup.cumulate, presence.payee, presence.period)
        if lookup.per:
            sums = (each.amount for each in _so_far(case, divisors, presence, lookup.cumulate))
            quota = sum(sums, ZERO)
            quota = quota if quota > 0 or lookup.at_most else None
        is_known = bool(own) or aggregate == "sum" or not lookup.at_most
        if is_known and (not (lookup.quota or lookup.per) or quota is not None):
            for threshold in lookup.thresholds:
                edge = rounded(quota * threshold, case.scale) if quota is not None else threshold
                step += reached <= edge if lookup.at_most else reached >= edge
        found[presence.payee, presence.period.number] = (reached, quota, step, len(own))
    return found


def _so_far(
    case: Case, credits: Iterable[Counted], presence: Presence, cumulate: str
) -> list[Counted]:
    """The credits of a payee in the window of a period, up to that period."""
    window = case.window(cumulate, presence.period)
    return [
        each
        for each in credits
        if each.payee == presence.payee
        and case.window(cumulate, each.period) == window
        and each.period.number <= presence.period.number
    ]


def attainments(case: Case) -> Iterator[Attainment]:
    """What payees have reached of each component's quota, period by period."""
    for each in case.plan.earnings:
        if isinstance(each, Tiered | Milestones | Curve) and each.quota:
            yield from _attainment(case, each, each.id, each.basis, each.cumulate, each.quota)
        elif isinstance(each, Matrix):
            for name, lookup in (("rows", each.rows), ("columns", each.columns)):
                if lookup.quota:
                    yield from _attainment(
                        case,
                        each,
                        f"{each.id}.{name}",
                        lookup.basis,
                        lookup.cumulate,
                        lookup.quota,
                    )
        elif isinstance(each, Mbo):
            for place, objective in enumerate(each.objectives, 1):
                test = objective.test
                if test.quota:
                    name = f"{each.id}.{place}"
                    yield from _attainment(case, each, name, test.basis, test.cumulate, test.quota)


def _attainment(
    case: Case, component: Component, name: str, basis: Basis, cumulate: str, quota: str
) -> Iterator[Attainment]:
    credits = case.basis(component, basis)
    for presence in case.grid:
        value = case.value(Amount(name=quota), cumulate, presence.payee, presence.period)
        if value is None:
            continue
        own = _so_far(case, credits, presence, cumulate)
        reached = sum((each.amount for each in own), ZERO)
        yield Attainment(
            component=name,
            payee=presence.payee,
            period=presence.period.number,
            reached=reached,
            quota=value,
        )
