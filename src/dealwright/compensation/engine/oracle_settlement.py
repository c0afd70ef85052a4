"""The reference's settlement: holdbacks, clawbacks, draws."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dealwright.compensation.engine.lines import DEAL_KINDS, Line
from dealwright.compensation.engine.oracle import ZERO, Case, quotient, rounded
from dealwright.compensation.engine.oracle_modifiers import (
    Totals,
    is_for,
    modify,
    per_payee,
    totals_of,
)
from dealwright.compensation.plans.definition import (
    Clawback,
    Draw,
    Fixed,
    Holdback,
)


def settle(case: Case, lines: list[Line]) -> list[Line]:
    """All lines: what was earned, then modifiers, holdbacks, clawbacks and draws."""
    if not case.plan.rounding.line:
        lines = [*lines, *_rounding(case, lines)]
    for modifier in case.plan.modifiers:
        lines = [*lines, *modify(case, modifier, lines)]
    earned = lines
    holds: list[Line] = []
    for each in case.plan.settlements:
        match each:
            case Holdback():
                made = list(_holdback(case, each, earned))
                holds += made
            case Clawback():
                made = list(_clawback(case, each, earned, holds))
                if each.recover_share is not None:
                    made += _recovered(case, each, lines, made)
            case Draw():
                made = list(_draw(case, each, lines))
        lines = [*lines, *made]
    return lines


def _rounding(case: Case, lines: Sequence[Line]) -> Iterator[Line]:
    for (component, payee, period), amount in totals_of(lines).items():
        difference = rounded(amount, case.scale) - amount
        if difference and component not in case.plan.rewards:
            yield Line(
                component=component, payee=payee, period=period, kind="rounding", payout=difference
            )


def _holdback(case: Case, holdback: Holdback, earned: Sequence[Line]) -> Iterator[Line]:
    deals: dict[tuple[str, int, str], Decimal] = defaultdict(Decimal)
    for each in earned:
        if each.component in holdback.on and each.event:
            deals[each.payee, each.period, each.event] += each.payout
    held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (payee, period, event), amount in deals.items():
        if not is_for(case, holdback, payee, period):
            continue
        kept = rounded(amount * holdback.share, case.scale)
        held[payee, event] += kept
        if kept:
            yield Line(
                component=holdback.id,
                payee=payee,
                period=period,
                kind="hold",
                event=event,
                base=amount,
                rate=holdback.share,
                payout=-kept,
            )
    payments = sorted(
        (each for each in case.events.values() if each["kind"] in holdback.release),
        key=lambda each: (each["date"], each["event_id"]),
    )
    for (payee, event), kept in held.items():
        deal = rounded(abs(case.events[event]["amount"]), case.scale)
        paid = released = ZERO
        for payment in payments:
            if payment["reference"] != event or payment["period"] is None:
                continue
            paid += payment["amount"]
            part = rounded(max(min(paid, abs(case.events[event]["amount"])), ZERO), case.scale)
            until_now = quotient(Fraction(kept) * Fraction(part), Fraction(deal), case.scale)
            if until_now != released:
                yield Line(
                    component=holdback.id,
                    payee=payee,
                    period=payment["period"].number,
                    kind="release",
                    event=event,
                    cause=payment["event_id"],
                    base=payment["amount"],
                    high=abs(case.events[event]["amount"]),
                    payout=until_now - released,
                )
            released = until_now


def _clawback(
    case: Case, clawback: Clawback, earned: Sequence[Line], holds: Sequence[Line]
) -> Iterator[Line]:
    deals = _deals(case, clawback, earned)
    triggers = case.inputs.rows(
        "SELECT event_id, kind, date, reference, amount, deal_amount, months FROM trigger "
        "ORDER BY date, event_id"
    )
    taken: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for cause, kind, day, event, amount, deal_amount, months in triggers:
        period = case.events[cause]["period"]
        if kind not in clawback.trigger or period is None:
            continue
        for (payee, deal), (full, paid) in sorted(deals.items()):
            if deal != event or full <= 0 or not is_for(case, clawback, payee, period.number):
                continue
            rate, asked = _asked(case, clawback, full, months)
            if clawback.by_amount:
                part = rounded(min(amount, deal_amount), case.scale)
                asked = quotient(
                    Fraction(asked) * Fraction(part),
                    Fraction(rounded(deal_amount, case.scale)),
                    case.scale,
                )
            most = full
            if clawback.limit == "paid":
                most = paid + sum(
                    (
                        each.payout
                        for each in holds
                        if each.event == event
                        and each.payee == payee
                        and (not each.cause or case.events[each.cause]["date"] <= day)
                    ),
                    ZERO,
                )
            most = max(most, ZERO)
            before = taken[payee, event]
            after = min(before + asked, most)
            taken[payee, event] = after
            if after != before:
                yield Line(
                    component=clawback.id,
                    payee=payee,
                    period=period.number,
                    kind="clawback",
                    event=event,
                    cause=cause,
                    high=most,
                    base=full,
                    rate=rate,
                    payout=before - after,
                )


def _recovered(
    case: Case, clawback: Clawback, lines: Sequence[Line], taken: Sequence[Line]
) -> list[Line]:
    """What a period's pay cannot cover stays owed, and later pay covers it."""
    assert clawback.recover_share is not None
    apart = {each.id for each in case.plan.components if isinstance(each, Fixed)}
    apart |= set(case.plan.rewards)
    pay: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    asked: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for each in lines:
        if each.component not in apart:
            pay[each.payee, each.period] += each.payout
    for each in taken:
        asked[each.payee, each.period] -= each.payout
    owed: dict[str, Decimal] = defaultdict(Decimal)
    found = []
    rows = {(each.payee, each.period.number) for each in case.grid} | set(asked)
    for payee, period in sorted(rows):
        earned = max(pay[payee, period], ZERO)
        allowed = rounded(earned * clawback.recover_share, case.scale)
        before = owed[payee]
        after = max(before + asked[payee, period] - allowed, ZERO)
        owed[payee] = after
        if after != before:
            found.append(
                Line(
                    component=clawback.id,
                    payee=payee,
                    period=period,
                    kind="owed" if after > before else "repaid",
                    high=allowed,
                    base=earned,
                    rate=clawback.recover_share,
                    payout=after - before,
                    balance=after,
                )
            )
    return found


