"""Results as plain rows: what the command line prints and the API answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from dealwright.compensation.engine.explain import explain_line, why_nothing
from dealwright.compensation.engine.lines import Credit, Line, taxable_value
from dealwright.compensation.engine.results import Result
from dealwright.compensation.engine.sql import NO_LIMIT
from dealwright.compensation.plans.definition import Component, Earning, Plan
from dealwright.compensation.plans.english import clause_of

_SKIPPED = ("component", "payee", "period")


def component_rows(result: Result, present: set[tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """One row per payee, period and component, with its lines.

    ``present`` are the (payee, period) pairs on the plan: their earning components appear
    with 0 and the reason where nothing is paid.
    """
    lines: dict[tuple[str, int, str], list[Line]] = defaultdict(list)
    for line in result.lines:
        lines[line.payee, line.period, line.component].append(line)
    keys = set(lines)
    keys |= {
        (payee, period, each.id)
        for payee, period in present
        for each in result.plan.components
        if isinstance(each, Earning)
    }
    labels = {each.number: each.label for each in result.periods}
    plan = result.plan
    for payee, period, name in sorted(
        keys, key=lambda key: (key[0], key[1], plan.position(key[2]), key[2])
    ):
        own = lines[payee, period, name]
        amount = sum((line.payout for line in own), Decimal(0))
        component = plan.component(name)
        row: dict[str, Any] = {
            "payee": payee,
            "period": labels.get(period, str(period)),
            "component": name,
            "kind": component.kind if component else "",
            "amount": text_of(plan, amount),
            "currency": plan.currency,
            **reward_columns(plan, component, own),
            "lines": [line_row(plan, line) for line in own],
        }
        if amount == 0 and component is not None:
            row["why"] = why_nothing(result, component, payee, period)
        yield row


def reward_columns(
    plan: Plan, component: Component | None, lines: Sequence[Line]
) -> dict[str, Any]:
    """For a reward: its number and unit in place of money, and what it is worth for tax."""
    if component is None or component.reward is None:
        return {}
    taxable = sum((taxable_value(plan, line.component, line.payout) for line in lines), Decimal(0))
    return {
        "amount": number_text(sum((line.payout for line in lines), Decimal(0))),
        "currency": component.reward.unit,
        "taxable_value": text_of(plan, taxable),
        "taxable_currency": plan.currency,
    }


def line_row(plan: Plan, line: Line) -> dict[str, Any]:
    """A line without what its row says already; what it does not have is left out."""
    row: dict[str, Any] = {}
    for each in fields(line):
        value = getattr(line, each.name)
        if each.name in _SKIPPED or value in (None, ""):
            continue
        if isinstance(value, Decimal):
            if abs(value) >= NO_LIMIT:
                continue
            paid = each.name == "payout" and line.component not in plan.rewards
            value = text_of(plan, value) if paid else number_text(value)
        row[each.name] = value
    row["explanation"] = explain_line(plan, line)
    return row


def credit_row(credit: Credit) -> dict[str, Any]:
    row = {
        each.name: getattr(credit, each.name)
        for each in fields(credit)
        if each.name not in ("payee", "period") and getattr(credit, each.name) not in (None, "")
    }
    return {
        name: number_text(value) if isinstance(value, Decimal) else value
        for name, value in row.items()
    }


def chain_of(result: Result, payee: str, period: int, component: str) -> dict[str, Any]:
    """Everything under one number: its lines, their credits, and the clause of the plan."""
    own = [
        line
        for line in result.lines
        if (line.payee, line.period, line.component) == (payee, period, component)
    ]
    events = {line.event for line in own if line.event}
    clause = clause_of(result.plan, component)
    found = result.plan.component(component)
    total = sum((line.payout for line in own), Decimal(0))
    chain: dict[str, Any] = {
        "payee": payee,
        "period": result.period(period).label,
        "component": component,
        "amount": text_of(result.plan, total),
        "currency": result.plan.currency,
        **reward_columns(result.plan, found, own),
        "clause": {"number": clause.number, "line": clause.line, "text": clause.text}
        if clause
        else None,
        "lines": [line_row(result.plan, line) for line in own],
        "credits": [
            credit_row(each)
            for each in result.credits
            if each.payee == payee
            and (each.event in events or (each.period == period and not events))
        ],
    }
    if total == 0 and found is not None:
        chain["why"] = why_nothing(result, found, payee, period)
    return chain


def text_of(plan: Plan, amount: Decimal) -> str:
    """An amount with the decimals of the plan's rounding, more where it has more."""
    fixed = amount.quantize(Decimal(1).scaleb(-plan.rounding.scale))
    return f"{fixed:f}" if fixed == amount else number_text(amount)


def number_text(value: Decimal) -> str:
    """A number without trailing zeros or exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
