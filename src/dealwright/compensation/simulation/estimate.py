"""What one deal would pay: pay with it minus pay without, under the plans that hold on its day.

Nothing is kept. The same snapshot, days and compiled plan as a booking would use, so that the
estimate is what the win then pays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import get_visible
from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.compensation.access import payee_ids
from dealwright.compensation.calculation.services import days_to_calculate, needs_everybody
from dealwright.compensation.calculation.snapshot import (
    PossibleEvent,
    add_possible,
    take_snapshot,
)
from dealwright.compensation.engine.explain import LINE_TITLES, explain_line
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.lines import Line, line_hash, sort_key
from dealwright.compensation.engine.periods import PayPeriod
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.scenarios import outcomes, reads_keys
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.english import clause_of
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.simulation.deals import (
    concerned,
    possible_booking,
    with_figures,
    withdrawn_bookings,
)
from dealwright.crm.models import Opportunity

WITHOUT, WITH = 0, 1
MOST_LINES = 40  # shown under one payee; the sum counts all
SMALL_TEAM = 60  # payees up to whom the kept engine serves


@dataclass(frozen=True, slots=True)
class EstimateLine:
    """One line that the deal adds (or, with a negative amount, takes away)."""

    component: str
    label: str
    title: str
    sentence: str
    period: str
    amount: Decimal
    clause: int | None


@dataclass(slots=True)
class EstimateRow:
    """What the deal pays one payee under one plan."""

    payee: User
    plan: CompensationPlan
    version: PlanVersion
    before: Decimal
    after: Decimal
    lines: list[EstimateLine]
    line_count: int
    periods: list[str]

    @property
    def amount(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a deal would pay those whose pay the actor may see; ``event`` is what was assumed.

    ``hidden`` says whether others are paid whom the actor may not see."""

    event: PossibleEvent
    rows: Sequence[EstimateRow]
    hidden: bool

    @property
    def totals(self) -> dict[str, Decimal]:
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows:
            totals[row.plan.currency] += row.amount
        return dict(totals)


def get_open_deal(actor: Actor, opportunity_id: Any) -> Opportunity:
    """An open deal the actor may see. Raises NotFound, or Invalid where it is closed."""
    opportunity: Opportunity = get_visible(actor, "opportunity", opportunity_id)
    if opportunity.status != "open":
        raise Invalid("This deal is closed; what it pays stands on the statements.")
    return opportunity


def estimate_deal(
    actor: Actor,
    opportunity_id: Any,
    *,
    on: date,
    amount: Decimal | None = None,
    margin: Decimal | None = None,
    quantity: Decimal | None = None,
) -> Estimate:
    """What winning an open deal on a day would pay, as far as the actor may see.

    Without figures the deal's own are taken. Raises NotFound for a deal the actor may not see,
    Invalid for a closed one, a wrong figure or a missing exchange rate.
    """
    opportunity = get_open_deal(actor, opportunity_id)
    before = withdrawn_bookings([opportunity])
    possible = possible_booking(opportunity, on, next(iter(before.values()), None))
    return estimate_event(
        actor, with_figures(possible, amount=amount, margin=margin, quantity=quantity)
    )


def estimate_event(actor: Actor, possible: PossibleEvent) -> Estimate:
    """What an event would pay those whose pay the actor may see."""
    if not date(1990, 1, 1) <= possible.date <= date(2190, 12, 31):
        said = "The day must lie between 1990 and 2190."
        raise Invalid(said, fields={"on": [said]})
    everybody = concerned(possible)
    visible = payee_ids(actor)
    payees = everybody if visible is None else everybody & visible
    rows: list[EstimateRow] = []
    if payees:
        for plan, on_it in _plans(payees).items():
            rows += _estimate_plan(plan, on_it, possible)
    rows.sort(key=lambda row: (-row.amount, row.payee.name, row.plan.name))
    return Estimate(possible, rows, len(payees) < len(everybody))


def _plans(payees: frozenset[UUID]) -> dict[CompensationPlan, frozenset[UUID]]:
    found: dict[CompensationPlan, set[UUID]] = defaultdict(set)
    for row in PlanAssignment.objects.filter(
        user_id__in=payees, plan__archived_at__isnull=True
    ).select_related("plan"):
        found[row.plan].add(row.user_id)
    return {plan: frozenset(on_it) for plan, on_it in found.items()}


