"""My what-if: deals that a payee imagines, and pay over attainment by the compiled plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models import Q

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import User
from dealwright.compensation.access import get_payee
from dealwright.compensation.calculation.services import days_to_calculate, needs_everybody
from dealwright.compensation.calculation.snapshot import (
    PossibleEvent,
    Snapshot,
    add_possible,
    take_snapshot,
)
from dealwright.compensation.engine.inputs import load_rows
from dealwright.compensation.engine.periods import PayPeriod, period_at, span_at, year_at
from dealwright.compensation.engine.prepared import prepare_inputs
from dealwright.compensation.engine.scenarios import Outcome, outcomes, reads_keys
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.simulation.estimate import (
    MOST_LINES,
    EstimateLine,
    line_difference,
    shown_line,
)

MOST_DEALS = 20
_NOW, _WITH, _FIRST = 0, 1, 2
_STEP = Decimal("0.05")  # of the quota, from point to point
_HISTORY = 16  # points on the way to where the payee stands


@dataclass(frozen=True, slots=True)
class ImaginedDeal:
    """A deal that a payee imagines: ``by`` wins it, ``fields`` are what the plan reads."""

    amount: Decimal
    on: date
    by: UUID
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a payee stands: reached of a quota, and the pay of the time it is for."""

    reached: Decimal
    quota: Decimal
    pay: Decimal
    ahead: bool = False

    @property
    def attainment(self) -> Decimal:
        return (self.reached / self.quota).quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP)


@dataclass(slots=True)
class WhatIf:
    """Pay of a payee's year as it is and with imagined deals; ``now`` and ``then`` are None
    without a quota. ``span`` is the time over which the quota counts."""

    payee: User
    version: PlanVersion
    plan: Plan
    year: str
    before: Decimal
    after: Decimal
    lines: list[EstimateLine]
    line_count: int
    component: str
    span: str
    now: Place | None
    then: Place | None

    @property
    def amount(self) -> Decimal:
        return self.after - self.before


@dataclass(slots=True)
class _Case:
    """A payee's version of a day and what its calculation reads."""

    payee: User
    version: PlanVersion
    plan: Plan
    on: date
    first: date
    last: date
    shared: bool
    snapshot: Snapshot

    def calculate(
        self, happens: Mapping[str, Sequence[int]], numbers: Sequence[int]
    ) -> tuple[dict[int, Outcome], Sequence[PayPeriod]]:
        inputs = load_rows(
            self.plan, self.snapshot.tables, check_names=False, small=not self.shared
        )
        try:
            prepare_inputs(inputs, first=self.first, last=self.last)
            periods = inputs.periods
            if not periods:
                return {number: Outcome([], []) for number in numbers}, ()
            apart = self.shared or reads_keys(self.plan)
            return outcomes(inputs, happens, numbers, apart=apart), periods
        finally:
            inputs.close()


def plans_of(payee: User, on: date) -> list[PlanVersion]:
    """The versions under which a payee is paid on a day."""
    assigned = PlanAssignment.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on),
        user=payee,
        starts_on__lte=on,
        plan__archived_at__isnull=True,
    ).values("plan_id")
    return list(
        PlanVersion.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            plan_id__in=assigned,
            activated_at__isnull=False,
            starts_on__lte=on,
        )
        .select_related("plan")
        .order_by("plan__name")
    )


