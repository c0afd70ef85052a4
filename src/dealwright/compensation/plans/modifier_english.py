"""Sentences about gates, multipliers, floors and caps."""

from __future__ import annotations

from dealwright.compensation.plans.definition import (
    Cap,
    Floor,
    Gate,
    Lookup,
    Modifier,
    Multiplier,
    Plan,
)
from dealwright.compensation.plans.wording import (
    basis_text,
    names_of,
    over,
    percent,
    plain,
    step_text,
    sum_text,
    words,
)


def modifier_sentence(plan: Plan, component: Modifier) -> str:
    """What a modifier does to the components that it acts on."""
    match component:
        case Gate():
            return _gate(plan, component)
        case Multiplier():
            return _multiplier(plan, component)
        case Floor():
            return _floor(plan, component)
        case Cap():
            return _cap(plan, component)


def measured(plan: Plan, test: Lookup) -> str:
    """What is looked at: a measure, or a measure per another."""
    per = f" per “{words(test.per)}”" if test.per else ""
    return f"{basis_text(plan, test.basis)}{per} {over(plan, test.cumulate)}"


def _gate(plan: Plan, gate: Gate) -> str:
    kept = (
        "nothing of it is paid"
        if gate.otherwise == 0
        else f"only {percent(gate.otherwise)} of it is paid"
    )
    tests = " or ".join(_test(plan, each) for each in gate.tests)
    return f"{names_of(plan, gate.on)} is paid in full only if {tests}; otherwise {kept}."


def _test(plan: Plan, test: Lookup) -> str:
    verb = "is at most" if test.at_most else "reaches"
    return f"{measured(plan, test)} {verb} {step_text(plan, test, 0)}"


def _multiplier(plan: Plan, multiplier: Multiplier) -> str:
    if multiplier.test is None:
        assert multiplier.factor is not None
        return f"{names_of(plan, multiplier.on)} is multiplied by {plain(multiplier.factor)}."
    word = "at" if multiplier.is_curve else "from"
    steps = ", ".join(
        f"{plain(factor)} {word} {step_text(plan, multiplier.test, place)}"
        for place, factor in enumerate(multiplier.factors)
    )
    if multiplier.is_curve:
        steps += (
            ", in between on a straight line; nothing below the first point, no more above the last"
        )
    return (
        f"{names_of(plan, multiplier.on)} is multiplied by a factor that hangs on "
        f"{measured(plan, multiplier.test)}: {steps}."
    )


def _floor(plan: Plan, floor: Floor) -> str:
    what = plan.period_word if floor.per == "period" else floor.per
    when = "" if floor.per in ("deal", "period") else f" with the last {plan.period_word} of it"
    return (
        f"For each {what}, {names_of(plan, floor.on)} pays at least "
        f"{sum_text(plan, floor.amount)}; what is missing is added{when}."
    )


def _cap(plan: Plan, cap: Cap) -> str:
    windows = {"deal": "deal", "period": plan.period_word}
    what = "the whole plan" if cap.per == "plan" else f"each {windows.get(cap.per, cap.per)}"
    rest = (
        f"What is above waits and is paid in a later {plan.period_word} that has room for it."
        if cap.excess == "withhold"
        else "What is above is not paid."
    )
    return f"For {what}, {names_of(plan, cap.on)} pays at most {sum_text(plan, cap.amount)}. {rest}"
