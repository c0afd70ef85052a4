"""What can be asked about quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import Team, User
from dealwright.compensation.access import payee_ids, require_pay_manager
from dealwright.compensation.dated_files import dated_csv
from dealwright.compensation.plans.models import PlanAssignment
from dealwright.compensation.quotas.models import Quota

KINDS = {
    "person": Q(user__isnull=False),
    "position": ~Q(position=""),
    "team": Q(team__isnull=False),
}
COLUMNS = ("payee", "position", "team", "measure", "start", "end", "amount", "per")


def list_quotas(
    actor: Actor, *, search: str = "", kind: str = "", start: int = 0, limit: int = 100
) -> tuple[Sequence[Quota], bool]:
    """Quotas of people whose pay the actor may see, of their positions and of their teams, and
    whether there are more. ``kind`` (person, position, team) keeps to one of the three."""
    rows = _visible(actor).select_related("user", "team")
    if kind in KINDS:
        rows = rows.filter(KINDS[kind])
    if search:
        rows = rows.filter(
            Q(user__name__icontains=search)
            | Q(position__icontains=search)
            | Q(team__name__icontains=search)
        )
    order = ("user__name", "position", "team__name", "measure", "-starts_on")
    found = list(rows.order_by(*order)[start : start + limit + 1])
    return found[:limit], len(found) > limit


def _visible(actor: Actor) -> QuerySet[Quota]:
    payees = payee_ids(actor)
    if payees is None:
        return Quota.objects.all()
    assignments = PlanAssignment.objects.filter(user_id__in=payees).select_related("user")
    positions = {position_of(each) for each in assignments} - {""}
    named = {str(each.fields["team"]) for each in assignments if each.fields.get("team")}
    return Quota.objects.filter(
        Q(user_id__in=payees)
        | Q(position__in=positions)
        | Q(team__in=Team.objects.filter(Q(members__in=payees) | Q(name__in=named)))
    )


def position_of(assignment: PlanAssignment) -> str:
    """The position that the assignment states, else the person's job title."""
    return position_among(assignment.fields, assignment.user.job_title)


def position_among(fields: Mapping[str, Any], job_title: str) -> str:
    return str(fields.get("position") or job_title)


def team_of(assignment: PlanAssignment) -> str:
    """The team that the assignment states, else the first of the person's by name."""
    return team_among(assignment.fields, [each.name for each in assignment.user.teams.all()])


def team_among(fields: Mapping[str, Any], teams: Sequence[str]) -> str:
    return str(fields.get("team") or min(teams, default=""))


def people_of(quotas: Sequence[Quota]) -> Mapping[UUID, Sequence[str]]:
    """Quota of a position or team -> the names of those on a plan today who have it."""
    if not any(each.user_id is None for each in quotas):
        return {}
    today = timezone.localdate()
    members: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in (
        PlanAssignment.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        .select_related("user")
        .prefetch_related("user__teams")
    ):
        members["position", position_of(each)].add(each.user.name)
        members["team", team_of(each)].add(each.user.name)
    return {
        each.pk: sorted(members["team" if each.team_id else "position", each.holder])
        for each in quotas
        if each.user_id is None
    }


def positions() -> Sequence[str]:
    """The positions that people have, for choosing."""
    titles = User.objects.filter(is_active=True).exclude(job_title="")
    stated: Any = PlanAssignment.objects.values_list("fields__position", flat=True).distinct()
    return sorted(
        {*titles.values_list("job_title", flat=True), *(str(each) for each in stated if each)}
    )[:200]


def get_quota(actor: Actor, quota_id: Any) -> Quota | None:
    """A quota for those who manage pay."""
    require_pay_manager(actor)
    return Quota.objects.select_related("user", "team").filter(pk=quota_id).first()


def quotas_csv(actor: Actor) -> bytes:
    """All quotas as the file that the import and ``comp calculate`` read; payees by e-mail."""
    require_pay_manager(actor)
    return dated_csv(
        COLUMNS,
        (
            (
                each.user.email if each.user else "",
                each.position,
                each.team.name if each.team else "",
                each.measure,
                each.starts_on,
                each.ends_on,
                each.amount,
                each.per,
            )
            for each in Quota.objects.select_related("user", "team")
        ),
    )
