"""What the engine needs from the database, as rows: one consistent picture per calculation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from dealwright.base.people.models import TeamMembership
from dealwright.compensation.calculation.stated_rates import rates_of
from dealwright.compensation.credits.models import CreditEvent, CreditSplit
from dealwright.compensation.engine.lines import DEAL_KINDS
from dealwright.compensation.plans.definition import (
    TERRITORY,
    Clawback,
    CreditRule,
    Holdback,
    Plan,
    bases_of,
)
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment
from dealwright.compensation.quotas.models import Quota, ReportingLine
from dealwright.compensation.quotas.queries import position_among, team_among
from dealwright.compensation.territories.models import TerritoryHolder

_EVENT_COLUMNS = (
    "id",
    "key",
    "kind",
    "date",
    "amount",
    "currency",
    "quantity",
    "cost",
    "payee_id",
    "reference_id",
    "attributes",
)


@dataclass(slots=True)
class Snapshot:
    """Input tables by file, and which event row stands behind each key."""

    tables: dict[str, list[dict[str, Any]]]
    event_ids: dict[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleEvent:
    """An event that has not happened: a deal that may be won, as it would be booked.

    ``splits`` are (payee, share, role, kind)."""

    key: str
    date: date
    amount: Decimal
    currency: str
    kind: str = "booking"
    quantity: Decimal = Decimal(1)
    cost: Decimal = Decimal(0)
    payee_id: UUID | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    splits: Sequence[tuple[UUID, Decimal, str, str]] = ()


def take_snapshot(
    row: CompensationPlan,
    plan: Plan,
    payees: frozenset[UUID] | None,
    *,
    first: date,
    last: date,
) -> Snapshot:
    """Everything that a plan's calculation for some payees (None: all) between two days reads."""
    return take_snapshots(row, [plan], payees, first=first, last=last)[0]


def take_snapshots(
    row: CompensationPlan,
    plans: Sequence[Plan],
    payees: frozenset[UUID] | None,
    *,
    first: date,
    last: date,
) -> list[Snapshot]:
    """The same people, events, quotas and managers for several texts of a plan, to each with
    the fields that it declares: each row is read once."""
    rules = _rules(plans)
    relations = {each.relation for each in rules if each.source == "rollup"}
    fields = {each.by for each in rules if each.source == TERRITORY}
    credited = payees
    if relations and payees is not None:
        credited = payees | _below(payees, relations)
    around = read_surroundings(row, plans, payees)
    within = _within(around.territories or (), credited, fields)
    events = _events(plans, credited, first, last, within)
    keys = {each["id"]: each["key"] for each in events}
    splits = _splits(keys)
    return [
        Snapshot(
            {
                "events": [_event_row(plan, each, keys) for each in events],
                "splits": splits,
                **tables_beside_events(row, plan, payees, around, events, keys, first),
            },
            {key: event_id for event_id, key in keys.items()},
        )
        for plan in plans
    ]


class Assigned(NamedTuple):
    """Somebody on the plan for some days, with what is known of the person; by columns, since an
    object for each of thousands takes longer than the statement."""

    user_id: UUID
    starts: date
    ends: date | None
    salary: Decimal | None
    target: Decimal | None
    fields: dict[str, Any]
    name: str
    region: str
    job_title: str
    teams: Sequence[str]


@dataclass(slots=True)
class Surroundings:
    """What a calculation reads beside the events; ``territories`` are None where no plan has
    any."""

    assignments: list[Assigned]
    quotas: list[dict[str, Any]]
    hierarchy: list[dict[str, Any]]
    territories: list[dict[str, Any]] | None


def read_surroundings(
    row: CompensationPlan, plans: Sequence[Plan], payees: frozenset[UUID] | None
) -> Surroundings:
    rules = _rules(plans)
    return Surroundings(
        assignments=_assignments(row, payees),
        quotas=_quotas(payees),
        hierarchy=_hierarchy({each.relation for each in rules if each.source == "rollup"}),
        territories=_territories() if credits_territories(plans) else None,
    )


