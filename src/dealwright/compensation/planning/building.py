"""The first tree of a scenario: from reporting lines, teams, positions, or another scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Min, Q

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Team, User
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario
from dealwright.compensation.planning.sheet import in_order
from dealwright.compensation.plans.models import PlanAssignment
from dealwright.compensation.quotas.queries import position_of, team_of


@dataclass(slots=True)
class Member:
    """Somebody on a plan in the scenario's days."""

    user: User
    first: date
    last: date | None
    position: str
    team: str
    joined: date


def build_rows(scenario: PlanningScenario, by: str, plan_id: UUID | None = None) -> None:
    """Make the rows: the whole, and below it everybody on a plan in these days (on one plan,
    where it is given) by their managers (``reporting``), ``teams`` or ``positions``; ``empty``
    makes the whole alone."""
    root = PlanningRow(scenario=scenario, name=scenario.name, sets_quota=False)
    members = _members(scenario, plan_id) if by != "empty" else {}
    makers = {"reporting": _by_managers, "teams": _by_teams, "positions": _by_positions}
    _save([root, *(makers[by](scenario, members, root) if by in makers else [])])


def _save(rows: list[PlanningRow]) -> None:
    ordered = in_order(rows)
    for place, row in enumerate(ordered):
        row.place = place
    PlanningRow.objects.bulk_create(ordered, batch_size=1000)


def _members(scenario: PlanningScenario, plan_id: UUID | None) -> dict[UUID, Member]:
    terms = PlanAssignment.objects.filter(starts_on__lte=scenario.ends_on).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=scenario.starts_on)
    )
    if plan_id is not None:
        terms = terms.filter(plan=plan_id)
    joined = dict(
        PlanAssignment.objects.order_by().values_list("user").annotate(first=Min("starts_on"))
    )
    found: dict[UUID, Member] = {}
    for each in terms.select_related("user").prefetch_related("user__teams").order_by("starts_on"):
        known = found.get(each.user_id)
        if known is None:
            found[each.user_id] = Member(
                each.user,
                each.starts_on,
                each.ends_on,
                position_of(each),
                team_of(each),
                joined[each.user_id],
            )
            continue
        known.position, known.team = position_of(each), team_of(each)
        if known.last is not None:
            known.last = None if each.ends_on is None else max(known.last, each.ends_on)
    return dict(sorted(found.items(), key=lambda each: (each[1].user.name, str(each[0]))))


def _row(
    scenario: PlanningScenario, member: Member, parent: PlanningRow, began: date | None
) -> PlanningRow:
    """A person's row. Whoever came after the first people were on a plan, and in the planned
    time or so shortly before that the ramp still runs, ramps up from that day."""
    ramps = False
    if scenario.ramp and began is not None and member.joined > began:
        months = (scenario.starts_on.year - member.joined.year) * 12
        months += scenario.starts_on.month - member.joined.month
        ramps = months < len(scenario.ramp)
    return PlanningRow(
        scenario=scenario,
        parent=parent,
        user=member.user,
        name=member.user.name,
        starts_on=member.first if member.first > scenario.starts_on else None,
        ends_on=member.last if member.last and member.last < scenario.ends_on else None,
        ramp_from=member.joined if ramps else None,
    )


def _began(members: Mapping[UUID, Member]) -> date | None:
    return min((each.joined for each in members.values()), default=None)


def _by_managers(
    scenario: PlanningScenario, members: Mapping[UUID, Member], root: PlanningRow
) -> list[PlanningRow]:
    """Everybody below their manager, managers who are on no plan as well; whose manager is
    nobody's (or stands below themselves) right below the whole."""
    users = {key: each.user for key, each in members.items()}
    missing = {each.manager_id for each in users.values()} - set(users) - {None}
    managers: dict[UUID, User] = {}
    while missing:
        found = User.objects.in_bulk(list(missing))
        managers |= found
        known = set(users) | set(managers)
        missing = {each.manager_id for each in found.values()} - known - {None}
    began = _began(members)
    rows: dict[UUID, PlanningRow] = {}
    for key, member in members.items():
        rows[key] = _row(scenario, member, root, began)
    for key, user in managers.items():
        rows[key] = PlanningRow(
            scenario=scenario, parent=root, user=user, name=user.name, sets_quota=False
        )
    everybody = users | managers
    for key, row in rows.items():
        manager_id = everybody[key].manager_id
        if manager_id in rows and not _is_above(everybody, key, manager_id):
            row.parent = rows[manager_id]
    return list(rows.values())


def _is_above(everybody: Mapping[UUID, User], key: UUID, start: UUID) -> bool:
    """Whether somebody stands above their own manager: such a ring has no top."""
    seen: set[UUID] = set()
    at: UUID | None = start
    while at is not None and at not in seen:
        if at == key:
            return True
        seen.add(at)
        at = everybody[at].manager_id if at in everybody else None
    return False


def _by_teams(
    scenario: PlanningScenario, members: Mapping[UUID, Member], root: PlanningRow
) -> list[PlanningRow]:
    teams = {team.name: team for team in Team.objects.all()}
    groups: dict[str, PlanningRow] = {}
    for name in sorted({each.team for each in members.values()} & set(teams)):
        groups[name] = PlanningRow(
            scenario=scenario, parent=root, team=teams[name], name=name, sets_quota=False
        )
    began = _began(members)
    rows = [_row(scenario, each, groups.get(each.team, root), began) for each in members.values()]
    return [*groups.values(), *rows]


def _by_positions(
    scenario: PlanningScenario, members: Mapping[UUID, Member], root: PlanningRow
) -> list[PlanningRow]:
    groups: dict[str, PlanningRow] = {}
    for name in sorted({each.position for each in members.values()} - {""}):
        groups[name] = PlanningRow(
            scenario=scenario, parent=root, position=name[:120], name=name[:120], sets_quota=False
        )
    began = _began(members)
    rows = [
        _row(scenario, each, groups.get(each.position, root), began) for each in members.values()
    ]
    return [*groups.values(), *rows]


_COPIED = (
    "place", "user_id", "position", "team_id", "name", "is_hire", "sets_quota", "method", "over",
    "weight", "locked", "starts_on", "ends_on", "ramp_from", "expected_attainment",
)  # fmt: skip


def copy_rows(source: PlanningScenario, scenario: PlanningScenario) -> None:
    """The rows of another scenario, with what is fixed by hand, without what was proposed."""
    ids = {row.pk: uuid7() for row in source.rows.all()}
    rows = [
        PlanningRow(
            id=ids[row.pk],
            scenario=scenario,
            parent_id=ids[row.parent_id] if row.parent_id else None,
            **{name: getattr(row, name) for name in _COPIED},
        )
        for row in source.rows.all()
    ]
    PlanningRow.objects.bulk_create(in_order(rows), batch_size=1000)
