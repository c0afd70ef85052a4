"""Why nothing is paid: what the engine finds, and what only the database knows (who was on the
plan when, what was credited outside the period, what the customer has not paid, what is on hold).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from dealwright.base.money import format_money
from dealwright.base.people.models import User
from dealwright.base.people.organization import organization
from dealwright.compensation.calculation.preview import preview
from dealwright.compensation.calculation.snapshot import field_value
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.engine.explain import why_nothing
from dealwright.compensation.engine.names import payee_columns
from dealwright.compensation.engine.results import Result
from dealwright.compensation.holds.queries import held_on_statement
from dealwright.compensation.ledger.models import NOT_EARNED, Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.definition import Component, Earning, Plan
from dealwright.compensation.plans.expressions import evaluate
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan

NO_EVENT = "No event was credited"


def why_component(
    payee: User,
    plan: CompensationPlan,
    version: PlanVersion | None,
    period: PayPeriod,
    component_id: str,
    result: Result | None = None,
) -> str:
    """Why a component comes to nothing on a payee's statement, in one or two sentences.

    ``result`` spares the calculation where it was made already.
    """
    if version is None:
        return "No version of this plan is active."
    if version.starts_on is not None and version.starts_on > period.ends_on:
        return f"The plan pays from {version.starts_on:%-d %B %Y} on."
    assignment = _assignment(payee, plan, period)
    if assignment is None:
        return _not_on(payee, plan, period)
    result = result or preview(plan, version, frozenset({payee.pk}), until=period.ends_on)
    component = result.plan.component(component_id)
    if component is None:
        return "The plan of this period has no such component."
    if not any(each.number == period.number for each in result.periods):
        return "The plan does not pay in this period."
    if component.payees is not None and not _is_for(component, result.plan, assignment):
        return f"It is for payees of whom it is true that {component.payees.english}."
    window = _outside(component, period)
    if window:
        return window
    sentence = why_nothing(result, component, str(payee.pk), period.number)
    if sentence.startswith(NO_EVENT):
        sentence = " ".join([sentence, *_about_events(payee, result.plan, component, period)])
    return sentence


def why_statement(payee: User, period: PayPeriod) -> Sequence[str]:
    """Why a whole statement comes to nothing: held, held back, recovered, on no plan, or what
    each component says."""
    said = [
        f"{_money(each.amount, each.currency)} is on hold, {each.what}: {each.hold.reason} "
        f"({each.hold.held_by_name})."
        for each in held_on_statement(payee, period)
        if each.amount > 0
    ]
    said += _kept_back(payee, period)
    plans = CompensationPlan.objects.filter(
        pk__in=PlanAssignment.objects.filter(user=payee).values("plan_id"),
        calendar=period.calendar,
        fiscal_year_starts=period.fiscal_year_starts,
    )
    if not plans:
        return [*said, f"{payee.name} is on no plan that pays by the {period.calendar}."]
    earned = _earned(payee, period)
    for plan in plans:
        if _assignment(payee, plan, period) is None:
            said.append(f"{plan.name}: {_not_on(payee, plan, period)}")
            continue
        active = plan.versions.filter(activated_at__isnull=False)
        version = (
            active.filter(starts_on__lte=period.ends_on).order_by("-starts_on").first()
            or active.order_by("starts_on").first()
        )
        if version is None or (version.starts_on or period.ends_on) > period.ends_on:
            said.append(f"{plan.name}: {why_component(payee, plan, version, period, '')}")
            continue
        result = preview(plan, version, frozenset({payee.pk}), until=period.ends_on)
        for component in read_plan(version.text).components:
            if isinstance(component, Earning) and not earned.get((plan.pk, component.id)):
                why = why_component(payee, plan, version, period, component.id, result)
                said.append(f"{component.label}: {why}")
    return said or ["What was earned and what was taken back cancel each other out."]


def _assignment(payee: User, plan: CompensationPlan, period: PayPeriod) -> Any:
    return (
        PlanAssignment.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=period.starts_on),
            plan=plan,
            user=payee,
            starts_on__lte=period.ends_on,
        )
        .select_related("user")
        .order_by("-starts_on")
        .first()
    )


def _not_on(payee: User, plan: CompensationPlan, period: PayPeriod) -> str:
    rows = PlanAssignment.objects.filter(plan=plan, user=payee).order_by("starts_on")
    later = rows.filter(starts_on__gt=period.ends_on).first()
    earlier = rows.filter(ends_on__lt=period.starts_on).last()
    if later is not None:
        return f"{payee.name} is on this plan from {later.starts_on:%-d %B %Y} on."
    if earlier is not None:
        return f"{payee.name} was on this plan until {earlier.ends_on:%-d %B %Y}."
    return f"{payee.name} is not on this plan."


def _is_for(component: Component, plan: Plan, assignment: Any) -> bool:
    """Whether a payee is among those whom a component is for, by the terms of the period."""
    user = assignment.user
    known = {"region": user.region, "job_title": user.job_title, **assignment.fields}
    person: dict[str, Any] = {
        f"f_{name}": field_value(kind, known.get(name)) for name, kind in plan.payee_fields.items()
    } | {"salary": assignment.salary, "target": assignment.target}
    values = {f"payee.{name}": person.get(c) for name, c in payee_columns(plan).items()}
    assert component.payees is not None
    return evaluate(component.payees, values) is True


def _outside(component: Component, period: PayPeriod) -> str:
    basis = getattr(component, "basis", None)
    starts, ends = getattr(basis, "starts", None), getattr(basis, "ends", None)
    if starts is not None and period.ends_on < starts:
        return f"It counts events from {starts:%-d %B %Y} on."
    if ends is not None and period.starts_on > ends:
        return f"It counted events until {ends:%-d %B %Y}."
    return ""


def _about_events(
    payee: User, plan: Plan, component: Component, period: PayPeriod
) -> Sequence[str]:
    """What else is credited to the payee: of other kinds in the period, or on other days."""
    kinds = {kind for basis in _bases(component) for kind in plan.measures[basis.measure].kinds}
    theirs = CreditEvent.objects.filter(
        Q(payee=payee) | Q(splits__user=payee) | Q(reference__splits__user=payee),
        voided_at__isnull=True,
    ).distinct()
    others = theirs.filter(date__range=(period.starts_on, period.ends_on)).exclude(kind__in=kinds)
    booked = others.filter(kind="booking").first()
    if booked is not None and "booking" not in kinds:
        what = " or ".join(sorted(kind.replace("_", " ") for kind in kinds))
        return [
            f"“{booked.title or booked.key}” is booked, and this pays on the {what}: the "
            "customer has not paid yet."
        ]
    near = _nearest(theirs.filter(kind__in=kinds), period)
    if near is not None:
        return [
            f"The nearest is “{near.title or near.key}” of {near.date:%-d %B %Y}, outside "
            f"{period.label}."
        ]
    return []


def _bases(component: Component) -> Sequence[Any]:
    parts = (component, getattr(component, "rows", None), getattr(component, "columns", None))
    found = (getattr(each, "basis", None) for each in parts)
    return [each for each in found if each is not None]


def _nearest(events: QuerySet[Any], period: PayPeriod) -> CreditEvent | None:
    before: CreditEvent | None = (
        events.filter(date__lt=period.starts_on).order_by("-date", "key").first()
    )
    after: CreditEvent | None = (
        events.filter(date__gt=period.ends_on).order_by("date", "key").first()
    )
    if before is None or after is None:
        return before or after
    near = (period.starts_on - before.date) <= (after.date - period.ends_on)
    return before if near else after


_KEPT: dict[str, str] = {
    Account.HOLDBACK: "is held back until the customer pays",
    Account.WITHHELD: "lies above the cap and waits",
    Account.DRAW: "went to recover a draw",
}


def _kept_back(payee: User, period: PayPeriod) -> list[str]:
    """What the plan itself keeps from being paid in the period, by its account."""
    rows = (
        Posting.objects.filter(payee=payee, posted_period=period, account__in=list(_KEPT))
        .values("account", "currency")
        .annotate(sum=Sum("amount"))
        .order_by("account", "currency")
    )
    return [
        f"{_money(-row['sum'], row['currency'])} {_KEPT[row['account']]}."
        for row in rows
        if row["sum"] < 0
    ]


def _earned(payee: User, period: PayPeriod) -> dict[tuple[Any, str], Decimal]:
    rows = Posting.objects.filter(
        payee=payee, posted_period=period, account=Account.PAYABLE
    ).exclude(kind__in=NOT_EARNED)
    return {
        (row["plan_id"], row["component"]): row["sum"]
        for row in rows.values("plan_id", "component").annotate(sum=Sum("amount"))
    }


def _money(amount: Decimal, currency: str) -> str:
    return format_money(amount, currency, organization().language)