def _deals(
    case: Case, clawback: Clawback, earned: Sequence[Line]
) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """(payee, deal) -> what it earned, and what was paid after gates and caps of its period."""
    own: dict[tuple[str, str, int, str], Decimal] = defaultdict(Decimal)
    base: Totals = defaultdict(Decimal)
    final: Totals = defaultdict(Decimal)
    for each in earned:
        if each.component not in clawback.on:
            continue
        key = (each.component, each.payee, each.period)
        final[key] += each.payout
        if each.event and each.kind in DEAL_KINDS:
            base[key] += each.payout
            own[each.payee, each.component, each.period, each.event] += each.payout
    deals: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}

    def add(payee: str, event: str, amount: Decimal, paid: Decimal) -> None:
        full, really = deals.get((payee, event), (ZERO, ZERO))
        deals[payee, event] = (full + amount, really + paid)

    for (payee, component, period, event), amount in own.items():
        key = (component, payee, period)
        paid = amount
        if base[key] > 0 and final[key] < base[key]:
            left = rounded(max(final[key], ZERO), case.scale)
            exact = Fraction(rounded(amount, case.scale)) * Fraction(left)
            paid = quotient(exact, Fraction(rounded(base[key], case.scale)), case.scale)
        add(payee, event, amount, paid)
    for payee, component, event, amount in case.inputs.rows(
        "SELECT payee, component, event_id, payout FROM input_prior"
    ):
        if component in clawback.on:
            add(payee, event, amount, amount)
    return deals


def _asked(case: Case, clawback: Clawback, full: Decimal, months: int) -> tuple[Decimal, Decimal]:
    """The fraction of the schedule, and what it asks for."""
    if clawback.months:
        left = Fraction(max(clawback.months - months, 0))
        rate = quotient(left, Fraction(clawback.months), 6)
        exact = Fraction(rounded(full, case.scale)) * left
        return rate, quotient(exact, Fraction(clawback.months), case.scale)
    rate = next((share for until, share in clawback.schedule if months < until), ZERO)
    return rate, rounded(full * rate, case.scale)


def _draw(case: Case, draw: Draw, lines: Sequence[Line]) -> Iterator[Line]:
    earned = per_payee(lines, draw.on)
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for presence in case.grid:
        place = presence.period.number - presence.first_period
        during = draw.periods == 0 or place < draw.periods
        if not case.is_for(draw, presence) or (draw.at_end == "forgive" and not during):
            continue
        limit = ZERO
        if during:
            limit = case.value(draw.amount, "period", presence.payee, presence.period) or ZERO
        amount = earned.get((presence.payee, presence.period.number), ZERO)
        top = max(limit - amount, ZERO) if during else ZERO
        before = owed[presence.payee]
        balance = before + top
        taken = ZERO
        if draw.recoverable and place + 1 >= draw.recover_from:
            excess = rounded(max(amount - limit, ZERO) * draw.recover_share, case.scale)
            taken = min(excess, balance)
            balance -= taken
        if not draw.recoverable:
            balance = ZERO
        owed[presence.payee] = balance
        shared: dict[str, Any] = {
            "component": draw.id,
            "payee": presence.payee,
            "period": presence.period.number,
        }
        if top > 0:
            yield Line(**shared, kind="draw", base=amount, high=limit, balance=balance, payout=top)
        if taken > 0:
            yield Line(
                **shared, kind="recovery", base=amount, high=limit, balance=balance, payout=-taken
            )
        ended = place == draw.periods - 1
        if draw.recoverable and draw.at_end == "forgive" and ended and balance > 0:
            yield Line(
                **shared, kind="forgiven", base=balance, high=limit, balance=ZERO, payout=ZERO
            )
