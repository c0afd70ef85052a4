"""The reference's contests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dealwright.compensation.engine.lines import Line
from dealwright.compensation.engine.names import payee_columns
from dealwright.compensation.engine.oracle import ZERO, Case, Counted, quotient, rounded
from dealwright.compensation.engine.oracle_pools import apportion, whole
from dealwright.compensation.engine.sql import LINE_SCALE, RATIO_DIGITS
from dealwright.compensation.plans.definition import REPORTING, Contest
from dealwright.compensation.plans.expressions import evaluate


@dataclass(slots=True)
class Contestant:
    who: str
    score: Decimal
    complete: tuple[date, str]
    place: int = 0
    pot: int = 0
    won: int = 0


@dataclass(slots=True)
class Winner:
    payee: str
    contestant: Contestant
    units: int


def contest_lines(case: Case, component: Contest) -> Iterator[Line]:
    scale = 0 if component.reward is not None else case.scale
    for number, period, day in _ended(case, component):
        ranked = _ranked(case, component, number, day)
        _award(component, ranked, scale)
        winners = [
            winner
            for contestant in ranked
            if contestant.pot or contestant.place <= len(component.prizes)
            for winner in _winners(case, component, contestant, day)
        ]
        if component.budget is not None:
            winners.sort(key=lambda each: (each.contestant.place, each.payee, each.contestant.who))
            limit = min(whole(component.budget, scale), sum(each.units for each in winners))
            parts = apportion(limit, [each.units for each in winners])
            for winner, part in zip(winners, parts, strict=True):
                winner.units = part
        for winner in winners:
            if not winner.units:
                continue
            own = winner.contestant
            named: dict[str, Any] = {}
            if component.group == "manager" and component.pays != "manager":
                named["via"] = own.who
            elif component.group and component.group != "manager":
                named["role"] = own.who[:80]
            yield Line(
                component=component.id,
                payee=winner.payee,
                period=period,
                kind="prize",
                band=own.place,
                high=Decimal(own.pot).scaleb(-scale),
                base=own.score,
                payout=Decimal(winner.units).scaleb(-scale),
                **named,
            )


def _ended(case: Case, component: Contest) -> Iterator[tuple[int, int, date]]:
    """(window, period, last day) of each contest that is over."""
    day = component.basis.ends
    if component.cumulate == "plan" and day is not None:
        if case.plan.until:
            day = min(day, case.plan.until)
        for period in case.inputs.periods:
            if period.starts <= day <= period.ends:
                yield 0, period.number, day
        return
    for closing in case.inputs.closings:
        if closing.span == component.cumulate and closing.paid:
            yield closing.number, closing.period, closing.day


def _ranked(case: Case, component: Contest, number: int, day: date) -> list[Contestant]:
    credits: dict[str, list[Counted]] = defaultdict(list)
    for credit in case.basis(component, component.basis):
        if case.window(component.cumulate, credit.period) != number:
            continue
        for who in _teams(case, component, credit.payee, credit.day):
            credits[who].append(credit)
    found = []
    for who, own in credits.items():
        if not component.group and case.person_on(who, day) is None:
            continue
        score = _score(component, own)
        if component.quota:
            quota = case.named.get((who, component.quota, component.cumulate, number), ZERO)
            if quota <= 0:
                continue
            score = quotient(rounded(score, RATIO_DIGITS), quota, LINE_SCALE)
        if component.minimum is not None:
            if score < component.minimum:
                continue
        elif component.best == "highest" and score <= 0:
            continue
        found.append(Contestant(who, score, max((each.day, each.event) for each in own)))
    sign = -1 if component.best == "highest" else 1
    found.sort(key=lambda each: (sign * each.score, each.complete, each.who))
    for place, each in enumerate(found, 1):
        same = component.ties != "earliest" and place > 1 and found[place - 2].score == each.score
        each.place = found[place - 2].place if same else place
    return found


def _score(component: Contest, own: list[Counted]) -> Decimal:
    if component.rank_by == "count":
        return Decimal(len(own))
    if component.rank_by == "sum":
        return sum((each.amount for each in own), ZERO)
    exact = sum((rounded(each.amount, RATIO_DIGITS) for each in own), ZERO)
    return quotient(exact, Decimal(len(own)), RATIO_DIGITS)


def _teams(case: Case, component: Contest, payee: str, day: date) -> list[str]:
    """For whom a payee scores on a day."""
    if not component.group:
        return [payee]
    if component.group == "manager":
        return [
            manager
            for manager, relation, depth, starts, ends in case.reporting.get(payee, ())
            if relation == REPORTING and depth == 1 and starts <= day <= ends
        ]
    person = case.person_on(payee, day)
    team = person[payee_columns(case.plan)[component.group]] if person else None
    return [team] if team else []


def _award(component: Contest, ranked: list[Contestant], scale: int) -> None:
    prizes = [whole(each, scale) for each in component.prizes]
    by_place: dict[int, list[Contestant]] = defaultdict(list)
    for each in ranked:
        by_place[each.place].append(each)
    for place, tied in by_place.items():
        count = len(tied) if component.ties == "share" else 1
        pot = sum(prizes[place - 1 : place - 1 + count])
        tied.sort(key=lambda each: each.who)
        for order, each in enumerate(tied):
            each.pot = pot
            each.won = pot if count == 1 else pot // count + (order < pot % count)


def _winners(case: Case, component: Contest, contestant: Contestant, day: date) -> Iterator[Winner]:
    payees = sorted(
        payee
        for payee in case.people
        if (person := case.person_on(payee, day)) is not None
        and _gets(case, component, contestant.who, payee, person, day)
    )
    for order, payee in enumerate(payees):
        units = contestant.won
        if component.group and component.pays == "share":
            units = units // len(payees) + (order < units % len(payees))
        yield Winner(payee, contestant, units)


def _gets(
    case: Case, component: Contest, who: str, payee: str, person: dict[str, Any], day: date
) -> bool:
    if not component.group or component.pays == "manager":
        return payee == who
    if who not in _teams(case, component, payee, day):
        return False
    if component.payees is None:
        return True
    return evaluate(component.payees, case.payee_values(person)) is True