def credits_territories(plans: Iterable[Plan]) -> bool:
    return any(each.source == TERRITORY for each in _rules(plans))


def tables_beside_events(
    row: CompensationPlan,
    plan: Plan,
    payees: frozenset[UUID] | None,
    around: Surroundings,
    events: Iterable[Mapping[str, Any]],
    keys: Mapping[UUID, str],
    first: date,
) -> dict[str, list[dict[str, Any]]]:
    """Every table but events and splits. Of the events (id, date, currency) only those in other
    currencies and those before the first day matter."""
    held = {} if around.territories is None else {"territories": around.territories}
    return {
        "people": _people(around.assignments, plan),
        "quotas": around.quotas,
        "hierarchy": around.hierarchy,
        "rates": rates_of(plan, events, first),
        "prior": _prior(row, plan, events, payees, first, keys),
        **held,
    }


def _rules(plans: Iterable[Plan]) -> list[CreditRule]:
    return [
        plan.credits[rule] for plan in plans for basis in bases_of(plan) for rule in basis.rules
    ]


def add_possible(
    snapshot: Snapshot, plan: Plan, possible: Iterable[PossibleEvent], first: date
) -> None:
    """Put events that have not happened into a snapshot, with the rates they need.

    Raises Invalid that names a missing exchange rate."""
    events = list(possible)
    for each in events:
        snapshot.tables["events"].append(
            _event_row(
                plan,
                {name: getattr(each, name, None) for name in _EVENT_COLUMNS},
                {},
            )
        )
    snapshot.tables["splits"] = snapshot.tables["splits"] + [
        {"event_id": each.key, "payee": str(user_id), "share": share, "role": role, "kind": kind}
        for each in events
        for user_id, share, role, kind in each.splits
    ]
    rates = snapshot.tables["rates"]
    known = {(each["from_currency"], each["starts"], each["type"]) for each in rates}
    given = [{"currency": each.currency, "date": each.date} for each in events]
    snapshot.tables["rates"] = rates + [
        each
        for each in rates_of(plan, given, first)
        if (each["from_currency"], each["starts"], each["type"]) not in known
    ]


def living_events(plans: Iterable[Plan], first: date, last: date) -> QuerySet[Any]:
    """The events between two days of the kinds that the plans count, but void ones."""
    kinds = {kind for plan in plans for kind in _kinds(plan)}
    return CreditEvent.objects.filter(
        voided_at__isnull=True, kind__in=kinds, date__range=(first, last)
    )


def _events(
    plans: Iterable[Plan],
    credited: frozenset[UUID] | None,
    first: date,
    last: date,
    territories: Q,
) -> list[dict[str, Any]]:
    """The events of the days, what they refer to, and what follows them within the days.

    Besides those of the credited they are those in the territories that these hold."""
    within = living_events(plans, first, last)
    if credited is None:
        chosen: QuerySet[Any] = within
    else:
        # As a union, since each part has an index and no index answers an OR of them.
        living = CreditEvent.objects.filter(voided_at__isnull=True).order_by().values("pk")
        shared = CreditSplit.objects.filter(user_id__in=credited).values("event_id")
        theirs = [living.filter(payee_id__in=credited), living.filter(pk__in=shared)]
        if territories:
            theirs.append(living.filter(territories))
        # What is followed may be of a kind that the plan does not count: a plan on cash counts
        # the payments of bookings.
        followers = living.filter(reference_id__in=theirs[0].union(*theirs[1:]))
        chosen = within.filter(pk__in=theirs[0].union(*theirs[1:], followers))
    rows = {each["id"]: each for each in chosen.values(*_EVENT_COLUMNS)}
    missing = {
        each["reference_id"]
        for each in rows.values()
        if each["reference_id"] and each["reference_id"] not in rows
    }
    found = CreditEvent.objects.filter(pk__in=missing, voided_at__isnull=True)
    rows |= {each["id"]: each for each in found.values(*_EVENT_COLUMNS)}
    # A follower of a void event follows nothing.
    for each in rows.values():
        if each["reference_id"] and each["reference_id"] not in rows:
            each["reference_id"] = None
    return list(rows.values())


