"""Why a number is what it is: each line in a sentence, and why nothing is paid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from dealwright.compensation.engine.lines import Line
from dealwright.compensation.engine.results import Result
from dealwright.compensation.engine.sql import NO_LIMIT
from dealwright.compensation.plans.definition import (
    Blocks,
    Component,
    Contest,
    Curve,
    Fixed,
    Matrix,
    Mbo,
    Milestones,
    Plan,
    ProfitPool,
    Rated,
    Tiered,
)
from dealwright.compensation.plans.wording import money, percent, plain

LINE_TITLES: Mapping[str, str] = {
    "fixed": "Fixed",
    "rate": "Rate",
    "unit": "Per unit",
    "formula": "Formula",
    "budget": "Budget used up",
    "band": "Band",
    "target": "Target",
    "uplift": "Higher band reached later",
    "milestone": "Milestone",
    "curve": "Curve",
    "cell": "Matrix",
    "objective": "Objective",
    "limit": "Limits of the objectives",
    "pool": "Part of the pool",
    "prize": "Prize",
    "blocks": "For each full amount",
    "rounding": "Rounding",
    "gate": "Gate not reached",
    "multiplier": "Multiplier",
    "floor": "Minimum",
    "cap": "Cap",
    "withheld": "Withheld above the cap",
    "released": "Released under the cap",
    "hold": "Held back",
    "release": "Released on payment",
    "clawback": "Clawback",
    "owed": "Owed from clawbacks",
    "repaid": "Clawback taken later",
    "draw": "Draw",
    "recovery": "Draw recovered",
    "forgiven": "Draw forgiven",
}


def explain_line(plan: Plan, line: Line) -> str:
    """The sentence that recomputes the line's payout."""
    base = line.base if line.base is not None else Decimal(0)
    rate = line.rate if line.rate is not None else Decimal(0)
    component = plan.component(line.component)
    reward = component.reward if component is not None else None

    def given(value: Decimal) -> str:
        return money(plan, value) if reward is None else f"{plain(value)} {reward.unit}"

    paid = given(line.payout)
    match line.kind:
        case "fixed":
            return f"{paid} for {plain(base)} days."
        case "rate":
            return f"{percent(rate)} of {money(plan, base)} is {paid}."
        case "unit":
            return f"{plain(base)} × {given(rate)} is {paid}."
        case "formula":
            return f"The formula on {money(plan, base)} gives {paid}."
        case "budget":
            most = money(plan, line.high or Decimal(0))
            return f"The budget of {most} is used up: {paid}."
        case "band":
            return f"{money(plan, base)} {_in_band(plan, line)} at {percent(rate)} is {paid}."
        case "target":
            return f"{money(plan, base)} {_in_band(plan, line)}, times {plain(rate)}: {paid}."
        case "uplift":
            return f"The rate of {money(plan, base)} rises or falls to {percent(rate)}: {paid}."
        case "milestone":
            verb = "reaches" if line.payout >= 0 else "falls below"
            return f"{plain(base)} {verb} {plain(line.low or Decimal(0))}: {paid}."
        case "curve":
            return (
                f"{money(plan, base)} gives the factor {plain(rate)}, less what was paid: {paid}."
            )
        case "cell":
            return f"{percent(rate)} of {money(plan, base)}, less what was paid: {paid}."
        case "objective":
            return _objective(plan, line)
        case "pool":
            whole = plain(line.low or Decimal(0))
            pool = money(plan, line.high or Decimal(0))
            return f"{plain(base)} of {whole} of the pool of {pool} is {paid}."
        case "prize":
            return _prize(line, given)
        case "blocks":
            each = plain(line.high or Decimal(0))
            return f"{given(rate)} for each full {each} of {plain(base)} is {paid}."
        case "limit":
            return (
                f"All objectives together count {percent(rate)} of {money(plan, base)}, less what "
                f"was paid: {paid}."
            )
        case "rounding":
            return f"Rounded to whole units: {paid}."
        case "gate":
            return f"The gate is not reached: {percent(rate)} of {given(base)} stays."
        case "multiplier":
            return f"{given(base)} × {plain(rate)}: {paid} more."
        case "floor":
            least = money(plan, line.low or Decimal(0))
            return f"{money(plan, base)} is raised to {least}."
        case "cap":
            return f"{money(plan, base)} meets the cap of {money(plan, line.high or Decimal(0))}."
        case "withheld" | "released":
            return f"{paid}; {money(plan, line.balance or Decimal(0))} waits."
        case "hold":
            return f"{percent(rate)} of {money(plan, base)} is held back until payment."
        case "release":
            return f"A payment of {money(plan, base)} releases {paid}."
        case "clawback":
            return f"{percent(rate)} of {money(plan, base)} is taken back: {paid}."
        case "owed" | "repaid":
            rest = money(plan, line.balance or Decimal(0))
            if line.kind == "owed":
                start = f"{paid} more than {percent(rate)} of the pay of {money(plan, base)}"
                return f"{start} would be taken back; {rest} stays owed."
            return f"{money(plan, -line.payout)} of what is owed is taken; {rest} stays owed."
        case "draw":
            return f"{money(plan, base)} is topped up to {money(plan, line.high or Decimal(0))}."
        case "recovery":
            open_ = money(plan, line.balance or Decimal(0))
            return f"{money(plan, -line.payout)} of the draw is taken back; {open_} stays open."
        case "forgiven":
            return f"The open draw of {money(plan, base)} is forgiven."
        case _:
            return f"{LINE_TITLES.get(line.kind, line.kind)}: {paid}."


