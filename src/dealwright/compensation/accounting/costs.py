"""Which commission lines are costs of which contract: from the lines of all runs to facts.

A cost is what one component pays one payee for one deal. What a component pays or takes for a
whole period (a cap, a gate, a multiplier) is spread over the deals that it paid in the period,
in proportion to what it paid for each; what acts on several components (a clawback, a cap over
all) is spread over those of the deal, likewise. So the costs come to what was really earned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.base.money import minor_units
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.accounting.amortisation import Ending, Terms, add_months, month_of
from dealwright.compensation.accounting.models import CostPolicy, MonthClose
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.plans.definition import Cap, Clawback, Floor, Plan
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan

# Lines that move earned pay without being cost: they stand between what is owed either way.
NOT_COST = (
    "hold",
    "release",
    "withheld",
    "released",
    "draw",
    "recovery",
    "forgiven",
    "owed",
    "repaid",
)
ENDING_KINDS = ("termination", "churn")
EXPEDIENT_MONTHS = 12  # ASC 340-40-25-4: one year or less
MOST_MONTHS = 600
_SIX = Decimal("0.000001")

# A posting counts in the month of its period; in a period of several months, in the month in
# which it was made.
MONTH_SQL = (
    "date_trunc('month', least(greatest(({at} at time zone 'UTC')::date, posted.starts_on),"
    " posted.ends_on))::date"
)

Months = dict[date, Decimal]
Key = tuple[UUID, UUID, UUID, str]  # deal, plan, payee, component


@dataclass(frozen=True, slots=True)
class PlanShape:
    """What of a plan matters here: its currency, what each modifier acts on, and which
    components give rewards, which are no money."""

    currency: str
    acts_on: Mapping[str, tuple[str, ...]]
    rewards: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Deal:
    """A deal with its facts, and what it costs by plan, payee and component."""

    event: CreditEvent
    endings: tuple[Ending, ...] = ()
    commissions: dict[tuple[UUID, UUID, str], Months] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Period:
    """A period of benefit, and why it is that."""

    months: int
    because: str
    is_expensed: bool


def find_deals(
    policies: Sequence[CostPolicy],
    event_id: UUID | None = None,
    shapes: Mapping[UUID, PlanShape] | None = None,
) -> list[Deal]:
    """Every deal that a policy holds for, with what its incremental components came to by
    month; one deal only where it is named."""
    if not policies:
        return []
    first = min(each.starts_on for each in policies)
    shapes = plan_shapes() if shapes is None else shapes
    lines = _lines(event_id)
    by_payee: dict[tuple[UUID, UUID], list[tuple[Any, ...]]] = defaultdict(list)
    for plan_id, payee_id, *rest in lines:
        by_payee[plan_id, payee_id].append(tuple(rest))
    costs: dict[Key, Months] = defaultdict(lambda: defaultdict(Decimal))
    for (plan_id, payee_id), rows in by_payee.items():
        shape = shapes.get(plan_id)
        if shape is not None:
            for (deal, component), months in _spread(shape, rows).items():
                for month, amount in months.items():
                    costs[deal, plan_id, payee_id, component][month] += amount
    wanted = {key[0] for key in costs}
    if event_id is not None:
        wanted &= {event_id}
    events = {
        row.pk: row for row in CreditEvent.objects.filter(pk__in=wanted, date__gte=first).iterator()
    }
    endings = _endings(events)
    deals = {pk: Deal(row, tuple(endings.get(pk, ()))) for pk, row in events.items()}
    for (deal_id, plan_id, payee_id, component), months in costs.items():
        if (found := deals.get(deal_id)) is None:
            continue
        policy = policy_on(policies, found.event.date)
        if policy is not None and component_rule(policy, plan_id, component) is not None:
            found.commissions[plan_id, payee_id, component] = dict(months)
    return [each for each in deals.values() if each.commissions]


def policy_on(policies: Sequence[CostPolicy], day: date) -> CostPolicy | None:
    """The policy that holds for a deal of a day: the latest that began by then."""
    begun = [each for each in policies if each.starts_on <= day]
    return max(begun, key=lambda each: each.starts_on, default=None)


def component_rule(policy: CostPolicy, plan_id: UUID, component: str) -> Mapping[str, Any] | None:
    """What a policy says of a component; None where it is not incremental."""
    for each in policy.components:
        if each["plan"] == str(plan_id) and each["component"] == component:
            found: Mapping[str, Any] = each
            return found
    return None


def period_of_benefit(
    policy: CostPolicy, rule: Mapping[str, Any], attributes: Mapping[str, Any]
) -> Period:
    """How long a deal's cost is amortised, by policy and deal.

    The term is the contract's, else the deal's; where neither says, the policy's months.
    """
    term = whole_months(attributes.get("contract_term_months")) or whole_months(
        attributes.get("term_months")
    )
    basis = policy.basis
    if basis == CostPolicy.Basis.BENEFIT:
        basis = CostPolicy.Basis.TERM if rule.get("commensurate") else CostPolicy.Basis.FIXED
    if attributes.get("deal_kind") == "renewal":
        months, because = term or policy.months, "the renewal's term"
    elif basis == CostPolicy.Basis.TERM:
        months, because = term or policy.months, "the contract's term"
    else:
        months, because = policy.months, "the fixed period of benefit"
    if not term and because != "the fixed period of benefit":
        because = "no term is known, so the fixed period of benefit"
    return Period(months, because, policy.expedient and months <= EXPEDIENT_MONTHS)


def service_start(event: CreditEvent) -> date:
    """The day from which the customer is served: the contract's, else the deal's."""
    try:
        return date.fromisoformat(str(event.attributes.get("contract_starts_on", "")))
    except ValueError:
        day: date = event.date
        return day


def terms_of(policy: CostPolicy, starts_on: date, months: int, currency: str) -> Terms:
    """The terms of a cost under a policy."""
    return Terms(
        starts_on=starts_on,
        months=months,
        by_days=policy.convention == CostPolicy.Convention.DAYS,
        catch_up=policy.method == CostPolicy.Method.CATCH_UP,
        tax_rate=policy.tax_rate,
        cent=Decimal(1).scaleb(-min(minor_units(currency), 2)),
    )


def whole_months(value: Any) -> int:
    """A number of months from an attribute, 0 where it is none."""
    text = str(value if value is not None else "").strip()
    return whole_number(text, most=MOST_MONTHS) or 0


def plan_shapes() -> dict[UUID, PlanShape]:
    """Every plan by id; of a component that changed over versions the newest counts."""
    shapes = {}
    for row in CompensationPlan.objects.prefetch_related("versions"):
        acts_on: dict[str, tuple[str, ...]] = {}
        rewards: set[str] = set()
        labels: dict[str, str] = {}
        for version in sorted(row.versions.all(), key=lambda each: each.number):
            if version.activated_at is not None:
                plan = read_plan(version.text)
                acts_on |= _acting(plan)
                rewards |= set(plan.rewards)
                labels |= {each.id: each.label for each in plan.components}
        shapes[row.pk] = PlanShape(row.currency, acts_on, frozenset(rewards), labels)
    return shapes


def _acting(plan: Plan) -> dict[str, tuple[str, ...]]:
    return {
        each.id: each.on for each in plan.components if isinstance(each, Clawback | Cap | Floor)
    }


def _lines(event_id: UUID | None) -> list[tuple[Any, ...]]:
    """(plan, payee, component, earned period, deal or None, month, amount), summed.

    For one deal: all lines of those payees in those periods, since what a component pays for
    a period is spread over all deals in it.
    """
    scope, values = "", [list(NOT_COST)]
    if event_id is not None:
        scope = (
            " and (line.plan_id, line.payee_id) in (select own.plan_id, own.payee_id"
            " from compensation_runline own join compensation_creditevent deal"
            " on deal.id = own.event_id where %s in (deal.id, deal.reference_id))"
        )
        values.append(event_id)  # type: ignore[arg-type]
    with connection.cursor() as cursor:
        cursor.execute(
            "select line.plan_id, line.payee_id, line.component, line.earned_period_id,"
            f" coalesce(deal.reference_id, deal.id), {MONTH_SQL.format(at='run.created_at')},"
            " sum(line.sign * line.payout)"
            " from compensation_runline line"
            " join compensation_calculationrun run on run.id = line.run_id"
            " join compensation_payperiod posted on posted.id = line.posted_period_id"
            " left join compensation_creditevent deal on deal.id = line.event_id"
            f" where line.kind <> all(%s) and line.payout <> 0{scope}"
            " group by 1, 2, 3, 4, 5, 6 having sum(line.sign * line.payout) <> 0"
            " order by 1, 2, 3, 4, 5, 6",
            values,
        )
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _spread(
    shape: PlanShape, rows: Iterable[tuple[Any, ...]]
) -> dict[tuple[UUID, str], dict[date, Decimal]]:
    """The lines of one payee under one plan, by deal and component."""
    found: dict[tuple[UUID, str], Months] = defaultdict(lambda: defaultdict(Decimal))
    weights: dict[tuple[str, UUID], dict[UUID, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    whole: list[tuple[str, UUID, date, Decimal]] = []  # of a component and period
    acting: list[tuple[str, UUID, date, Decimal]] = []  # of a modifier and deal
    for component, earned, deal, month, amount in rows:
        if component in shape.rewards:
            continue
        if deal is None:
            whole.append((component, earned, month, amount))
        elif component in shape.acts_on:
            acting.append((component, deal, month, amount))
        else:
            found[deal, component][month] += amount
            weights[component, earned][deal] += amount
    for component, earned, month, amount in whole:
        for deal, part in divide(amount, weights[component, earned]).items():
            found[deal, component][month] += part
    totals = {key: sum(months.values(), Decimal(0)) for key, months in found.items()}
    for modifier, deal, month, amount in acting:
        among = {each: totals.get((deal, each), Decimal(0)) for each in shape.acts_on[modifier]}
        for component, part in divide(amount, among).items():
            found[deal, component][month] += part
    return {key: dict(months) for key, months in found.items()}


def divide[T](amount: Decimal, weights: Mapping[T, Decimal]) -> dict[T, Decimal]:
    """An amount in proportion to the weights above zero; the last takes what rounding leaves.
    Nothing where no weight is."""
    positive = [(key, weight) for key, weight in weights.items() if weight > 0]
    total = sum((weight for _, weight in positive), Decimal(0))
    parts: dict[T, Decimal] = {}
    left = amount
    for place, (key, weight) in enumerate(positive, 1):
        part = left
        if place < len(positive):
            part = (amount * weight / total).quantize(_SIX, rounding=ROUND_HALF_UP)
        parts[key] = part
        left -= part
    return parts


def _endings(events: Mapping[UUID, CreditEvent]) -> dict[UUID, list[Ending]]:
    """When deals ended early, and which part of their amount did.

    What was recorded when its month was sealed already, ends in the first month open then.
    """
    found: dict[UUID, list[Ending]] = defaultdict(list)
    closed = list(MonthClose.objects.order_by("-month").values_list("month", "closed_at"))
    rows = CreditEvent.objects.filter(
        reference_id__in=list(events), kind__in=ENDING_KINDS, voided_at__isnull=True
    ).values_list("reference_id", "date", "amount", "created_at")
    for deal_id, on, amount, recorded_at in rows.order_by("date", "key"):
        whole = events[deal_id].amount
        share = Decimal(1)
        if whole > 0 and 0 < amount < whole:
            share = amount / whole
        sealed = next((month for month, at in closed if at < recorded_at), None)
        if sealed is not None and month_of(on) <= sealed:
            on = add_months(sealed, 1)
        found[deal_id].append(Ending(on, share))
    return found
