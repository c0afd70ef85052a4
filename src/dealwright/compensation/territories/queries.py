"""What can be asked about territories: who holds them, and what falls into them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from dealwright.base.access.actor import Actor
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.credits.models import CreditEvent
from dealwright.compensation.dated_files import dated_csv
from dealwright.compensation.plans.definition import TERRITORY, bases_of
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.territories.models import TerritoryHolder

COLUMNS = ("territory", "payee", "start", "end", "share", "role")
LONGEST = 120


@dataclass(slots=True)
class TerritoryRow:
    """A territory with who holds it and how many events name it; ``loose`` of them lie on days
    on which nobody does."""

    name: str
    holders: list[TerritoryHolder] = field(default_factory=list)
    events: int = 0
    loose: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """An event in a territory, with the names of those who hold it on its day."""

    event: CreditEvent
    holders: Sequence[str]


def territory_fields() -> Sequence[str]:
    """The events' fields by which active plans find territories (``region``, say)."""
    found = set()
    for version in PlanVersion.objects.filter(
        activated_at__isnull=False, plan__archived_at__isnull=True, text__contains="territor"
    ):
        plan = read_plan(version.text)
        found |= {
            plan.credits[rule].by
            for basis in bases_of(plan)
            for rule in basis.rules
            if plan.credits[rule].source == TERRITORY
        }
    return sorted(found)


def list_territories(
    actor: Actor, first: date, last: date, *, search: str = ""
) -> Sequence[TerritoryRow]:
    """Every territory that somebody holds or an event of the days names."""
    require_pay_manager(actor)
    rows: dict[str, TerritoryRow] = {}
    for holder in TerritoryHolder.objects.select_related("user"):
        name = holder.territory
        rows.setdefault(name, TerritoryRow(name)).holders.append(holder)
    for by in territory_fields():
        column = f"attributes__{by}"
        counted = (
            _events(first, last)
            .exclude(Q(**{f"{column}__isnull": True}) | Q(**{column: ""}))
            .order_by()
            .values(column, "date")
            .annotate(count=Count("id"))
        )
        days: dict[str, Counter[date]] = defaultdict(Counter)
        for each in counted:
            if isinstance(each[column], str) and len(each[column]) <= LONGEST:
                days[each[column]][each["date"]] += each["count"]
        for name, counts in days.items():
            row = rows.setdefault(name, TerritoryRow(name))
            row.events += counts.total()
            row.loose += sum(count for day, count in counts.items() if not _on(row.holders, day))
    found = sorted(rows.values(), key=lambda row: row.name.casefold())
    return [row for row in found if search.casefold() in row.name.casefold()]


def events_in(
    actor: Actor, territory: str, first: date, last: date, *, start: int = 0, limit: int = 100
) -> tuple[Sequence[Placed], bool]:
    """The events of the days that name a territory, the newest first, and whether there are
    more."""
    require_pay_manager(actor)
    naming = Q(pk__in=[])
    for by in territory_fields():
        naming |= Q(**{f"attributes__{by}": territory})
    events = _events(first, last).filter(naming).order_by("-date", "key")
    found = list(events[start : start + limit + 1])
    holders = list(holders_of(territory))
    return [
        Placed(each, [holder.user.name for holder in _on(holders, each.date)])
        for each in found[:limit]
    ], len(found) > limit


def holders_of(territory: str) -> Sequence[TerritoryHolder]:
    return list(TerritoryHolder.objects.filter(territory=territory).select_related("user"))


def get_holder(actor: Actor, holder_id: Any) -> TerritoryHolder | None:
    require_pay_manager(actor)
    return TerritoryHolder.objects.select_related("user").filter(pk=holder_id).first()


def list_holders(
    actor: Actor, *, territory: str = "", start: int = 0, limit: int = 100
) -> Sequence[TerritoryHolder]:
    """Who holds territories, by territory and day."""
    require_pay_manager(actor)
    rows = TerritoryHolder.objects.select_related("user")
    if territory:
        rows = rows.filter(territory=territory)
    return list(rows.order_by("territory", "starts_on", "id")[start : start + limit])


def credited_by_territory(attributes: Mapping[str, Any], day: date) -> frozenset[UUID]:
    """Whom a plan may credit for an event with these fields on a day, whatever field it reads."""
    names = [each for each in attributes.values() if isinstance(each, str) and each]
    return frozenset(
        TerritoryHolder.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=day), territory__in=names, starts_on__lte=day
        ).values_list("user_id", flat=True)
    )


def territories_csv(actor: Actor) -> bytes:
    """Who holds what as the file that the import and ``comp calculate`` read; payees by e-mail."""
    require_pay_manager(actor)
    rows: Iterable[tuple[TerritoryHolder, User]] = (
        (each, each.user) for each in TerritoryHolder.objects.select_related("user")
    )
    return dated_csv(
        COLUMNS,
        (
            (each.territory, user.email, each.starts_on, each.ends_on, each.share, each.role)
            for each, user in rows
        ),
    )


def _events(first: date, last: date) -> Any:
    return CreditEvent.objects.filter(voided_at__isnull=True, date__range=(first, last))


def _on(holders: Iterable[TerritoryHolder], day: date) -> list[TerritoryHolder]:
    return [
        each
        for each in holders
        if each.starts_on <= day and (each.ends_on is None or each.ends_on >= day)
    ]