def _territories() -> list[dict[str, Any]]:
    return [
        {
            "territory": territory,
            "payee": str(user_id),
            "share": share,
            "role": role,
            "starts": starts_on,
            "ends": ends_on,
        }
        for territory, user_id, share, role, starts_on, ends_on in (
            TerritoryHolder.objects.order_by().values_list(
                "territory", "user_id", "share", "role", "starts_on", "ends_on"
            )
        )
    ]


def _within(
    territories: Iterable[Mapping[str, Any]], credited: frozenset[UUID] | None, fields: set[str]
) -> Q:
    """The condition of events that one of the fields puts into a territory of the credited."""
    if credited is None or not fields:
        return Q(pk__in=[])
    theirs = {str(each) for each in credited}
    names = sorted({each["territory"] for each in territories if each["payee"] in theirs})
    found = Q(pk__in=[])
    for each in sorted(fields):
        found |= Q(**{f"attributes__{each}__in": names})
    return found


def _kinds(plan: Plan) -> set[str]:
    kinds = {kind for basis in bases_of(plan) for kind in plan.measures[basis.measure].kinds}
    for each in plan.components:
        if isinstance(each, Clawback):
            kinds |= set(each.trigger)
        elif isinstance(each, Holdback):
            kinds |= set(each.release)
    return kinds


def _event_row(plan: Plan, event: Mapping[str, Any], keys: Mapping[UUID, str]) -> dict[str, Any]:
    row = {
        "event_id": event["key"],
        "kind": event["kind"],
        "date": event["date"],
        "payee": str(event["payee_id"] or ""),
        "amount": event["amount"],
        "currency": event["currency"],
        "quantity": event["quantity"],
        "cost": event["cost"],
        "reference": keys.get(event["reference_id"], ""),
    }
    for name, kind in plan.fields.items():
        row[f"f_{name}"] = field_value(kind, event["attributes"].get(name))
    return row


def field_value(kind: str, value: Any) -> Any:
    """A JSON value as a plan's field has it; what does not fit counts as missing."""
    if value is None or value == "":
        return None
    try:
        match kind:
            case "number":
                number = Decimal(str(value))
                if not number.is_finite() or abs(number) >= Decimal(10) ** 13:
                    return None
                return number.quantize(Decimal("1e-6"), rounding=ROUND_HALF_UP)
            case "date":
                return date.fromisoformat(str(value)[:10])
            case "bool":
                return value is True or str(value).lower() in ("true", "yes", "1")
            case _:
                return str(value)
    except (InvalidOperation, ValueError):
        return None


def _assignments(row: CompensationPlan, payees: frozenset[UUID] | None) -> list[Assigned]:
    rows = PlanAssignment.objects.filter(plan=row)
    if payees is not None:
        rows = rows.filter(user_id__in=payees)
    teams: dict[UUID, list[str]] = defaultdict(list)
    memberships = TeamMembership.objects.filter(user_id__in=rows.values("user_id"))
    for user_id, name in memberships.values_list("user_id", "team__name"):
        teams[user_id].append(name)
    found = rows.order_by("user_id", "starts_on").values_list(
        "user_id", "starts_on", "ends_on", "salary", "target", "fields",
        "user__name", "user__region", "user__job_title",
    )  # fmt: skip
    return [Assigned._make((*each, teams.get(each[0], ()))) for each in found]


def _people(assignments: Iterable[Assigned], plan: Plan) -> list[dict[str, Any]]:
    found = []
    for each in assignments:
        known = {"region": each.region, "job_title": each.job_title, **each.fields}
        person: dict[str, Any] = {
            "payee": str(each.user_id),
            "name": each.name,
            "starts": each.starts,
            "ends": each.ends,
            "salary": each.salary,
            "target": each.target,
            "position": position_among(each.fields, each.job_title),
            "team": team_among(each.fields, each.teams),
        }
        for name, kind in plan.payee_fields.items():
            person[f"f_{name}"] = field_value(kind, known.get(name))
        found.append(person)
    return found


