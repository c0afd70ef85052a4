"""Sentences for objectives, profit pools, contests and rewards."""

from __future__ import annotations

from decimal import Decimal

from dealwright.compensation.plans.definition import Mbo, Objective, Plan, ProfitPool
from dealwright.compensation.plans.wording import (
    all_of,
    any_of,
    basis_text,
    money,
    over,
    percent,
    plain,
    sum_text,
    words,
)


def mbo_sentence(plan: Plan, component: Mbo) -> str:
    """What each objective weighs and when it counts as achieved."""
    parts = [
        f"“{each.label}” weighs {percent(each.weight)} and {_achieved(plan, component, each)}"
        for each in component.objectives
    ]
    text = (
        f"The target of {sum_text(plan, component.target)} {over(plan, component.cumulate)} times "
        f"the weighted sum of these objectives: {'; '.join(parts)}."
    )
    required = [f"“{each.label}”" for each in component.objectives if each.required]
    if required:
        text += f" Nothing is paid where {all_of(required)} comes to nothing."
    if component.threshold is not None:
        text += f" Below {percent(component.threshold)} in all nothing is paid."
    if component.minimum is not None:
        text += f" The sum counts at least {percent(component.minimum)}."
    if component.maximum is not None:
        text += f" The sum counts at most {percent(component.maximum)}."
    return text


def pool_sentence(plan: Plan, component: ProfitPool) -> str:
    """What is divided, when, among whom and by what."""
    window = {"period": f"each {plan.calendar}", "plan": "the plan"}.get(
        component.cumulate, f"each {component.cumulate}"
    )
    if component.amount is not None:
        pool = money(plan, component.amount)
    else:
        measure = f"“{words(component.measure)}”"
        if component.above:
            measure = f"what {measure} exceeds {money(plan, component.above)}"
        pool = f"{percent(component.share)} of {measure} of all events"
    by = {
        "salary": "in proportion to their salary",
        "target": "in proportion to their target pay",
        "days": "in proportion to their days on the plan",
        "equal": "in equal parts",
    }.get(component.by, "")
    if component.basis is not None:
        by = f"in proportion to what they are credited for {basis_text(plan, component.basis)}"
    who = (
        "everybody who was on the plan in it"
        if component.leavers
        else "those who are on the plan on its last day"
    )
    return (
        f"At the end of {window} {pool} is divided among {who}, {by.rstrip(',')}. What rounding "
        "leaves over goes to the largest remainders, so that all parts sum to the pool."
    )


def _achieved(plan: Plan, component: Mbo, objective: Objective) -> str:
    test = objective.test
    measure = plan.measures[test.basis.measure]
    if "__" in measure.id:
        what = f"the latest score of {any_of(measure.kinds)}"
    else:
        what = basis_text(plan, test.basis)
        if measure.aggregate != "sum":
            what = {"average": "the average of ", "last": "the latest "}[measure.aggregate] + what
    window = "" if test.cumulate == component.cumulate else f" {over(plan, test.cumulate)}"
    quota = f" of the quota “{words(test.quota)}”" if test.quota else ""

    def edge(value: Decimal) -> str:
        return f"{percent(value)}{quota}" if test.quota else plain(value)

    if objective.at_least is not None:
        text = f"is achieved when {what}{window} reaches {edge(objective.at_least)}"
    elif objective.at_most is not None:
        text = f"is achieved when {what}{window} is at most {edge(objective.at_most)}"
    elif objective.points:
        points = ", ".join(
            f"{percent(each.value)} at {edge(each.threshold)}" for each in objective.points
        )
        text = f"counts by {what}{window}: {points}, in between on a straight line"
    elif test.quota:
        text = f"counts as far as {what}{window} reaches{quota.replace(' of', '', 1)}"
    else:
        text = f"counts {what}{window}, 1 being all of it"
    if objective.maximum is not None:
        text += f", at most {percent(objective.maximum)}"
    return text