def what_if(
    actor: Actor, payee_id: Any, plan_id: Any, deals: Sequence[ImaginedDeal], on: date
) -> WhatIf:
    """What imagined deals add to a payee's pay of the year of a day. Nothing is kept.

    Raises NotFound where the actor may not see the payee's pay or the payee is on no such
    plan then, Invalid for more than twenty deals.
    """
    case = _case(actor, payee_id, plan_id, on)
    if len(deals) > MOST_DEALS:
        raise Invalid(f"Imagine at most {MOST_DEALS} deals.")
    events = [_event(case.plan, each, f"imagined:{place:02d}") for place, each in enumerate(deals)]
    add_possible(case.snapshot, case.plan, events, case.first)
    found, periods = case.calculate({each.key: [_WITH] for each in events}, [_NOW, _WITH])
    counted = _counted(case, periods)
    key = str(case.payee.pk)
    lines = {
        number: [each for each in outcome.lines if each.payee == key and each.period in counted]
        for number, outcome in found.items()
    }
    changed = line_difference(lines[_NOW], lines[_WITH])[key]
    component, number = _main(case, periods, found[_NOW])
    before, after = (sum((each.payout for each in lines[at]), Decimal(0)) for at in (_NOW, _WITH))
    window = _window(case.plan, component, periods, number)
    return WhatIf(
        payee=case.payee,
        version=case.version,
        plan=case.plan,
        year=year_at(on, case.plan.calendar, case.plan.fiscal_year_starts).label,
        before=before,
        after=after,
        lines=[
            shown_line(case.plan, sign, line, counted[line.period])
            for sign, line in changed[:MOST_LINES]
        ],
        line_count=len(changed),
        component=component,
        span=_span_label(case.plan, component, periods, number),
        now=_place(found[_NOW], key, component, number, window),
        then=_place(found[_WITH], key, component, number, window),
    )


def pay_curve(
    actor: Actor, payee_id: Any, plan_id: Any, on: date, *, by: UUID | None = None
) -> tuple[str, list[Place]]:
    """Pay over attainment, in all calculated at once: how the payee came here, event by event,
    and on to at least twice the quota in steps, each as one deal won on the day.

    The component it is for, and the points: those behind in the order of time, of which the
    last is now, then those ahead. No points without a quota.
    """
    case = _case(actor, payee_id, plan_id, on)
    found, periods = case.calculate({}, [_NOW])
    key = str(case.payee.pk)
    component, number = _main(case, periods, found[_NOW])
    window = _window(case.plan, component, periods, number)
    here = _place(found[_NOW], key, component, number, window)
    if here is None:
        return component, []
    happens, numbers, ahead = _points(case, here, periods, window, by or case.payee.pk)
    found, _ = case.calculate(happens, numbers)
    places = []
    for at in sorted(numbers, key=lambda number: (number in ahead, number == _NOW, number)):
        place = _place(found[at], key, component, number, window)
        if place is not None:
            places.append(Place(place.reached, place.quota, place.pay, at in ahead))
    return component, places


def _points(
    case: _Case, here: Place, periods: Sequence[PayPeriod], window: frozenset[int], by: UUID
) -> tuple[dict[str, list[int]], list[int], frozenset[int]]:
    """Scenario 0 is now; then the stretch behind, event by event, and the deals ahead."""
    happens: dict[str, list[int]] = {}
    numbers = [_NOW]
    inside = [each for each in periods if each.number in window]
    events = sorted(
        (
            (each["date"], each["event_id"])
            for each in case.snapshot.tables["events"]
            if inside and inside[0].starts <= each["date"] <= inside[-1].ends
        ),
    )
    history = 0 if case.shared else min(len(events), _HISTORY)
    for nth in range(history):
        numbers.append(number := len(numbers))
        kept = len(events) * nth // history
        for place, (_, event) in enumerate(events):
            happens.setdefault(event, [_NOW])
            if place < kept:
                happens[event].append(number)
    ahead: list[int] = []
    target = _STEP * int(here.attainment / _STEP)
    last = max(Decimal(2), here.attainment + Decimal("0.5"))
    step = _STEP * 4 if case.shared else _STEP
    deals = []
    while target < last:
        target += step
        amount = (here.quota * target - here.reached).quantize(Decimal("0.01"))
        numbers.append(number := len(numbers))
        ahead.append(number)
        deal = ImaginedDeal(amount, case.on, by)
        deals.append(_event(case.plan, deal, f"imagined:{number:03d}"))
        happens[deals[-1].key] = [number]
    for event in happens:
        if not event.startswith("imagined:"):
            happens[event] += ahead
    add_possible(case.snapshot, case.plan, deals, case.first)
    return happens, numbers, frozenset(ahead)


