"""The words that sentences about a plan share: amounts, windows, names, lists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from dealwright.compensation.plans.definition import (
    DIRECT,
    REPORTING,
    TEAM,
    Amount,
    Basis,
    Component,
    Lookup,
    Plan,
)


def percent(value: Decimal) -> str:
    """A fraction as a percentage without trailing zeros: 0.055 is 5.5%."""
    return f"{plain(value * 100)}%"


def plain(value: Decimal) -> str:
    """A number with separators and without trailing zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(plan: Plan, value: Decimal) -> str:
    """An amount in the plan's currency: ``1,234.50 EUR``; whole amounts without decimals."""
    digits = plan.rounding.scale
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        return f"{plain(value)} {plan.currency}"
    if value == value.to_integral_value():
        return f"{value:,.0f} {plan.currency}"
    return f"{value:,.{digits}f} {plan.currency}"


def prize_text(plan: Plan, component: Component, value: Decimal) -> str:
    """Money, or a number of what the component gives in its place."""
    if component.reward is None:
        return money(plan, value)
    return f"{plain(value)} {component.reward.unit}"


def basis_text(plan: Plan, basis: Basis) -> str:
    measure = plan.measures[basis.measure]
    if "__" in measure.id:
        text = (
            any_of(measure.kinds)
            if measure.unit == "quantity"
            else f"the {measure.amount.english} of each {any_of(measure.kinds)}"
        )
    else:
        text = f"“{words(measure.id)}”"
    if basis.rules != (DIRECT,):
        sources = {plan.credits[each].source for each in basis.rules}
        if sources == {"rollup"}:
            relations = {plan.credits[each].relation for each in basis.rules}
            of = {REPORTING: "of all reports", TEAM: "of the whole team"}
            texts = [of.get(each, f"of those whose {words(each)} they are") for each in relations]
            text += f" {all_of(sorted(texts))}"
        else:
            text += f" credited by {all_of([words(each) for each in basis.rules])}"
    if basis.starts:
        text += f" from {basis.starts:%-d %B %Y}"
    if basis.ends:
        text += f" to {basis.ends:%-d %B %Y}"
    if basis.when is not None:
        text += f", where {basis.when.english},"
    return text


def over(plan: Plan, cumulate: str) -> str:
    return {
        "period": f"in the {plan.period_word}",
        "quarter": "in the quarter",
        "year": "in the year to date",
        "plan": "since the plan began",
        "transaction": "in a deal",
    }[cumulate]


def sum_text(plan: Plan, amount: Amount) -> str:
    if amount.value is not None:
        return money(plan, amount.value)
    whole = {"salary": "the payee's salary", "target": "the payee's target pay"}.get(
        amount.name, f"the payee's “{words(amount.name)}”"
    )
    return whole if amount.factor == 1 else f"{percent(amount.factor)} of {whole}"


def names_of(plan: Plan, ids: Sequence[str]) -> str:
    found = [plan.component(each) for each in ids]
    return all_of([f"“{each.label}”" for each in found if each is not None]) or "pay"


def step_text(plan: Plan, lookup: Lookup, place: int) -> str:
    value = lookup.thresholds[place]
    if lookup.quota:
        return f"{percent(value)} of quota"
    return percent(value) if lookup.per else plain(value)


def words(name: str) -> str:
    return name.replace("_", " ")


def all_of(parts: Sequence[str]) -> str:
    return _joined(parts, "and")


def any_of(parts: Sequence[str]) -> str:
    return _joined([words(each) for each in parts], "or")


def _joined(parts: Sequence[str], word: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}"
