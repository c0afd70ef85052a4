"""What can be asked about named relationships between people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from dealwright.base.access.actor import Actor
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.dated_files import dated_csv
from dealwright.compensation.plans.pieces import REPORTING
from dealwright.compensation.quotas.models import ReportingLine

COLUMNS = ("payee", "manager", "relation", "start", "end")


def list_relationships(
    actor: Actor, *, search: str = "", relation: str = "", start: int = 0, limit: int = 100
) -> tuple[Sequence[ReportingLine], bool]:
    """The stated lines, and whether there are more; the reporting line only where it is asked
    for by its name."""
    rows = _lines(actor)
    rows = rows.filter(relation=relation) if relation else rows.exclude(relation=REPORTING)
    if search:
        rows = rows.filter(Q(user__name__icontains=search) | Q(manager__name__icontains=search))
    order = ("relation", "user__name", "-starts_on", "id")
    found = list(rows.order_by(*order)[start : start + limit + 1])
    return found[:limit], len(found) > limit


def relations() -> Sequence[str]:
    """The names of the relations that are stated."""
    stated = ReportingLine.objects.exclude(relation=REPORTING).order_by("relation")
    return list(stated.values_list("relation", flat=True).distinct())


def get_relationship(actor: Actor, relationship_id: Any) -> ReportingLine | None:
    """A stated line for those who manage pay."""
    return _lines(actor).exclude(relation=REPORTING).filter(pk=relationship_id).first()


def relationships_csv(actor: Actor) -> bytes:
    """All lines, the reporting line included, as the hierarchy file that ``comp calculate``
    reads; people by e-mail. The import leaves the reporting line to the users' managers."""
    return dated_csv(
        COLUMNS,
        (
            (each.user.email, each.manager.email, each.relation, each.starts_on, each.ends_on)
            for each in _lines(actor).order_by("relation", "user__name", "starts_on")
        ),
    )


def _lines(actor: Actor) -> QuerySet[ReportingLine]:
    require_pay_manager(actor)
    return ReportingLine.objects.select_related("user", "manager")
