"""Who sees which scenario, and which rows of it.

Finance and administrators see and change everything. A manager sees scenarios that were shared,
the own row and the branch below it, and may propose amounts there. Who has nobody below sees
nothing of a plan before it is adopted; after that, the own quotas.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import NotFound
from dealwright.compensation.access import manages_pay, payee_ids
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario


def plans_pay(actor: Actor) -> bool:
    """Whether the actor may change scenarios."""
    return actor.is_system or manages_pay(actor.user)


def people_below(actor: Actor) -> set[UUID]:
    """Everybody on the reporting line below the actor."""
    user = actor.require_user()
    return (payee_ids(actor) or set()) - {user.pk}


def visible_scenarios(actor: Actor) -> QuerySet[PlanningScenario]:
    """The scenarios that the actor may look at."""
    if plans_pay(actor):
        return PlanningScenario.objects.all()
    user = actor.require_user()
    branch = PlanningRow.objects.filter(scenario=OuterRef("pk")).filter(
        Q(parent__user=user) | Q(user__in=people_below(actor))
    )
    return PlanningScenario.objects.filter(
        Exists(branch), shared_at__isnull=False, dropped_at__isnull=True
    )


def get_scenario(actor: Actor, scenario_id: Any, *, to_change: bool = False) -> PlanningScenario:
    """A scenario that the actor may look at; raises NotFound alike for absent and hidden.
    ``to_change`` keeps it from others until the transaction ends."""
    rows = visible_scenarios(actor).filter(pk=as_uuid(scenario_id))
    found: PlanningScenario | None = (
        rows.select_for_update(of=("self",)) if to_change else rows
    ).first()
    if found is None:
        raise NotFound(_("This scenario does not exist, or you may not see it."))
    return found


def branch_of(actor: Actor, rows: Iterable[PlanningRow]) -> set[UUID] | None:
    """The ids of the rows (parents first) for which the actor may propose amounts, None for
    all: what is below the own row, and the rows of people below on the reporting line."""
    if plans_pay(actor):
        return None
    user, below = actor.require_user(), people_below(actor)
    found: set[UUID] = set()
    mine: set[UUID] = set()
    for row in rows:
        if row.user_id == user.pk:
            mine.add(row.pk)
        elif row.parent_id in mine or row.parent_id in found or row.user_id in below:
            found.add(row.pk)
    return found