def _objective(plan: Plan, line: Line) -> str:
    component = plan.component(line.component)
    rate, base = line.rate or Decimal(0), line.base or Decimal(0)
    name, weight = "The objective", Decimal(0)
    if isinstance(component, Mbo) and line.band and line.band <= len(component.objectives):
        objective = component.objectives[line.band - 1]
        name, weight = f"“{objective.label}”", objective.weight
    return (
        f"{name} stands at {plain(line.low or Decimal(0))} and counts {percent(rate)}, with "
        f"{percent(weight)} of {money(plan, base)}, less what was paid: {money(plan, line.payout)}."
    )


def _prize(line: Line, given: Callable[[Decimal], str]) -> str:
    score, prize = plain(line.base or Decimal(0)), given(line.high or Decimal(0))
    who = f" for “{line.role}”" if line.role else ""
    text = f"Place {line.band}{who} with {score} wins {prize}"
    part = "" if line.payout == line.high else f", the part of which is {given(line.payout)}"
    return f"{text}{part}."


def _in_band(plan: Plan, line: Line) -> str:
    low, high = line.low, line.high
    if low is None or high is None:
        return "in no band"
    if high >= NO_LIMIT:
        return f"above {money(plan, max(low, Decimal(0)))}"
    if low <= -NO_LIMIT:
        return f"up to {money(plan, high)}"
    return f"from {money(plan, low)} to {money(plan, high)}"


def why_nothing(result: Result, component: Component, payee: str, period: int) -> str:
    """One sentence for a component that pays a payee nothing in a period."""
    own = [
        each
        for each in result.lines
        if each.payee == payee and each.period == period and each.component == component.id
    ]
    gates = [each for each in own if each.kind == "gate"]
    if gates:
        return "A gate was not reached, so what was earned is not paid."
    if any(each.payout for each in own):
        return "The lines below cancel each other out."
    if component.paid and not any(
        each.period == period and each.span == component.paid and each.paid
        for each in result.closings
    ):
        return f"It is paid when the {component.paid} is over, in the last period of it."
    if isinstance(component, Fixed):
        return f"No {component.amount.name or 'amount'} is set for these days."
    if isinstance(component, Rated | Tiered | Milestones | Curve | Blocks):
        bases = [component.basis]
    elif isinstance(component, Matrix):
        bases = [component.rows.basis, component.columns.basis]
    elif isinstance(component, ProfitPool):
        return _no_pool(result, component, period)
    elif isinstance(component, Contest):
        return _no_prize(result, component, period)
    elif isinstance(component, Mbo):
        if own:
            return "The objectives that are achieved come to nothing in all."
        return "No objective is achieved, or there is no target for this period."
    else:
        return "There was nothing for it to do."
    credits = [
        each
        for each in result.credits
        if each.payee == payee
        and each.period == period
        and any(each.measure == basis.measure and each.rule in basis.rules for basis in bases)
    ]
    names = " or ".join(sorted({f"“{each.measure.split('__')[0]}”" for each in bases}))
    if not credits:
        return f"No event was credited for {names} in this period."
    quota = getattr(component, "quota", "")
    if quota and not result.quota(component.id, payee, period):
        return f"There is no quota “{quota}” above zero for this period."
    if own:
        return "The band or rate that applies is zero."
    below = "What was credited stays below the first threshold"
    condition = getattr(getattr(component, "basis", None), "when", None)
    if condition is None:
        return f"{below}."
    if _pays_from_the_first(component):
        return f"No credit fulfils the condition: {condition.english}."
    return f"{below}, or does not fulfil the condition: {condition.english}."


def _pays_from_the_first(component: Component) -> bool:
    """Whether any credit that counts is paid, however small."""
    if isinstance(component, Tiered):
        return component.bands[0].threshold <= 0
    return isinstance(component, Rated)


def _no_pool(result: Result, pool: ProfitPool, period: int) -> str:
    ends = [each for each in result.closings if each.span == pool.cumulate and each.paid]
    if not any(each.period == period for each in ends):
        return "The pool is divided when its window is over, in the window's last period."
    return "There was nothing to divide, or the payee has no part in it."


def _no_prize(result: Result, contest: Contest, period: int) -> str:
    day = contest.basis.ends
    if contest.cumulate == "plan" and day is not None:
        now = result.period(period)
        if not now.starts <= day <= now.ends:
            return f"The contest is decided on {day:%-d %B %Y}."
    elif not any(
        each.period == period
        for each in result.closings
        if each.span == contest.cumulate and each.paid
    ):
        return "The contest is decided when its window is over, in the window's last period."
    return "The payee does not qualify, or has no place that wins a prize."
