"""What can be asked about plans and who is on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.compensation.access import sees_all_pay, visible_pay
from dealwright.compensation.plans.english import Clause, document
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.source import PlanInvalid, Problem


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan in the list."""

    plan: CompensationPlan
    payees: int
    active: PlanVersion | None
    draft: PlanVersion | None


def visible_plans(actor: Actor) -> Any:
    """The plans an actor may read: all for those who see all pay, else those of payees whose
    pay the actor may see."""
    rows = CompensationPlan.objects.filter(archived_at__isnull=True)
    if sees_all_pay(actor):
        return rows
    assigned = PlanAssignment.objects.filter(visible_pay(actor, "user")).values("plan_id")
    return rows.filter(pk__in=assigned)


def list_plans(actor: Actor) -> Sequence[PlanRow]:
    today = timezone.localdate()
    on_it = Q(assignments__starts_on__lte=today) & (
        Q(assignments__ends_on__isnull=True) | Q(assignments__ends_on__gte=today)
    )
    plans = list(
        visible_plans(actor)
        .annotate(payees=Count("assignments__user_id", filter=on_it, distinct=True))
        .order_by("name")
    )
    versions = PlanVersion.objects.filter(plan__in=plans).defer("text")
    found = []
    for plan in plans:
        own = [each for each in versions if each.plan_id == plan.pk]
        later = sorted(
            (each for each in own if each.activated_at and each.starts_on),
            key=lambda each: each.starts_on or today,
        )
        active = [each for each in later if each.starts_on and each.starts_on <= today]
        found.append(
            PlanRow(
                plan,
                plan.payees,
                active[-1] if active else next(iter(later), None),
                next((each for each in own if each.activated_at is None), None),
            )
        )
    return found


def get_plan(actor: Actor, plan_id: Any) -> CompensationPlan:
    """A plan the actor may read; raises NotFound."""
    plan: CompensationPlan | None = visible_plans(actor).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound("This plan does not exist, or you may not see it.")
    return plan


def get_version(actor: Actor, plan_id: Any, number: int) -> PlanVersion:
    """A version the actor may read: drafts only where all pay may be seen."""
    version = get_plan(actor, plan_id).versions.filter(number=number).first()
    if version is None or (version.activated_at is None and not sees_all_pay(actor)):
        raise NotFound("This version does not exist, or you may not see it.")
    return version


def assignments_of(actor: Actor, plan: CompensationPlan) -> Sequence[PlanAssignment]:
    """Who is or was on a plan, as far as the actor may see their pay."""
    return list(
        plan.assignments.filter(visible_pay(actor, "user"))
        .select_related("user")
        .order_by("user__name", "-starts_on")
    )


@dataclass(frozen=True, slots=True)
class Check:
    """What a plan's text is worth: clauses, or problems with the line they are in."""

    clauses: Sequence[Clause]
    problems: Sequence[tuple[Problem, str]]


def check_text(text: str) -> Check:
    """The English document of a text, or what is wrong with it line by line."""
    try:
        return Check(document(read_plan(text)), [])
    except PlanInvalid as error:
        lines = text.splitlines()
        return Check(
            [],
            [
                (each, lines[each.line - 1].strip()[:120] if each.line <= len(lines) else "")
                for each in error.problems
            ],
        )
