"""Sentences for objectives, profit pools, contests and rewards."""

from __future__ import annotations

from decimal import Decimal

from dealwright.compensation.plans.definition import (
    Blocks,
    Contest,
    Mbo,
    Objective,
    Plan,
    ProfitPool,
    Rated,
    Reward,
)
from dealwright.compensation.plans.lookup_tables import LookupTable
from dealwright.compensation.plans.wording import (
    all_of,
    any_of,
    basis_text,
    money,
    over,
    percent,
    plain,
    prize_text,
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
    window = {"period": f"each {plan.period_word}", "plan": "the plan"}.get(
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


def contest_sentence(plan: Plan, component: Contest) -> str:
    """Who competes for what, when it is decided, and what equal scores mean."""
    who = {"": "payees", "manager": "the teams of managers"}.get(
        component.group, f"teams by “{words(component.group)}”"
    )
    by = {
        "sum": basis_text(plan, component.basis),
        "average": f"the average of {basis_text(plan, component.basis)}",
        "count": f"the number of credits for {basis_text(plan, component.basis)}",
    }[component.rank_by]
    if component.quota:
        by = f"attainment of the quota “{words(component.quota)}” with {by}"
    when = "" if component.cumulate == "plan" else f" {over(plan, component.cumulate)}"
    prizes = ", ".join(
        f"{prize_text(plan, component, prize)} for place {place}"
        for place, prize in enumerate(component.prizes, 1)
    )
    ties = {
        "share": "share the prizes of their places",
        "all": "each get the prize of their place",
        "earliest": "are ordered by who had the score complete first",
    }[component.ties]
    text = f"Contest: {who} compete by {by.rstrip(',')}{when}, the {component.best} first. "
    if component.minimum is not None:
        least = (percent if component.quota else plain)(component.minimum)
        text += f"To have a place, {least} is needed. "
    text += f"Prizes: {prizes}. Those with equal scores {ties}."
    if component.group:
        text += {
            "share": " The members of a team on the last day share its prize.",
            "each": " Each member of a team on the last day gets its prize in full.",
            "manager": " The manager of the team gets its prize.",
        }[component.pays]
    if component.budget is not None:
        text += (
            f" All prizes together are at most {prize_text(plan, component, component.budget)}; "
            "above that all are cut in proportion."
        )
    return text


def reward_sentence(plan: Plan, component: Rated | Blocks) -> str:
    """What is given for deals or for full amounts."""
    counted = basis_text(plan, component.basis)
    if isinstance(component, Blocks):
        alone = component.cumulate == "transaction"
        over_what = "" if alone else f" {over(plan, component.cumulate)}"
        return (
            f"{prize_text(plan, component, component.quantity)} for each full "
            f"{plain(component.each)} of {counted}{over_what}."
        )
    if component.price is not None:
        return f"{prize_text(plan, component, component.price)} for each {counted}."
    assert component.amount is not None and component.reward is not None
    return f"For {counted}, the number of {component.reward.unit} is {component.amount.english}."


def taxable_sentence(plan: Plan, reward: Reward) -> str:
    """That a reward is no pay, and its taxable value."""
    if not reward.value:
        return f" These {reward.unit} are no pay."
    value = money(plan, reward.value)
    return f" These {reward.unit} are no pay; each has a taxable value of {value}."


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

    if test.per:
        what += f" per “{words(test.per)}”"

    def edge(value: Decimal) -> str:
        return f"{percent(value)}{quota}" if test.quota or test.per else plain(value)

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


def table_sentence(table: LookupTable) -> str:
    """The rows of a table, version by version."""
    by = " and ".join(words(name.removeprefix("payee.")) for name in table.by)
    show = percent if table.is_small else plain
    parts = []
    for version in table.versions:
        since = f"From {version.starts:%-d %B %Y}, by" if version.starts else "By"
        rows = ", ".join(
            f"{show(value)} for “{'”, “'.join(key)}”" for key, value in version.rows.items()
        )
        rest = "" if version.otherwise is None else f", otherwise {show(version.otherwise)}"
        parts.append(f"{since} {by}: {rows}{rest}.")
    return " ".join(parts)