def _quotas(payees: frozenset[UUID] | None) -> list[dict[str, Any]]:
    """The quotas of some payees (None: all), with those of all positions and teams."""
    rows = Quota.objects.order_by()
    if payees is not None:
        rows = rows.filter(Q(user_id__in=payees) | Q(user_id__isnull=True))
    return [
        {
            "payee": str(user_id or ""),
            "position": position,
            "team": team or "",
            "measure": measure,
            "starts": starts_on,
            "ends": ends_on,
            "amount": amount,
            "per": per,
        }
        for user_id, position, team, measure, starts_on, ends_on, amount, per in rows.values_list(
            "user_id", "position", "team__name", "measure", "starts_on", "ends_on", "amount", "per"
        )
    ]


def _hierarchy(relations: set[str]) -> list[dict[str, Any]]:
    return [
        {
            "payee": str(user_id),
            "manager": str(manager_id),
            "relation": relation,
            "starts": starts_on,
            "ends": ends_on,
        }
        for user_id, manager_id, relation, starts_on, ends_on in ReportingLine.objects.filter(
            relation__in=relations
        ).values_list("user_id", "manager_id", "relation", "starts_on", "ends_on")
    ]


def _below(managers: Iterable[UUID], relations: Iterable[str]) -> frozenset[UUID]:
    """Everybody who ever stood below one of them in these relations, directly or not."""
    return _walk("user_id", "manager_id", managers, list(relations))


def managers_above(users: Iterable[UUID]) -> frozenset[UUID]:
    """Everybody under whom one of them ever stood in any relation, directly or not."""
    return _walk("manager_id", "user_id", users, None)


def _walk(
    found: str, known: str, start: Iterable[UUID], relations: list[str] | None
) -> frozenset[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"with recursive line as not materialized ("
            f" select user_id, manager_id from compensation_reportingline"
            f" where %s::text[] is null or relation = any(%s)), reached as ("
            f" select {found} as id from line where {known} = any(%s)"
            f" union select line.{found} from line"
            f" join reached on line.{known} = reached.id) select id from reached",
            [relations, relations, list(start)],
        )
        return frozenset(row[0] for row in cursor.fetchall())


def _splits(keys: Mapping[UUID, str]) -> list[dict[str, Any]]:
    return [
        {
            "event_id": keys[event_id],
            "payee": str(user_id),
            "share": share,
            "role": role,
            "kind": kind,
        }
        for event_id, user_id, share, role, kind in CreditSplit.objects.filter(
            event_id__in=list(keys)
        ).values_list("event_id", "user_id", "share", "role", "kind")
    ]


def _prior(
    row: CompensationPlan,
    plan: Plan,
    events: Iterable[Mapping[str, Any]],
    payees: frozenset[UUID] | None,
    first: date,
    keys: Mapping[UUID, str],
) -> list[dict[str, Any]]:
    """What was paid on deals that lie before the first day and are referred to now."""
    if not any(isinstance(each, Clawback) for each in plan.components):
        return []
    early = {each["id"]: each["date"] for each in events if each["date"] < first}
    if not early:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select payee_id, component, event_id, sum(sign * payout)"
            " from compensation_runline where plan_id = %s and event_id = any(%s)"
            " and kind = any(%s) and (%s::uuid[] is null or payee_id = any(%s))"
            " group by payee_id, component, event_id having sum(sign * payout) <> 0",
            [
                row.pk,
                list(early),
                list(DEAL_KINDS),
                None if payees is None else list(payees),
                [] if payees is None else list(payees),
            ],
        )
        found = cursor.fetchall()
    return [
        {
            "payee": str(payee_id),
            "component": component,
            "event_id": keys[event_id],
            "date": early[event_id],
            "payout": payout,
        }
        for payee_id, component, event_id, payout in found
    ]