def _estimate_plan(
    row: CompensationPlan, payees: frozenset[UUID], possible: PossibleEvent
) -> Iterator[EstimateRow]:
    people = User.objects.in_bulk(list(payees))
    found: dict[UUID, EstimateRow] = {}
    for version in row.versions.filter(activated_at__isnull=False).order_by("starts_on"):
        plan = read_plan(version.text)
        first, last = days_to_calculate(row, version, plan, possible.date, None)
        assert version.starts_on is not None
        if last < version.starts_on or first > (version.ends_on or last):
            continue
        last = min(last, version.ends_on or last)
        lines, periods = changed_lines(row, plan, payees, possible, first=first, last=last)
        labels = {each.number: each.label for each in periods if each.ends >= version.starts_on}
        for payee_id, person in people.items():
            own = [(sign, line) for sign, line in lines[str(payee_id)] if line.period in labels]
            held = sum(
                (line.payout for line in lines.held[str(payee_id)] if line.period in labels),
                Decimal(0),
            )
            if not own:
                continue
            added = sum((sign * line.payout for sign, line in own), Decimal(0))
            known = found.get(payee_id)
            if known is None:
                known = found[payee_id] = EstimateRow(
                    person, row, version, Decimal(0), Decimal(0), [], 0, []
                )
            known.before += held
            known.after += held + added
            known.line_count += len(own)
            known.lines += [
                shown_line(plan, sign, line, labels[line.period])
                for sign, line in own[: MOST_LINES - len(known.lines)]
            ]
            known.periods += sorted({labels[line.period] for _, line in own} - set(known.periods))
    yield from found.values()


class ChangedLines(dict[str, list[tuple[int, Line]]]):
    """By payee the lines that an event adds (1) or takes away (-1); ``held`` are those without."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, list[Line]] = defaultdict(list)

    def __missing__(self, payee: str) -> list[tuple[int, Line]]:
        return []


def changed_lines(
    row: CompensationPlan,
    plan: Plan,
    payees: frozenset[UUID],
    possible: PossibleEvent,
    *,
    first: date,
    last: date,
) -> tuple[ChangedLines, Sequence[PayPeriod]]:
    """Which lines of some payees an event changes under a plan, by two scenarios over one
    snapshot: without it and with it."""
    shared = needs_everybody(plan)
    snapshot = take_snapshot(row, plan, None if shared else payees, first=first, last=last)
    add_possible(snapshot, plan, [possible], first)
    small = not shared and len(payees) <= SMALL_TEAM
    inputs = load_rows(plan, snapshot.tables, check_names=False, small=small)
    try:
        prepare_inputs(inputs, first=first, last=last)
        if not inputs.periods:
            return ChangedLines(), ()
        periods = inputs.periods
        scenarios = outcomes(
            inputs,
            {possible.key: [WITH]},
            [WITHOUT, WITH],
            apart=shared or reads_keys(plan),
        )
    finally:
        inputs.close()
    return line_difference(scenarios[WITHOUT].lines, scenarios[WITH].lines), periods


def line_difference(without: Sequence[Line], with_it: Sequence[Line]) -> ChangedLines:
    """What is in one list of lines and not in the other, by payee."""
    changed = ChangedLines()
    held = Counter(line_hash(each) for each in without)
    kept = Counter(line_hash(each) for each in with_it)
    rows: list[tuple[int, Line]] = []
    for sign, lines, there in ((1, with_it, held), (-1, without, kept)):
        left = there.copy()
        for line in sorted(lines, key=sort_key):
            hash_ = line_hash(line)
            if left[hash_] > 0:
                left[hash_] -= 1
            else:
                rows.append((sign, line))
    for sign, line in rows:
        changed.setdefault(line.payee, []).append((sign, line))
    for line in without:
        changed.held[line.payee].append(line)
    return changed


def shown_line(plan: Plan, sign: int, line: Line, period: str) -> EstimateLine:
    """A line as a person reads it; the plan's clause is named."""
    component = plan.component(line.component)
    clause = clause_of(plan, line.component)
    sentence = explain_line(plan, line)
    return EstimateLine(
        component=line.component,
        label=(clause.title if clause else "") or line.component,
        title=LINE_TITLES.get(line.kind, line.kind) if component else line.kind,
        sentence=sentence if sign > 0 else f"No longer: {sentence}",
        period=period,
        amount=sign * line.payout,
        clause=clause.number if clause else None,
    )
