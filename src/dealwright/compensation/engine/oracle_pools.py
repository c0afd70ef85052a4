"""The reference's profit pools, and how a sum is divided without losing a cent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dealwright.compensation.engine.lines import Line
from dealwright.compensation.engine.oracle import ZERO, Case, Presence, rounded
from dealwright.compensation.engine.periods import Closing
from dealwright.compensation.engine.sql import RATIO_DIGITS
from dealwright.compensation.plans.definition import Amount, ProfitPool


def apportion(pool: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion to weights that sum to the pool (the largest remainders get
    what is left over, equal ones in the order given); nothing where there is no weight."""
    total = sum(weights)
    if total <= 0:
        return [0] * len(weights)
    parts = [pool * weight // total for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda place: (-(pool * weights[place] % total), place)
    )
    for place in by_remainder[: pool - sum(parts)]:
        parts[place] += 1
    return parts


def whole(value: Decimal, digits: int) -> int:
    """An amount as a whole number of its last decimal."""
    return int(rounded(value, digits).scaleb(digits))


def pool_lines(case: Case, component: ProfitPool) -> Iterator[Line]:
    for closing in case.inputs.closings:
        if closing.span != component.cumulate or not closing.paid:
            continue
        pool = _pool(case, component, closing)
        shares = sorted(_weights(case, component, closing))
        total = sum(weight for _, weight in shares)
        digits = _digits(case, component)
        parts = apportion(whole(pool, case.scale), [weight for _, weight in shares])
        for (payee, weight), part in zip(shares, parts, strict=True):
            if part:
                yield Line(
                    component=component.id,
                    payee=payee,
                    period=closing.period,
                    kind="pool",
                    low=Decimal(total).scaleb(-digits),
                    high=pool,
                    base=Decimal(weight).scaleb(-digits),
                    payout=Decimal(part).scaleb(-case.scale),
                )


def _digits(case: Case, component: ProfitPool) -> int:
    if component.by in ("salary", "target"):
        return case.scale
    return RATIO_DIGITS if component.by == "credits" else 0


def _pool(case: Case, component: ProfitPool, closing: Closing) -> Decimal:
    if component.amount is not None:
        return component.amount
    measure = case.plan.measures[component.measure]
    total = ZERO
    for event in case.events.values():
        amount = case.eligible(measure, event)
        if amount is None:
            continue
        if case.window(component.cumulate, event["period"]) == closing.number:
            total += amount
    return rounded(max(total - component.above, ZERO) * component.share, case.scale)


def _weights(case: Case, component: ProfitPool, closing: Closing) -> Iterator[tuple[str, int]]:
    credits = case.basis(component, component.basis) if component.basis is not None else []
    for payee, presences in members(case, component.cumulate, closing).items():
        last = presences[-1]
        if not case.is_for(component, last):
            continue
        if not component.leavers and case.person_on(payee, closing.day) is None:
            continue
        match component.by:
            case "equal":
                weight = 1
            case "days":
                weight = sum(each.days for each in presences)
            case "credits":
                own = sum(
                    (
                        each.amount
                        for each in credits
                        if each.payee == payee
                        and case.window(component.cumulate, each.period) == closing.number
                    ),
                    ZERO,
                )
                weight = whole(max(own, ZERO), RATIO_DIGITS)
            case by:
                value = case.value(Amount(name=by), component.cumulate, payee, last.period)
                weight = whole(value or ZERO, case.scale)
        yield payee, weight


def members(case: Case, cumulate: str, closing: Closing) -> dict[str, list[Presence]]:
    """Everybody who was on the plan in a window, period by period."""
    found: dict[str, list[Presence]] = {}
    for presence in case.grid:
        if case.window(cumulate, presence.period) == closing.number:
            found.setdefault(presence.payee, []).append(presence)
    return found