def _case(actor: Actor, payee_id: Any, plan_id: Any, on: date) -> _Case:
    payee = get_payee(actor, payee_id)
    version = next((each for each in plans_of(payee, on) if each.plan_id == plan_id), None)
    if version is None:
        raise NotFound("This plan does not pay then, or you may not see it.")
    plan = read_plan(version.text)
    first, last = days_to_calculate(version.plan, version, plan, on, on)
    last = period_at(on, plan.calendar, plan.fiscal_year_starts).end
    last = min(last, version.ends_on or last)
    shared = needs_everybody(plan)
    payees = None if shared else frozenset({payee.pk})
    snapshot = take_snapshot(version.plan, plan, payees, first=first, last=last)
    return _Case(payee, version, plan, on, first, last, shared, snapshot)


def _event(plan: Plan, deal: ImaginedDeal, key: str) -> PossibleEvent:
    kinds = [kind for measure in plan.measures.values() for kind in measure.kinds]
    return PossibleEvent(
        key=key,
        kind="booking" if "booking" in kinds or not kinds else kinds[0],
        date=deal.on,
        amount=deal.amount,
        currency=plan.currency,
        payee_id=deal.by,
        attributes=dict(deal.fields),
    )


def _counted(case: _Case, periods: Sequence[PayPeriod]) -> dict[int, str]:
    """The periods of the day's year in which the version pays, with their labels."""
    year = next((each.year for each in periods if each.starts <= case.on <= each.ends), None)
    starts = case.version.starts_on
    return {
        each.number: each.label
        for each in periods
        if each.year == year and (starts is None or each.ends >= starts)
    }


def _main(case: _Case, periods: Sequence[PayPeriod], now: Outcome) -> tuple[str, int]:
    """The component whose quota the curve is over, the plan's first that has one, and the
    period of the day."""
    number = next((each.number for each in periods if each.starts <= case.on <= each.ends), 0)
    having = {
        each.component
        for each in now.attainments
        if each.payee == str(case.payee.pk) and each.period == number and each.quota > 0
    }
    ordered = sorted(having, key=lambda name: (case.plan.position(name), name))
    return (ordered[0] if ordered else ""), number


def _cumulate(plan: Plan, component: str) -> str:
    found = plan.component(component)
    return cast(str, getattr(found, "cumulate", "period"))


def _window(
    plan: Plan, component: str, periods: Sequence[PayPeriod], number: int
) -> frozenset[int]:
    """The periods over which the component's quota counts, up to the day's."""
    here = next((each for each in periods if each.number == number), None)
    if here is None:
        return frozenset()
    match _cumulate(plan, component):
        case "quarter" | "qtd":
            chosen = [each for each in periods if each.quarter == here.quarter]
        case "year" | "ytd" | "plan":
            chosen = [each for each in periods if each.year == here.year]
        case _:
            chosen = [here]
    return frozenset(each.number for each in chosen)


def _span_label(plan: Plan, component: str, periods: Sequence[PayPeriod], number: int) -> str:
    here = next((each for each in periods if each.number == number), None)
    if here is None:
        return ""
    match _cumulate(plan, component):
        case "quarter" | "qtd":
            return span_at(here.starts, "quarter", plan.calendar, plan.fiscal_year_starts).label
        case "year" | "ytd" | "plan":
            return year_at(here.starts, plan.calendar, plan.fiscal_year_starts).label
        case _:
            return here.label


def _place(
    outcome: Outcome, payee: str, component: str, number: int, window: frozenset[int]
) -> Place | None:
    found = next(
        (
            each
            for each in outcome.attainments
            if (each.payee, each.component, each.period) == (payee, component, number)
        ),
        None,
    )
    if found is None or found.quota <= 0:
        return None
    pay = sum(
        (each.payout for each in outcome.lines if each.payee == payee and each.period in window),
        Decimal(0),
    )
    return Place(found.reached, found.quota, pay)
