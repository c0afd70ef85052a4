"""What sharing out goes by: what was credited, what is open, what people are to earn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_to
from dealwright.base.errors import Invalid
from dealwright.base.exchange_rates import rate_on
from dealwright.base.people.models import Team, User
from dealwright.compensation.bookings.services import BOOKING
from dealwright.compensation.planning.allocation import CENT, NOTHING
from dealwright.compensation.planning.models import PlanningRow, PlanningScenario
from dealwright.compensation.plans.models import PlanAssignment
from dealwright.crm.models import Opportunity

# Bookings by their direct shares: neither overlays nor payments that follow a booking.
_CREDITED = """
with credited as (
    select event.id, event.date, event.currency, event.key, event.title, event.object,
           event.record_id, coalesce(split.user_id, event.payee_id) as person_id,
           event.amount * coalesce(split.share, 1) as amount
      from compensation_creditevent event
      left join compensation_creditsplit split
        on split.event_id = event.id and split.kind = 'direct'
     where event.kind = %(kind)s and event.voided_at is null and event.reference_id is null
       and event.date between %(first)s and %(last)s
)
"""


def _values(scenario: PlanningScenario) -> dict[str, Any]:
    return {
        "kind": BOOKING,
        "first": scenario.history_starts_on,
        "last": scenario.history_ends_on,
    }


class Rates:
    """Amounts of other currencies in one, at the rates of a day; each is looked up once."""

    def __init__(self, currency: str, on: date) -> None:
        self.currency, self.on = currency, on
        self._known: dict[str, Decimal] = {currency: Decimal(1)}

    def convert(self, amount: Decimal, currency: str) -> Decimal:
        """In cents. Raises Invalid that names a missing rate."""
        if currency not in self._known:
            self._known[currency] = rate_on(currency, self.currency, self.on).rate
        return (amount * self._known[currency]).quantize(CENT, rounding=ROUND_HALF_UP)


def credited_by_person(scenario: PlanningScenario) -> dict[UUID, Decimal]:
    """What was booked in the days of history, by the direct shares of each person, in the
    scenario's currency at the rate of the last of these days. Raises Invalid."""
    rates = Rates(scenario.currency, scenario.history_ends_on)
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    with connection.cursor() as cursor:
        cursor.execute(
            _CREDITED + "select person_id, currency, sum(amount) from credited"
            " where person_id is not null group by 1, 2 order by 1, 2",
            _values(scenario),
        )
        for person_id, currency, amount in cursor.fetchall():
            found[person_id] += rates.convert(amount, currency)
    return dict(found)


def credited_by_month(scenario: PlanningScenario) -> list[Decimal]:
    """What was booked in the months of history that fall on the scenario's months, each by the
    month of the year: the season as it was."""
    rates = Rates(scenario.currency, scenario.history_ends_on)
    months: dict[int, Decimal] = defaultdict(Decimal)
    with connection.cursor() as cursor:
        cursor.execute(
            _CREDITED + "select extract(month from date)::int, currency, sum(amount) from credited"
            " group by 1, 2 order by 1, 2",
            _values(scenario),
        )
        for month, currency, amount in cursor.fetchall():
            months[month] += rates.convert(amount, currency)
    first, last = scenario.starts_on, scenario.ends_on
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [max(months[(first.month - 1 + at) % 12 + 1], NOTHING) for at in range(count)]


@dataclass(frozen=True, slots=True)
class Credited:
    """A person's share of a booking, in its own currency; the record is named where the reader
    may open it."""

    key: str
    title: str
    date: date
    amount: Decimal
    currency: str
    record_id: UUID | None


def credited_events(
    actor: Actor, scenario: PlanningScenario, people: Sequence[UUID], *, limit: int = 50
) -> tuple[list[Credited], int]:
    """The bookings behind the history of people, the largest first, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CREDITED
            + "select key, title, date, round(amount, 2), currency, record_id, count(*) over ()"
            " from credited where person_id = any(%(people)s)"
            " order by amount desc, key limit %(limit)s",
            _values(scenario) | {"people": list(people), "limit": limit},
        )
        rows = cursor.fetchall()
    seen = _may_open(actor, [row[5] for row in rows if row[5]])
    return [
        Credited(key, title, on, amount, currency, record_id if record_id in seen else None)
        for key, title, on, amount, currency, record_id, _count in rows
    ], rows[0][6] if rows else 0


def _may_open(actor: Actor, ids: Iterable[UUID]) -> set[UUID]:
    rows = Opportunity.objects.filter(pk__in=list(ids))
    if not actor.is_system:
        rows = rows.filter(visible_to(actor.require_user(), "opportunity"))
    return set(rows.values_list("pk", flat=True))


def pipeline_by_person(scenario: PlanningScenario, today: date) -> dict[UUID, Decimal]:
    """What open deals of each owner are worth by their probability, at today's rates."""
    rates = Rates(scenario.currency, today)
    found: dict[UUID, Decimal] = defaultdict(Decimal)
    for row in (
        Opportunity.objects.filter(status="open", owner__isnull=False, amount__isnull=False)
        .order_by()
        .values("owner", "currency")
        .annotate(worth=Sum("expected_revenue"))
    ):
        found[row["owner"]] += rates.convert(row["worth"] or NOTHING, row["currency"])
    return dict(found)


def open_deals(actor: Actor, people: Sequence[UUID], *, limit: int = 50) -> list[Mapping[str, Any]]:
    """The open deals of people that the actor may see, the largest first."""
    rows = Opportunity.objects.filter(status="open", owner__in=people, amount__isnull=False)
    if not actor.is_system:
        rows = rows.filter(visible_to(actor.require_user(), "opportunity"))
    return list(
        rows.order_by("-expected_revenue", "id").values(
            "id", "name", "amount", "currency", "probability", "expected_revenue", "close_date"
        )[:limit]
    )


def people_behind(rows: Iterable[PlanningRow], leaf_ids: set[UUID]) -> dict[UUID, list[UUID]]:
    """Row -> the people whose figures are its own: the person; of a position or a team with
    nothing below it, everybody who has it or is in it."""
    found: dict[UUID, list[UUID]] = {}
    teams = [row.team_id for row in rows if row.team_id and row.pk in leaf_ids]
    positions = [row.position for row in rows if row.position and row.pk in leaf_ids]
    members: dict[UUID, list[UUID]] = defaultdict(list)
    titled: dict[str, list[UUID]] = defaultdict(list)
    if teams:
        for team_id, user_id in Team.objects.filter(pk__in=teams).values_list("pk", "members"):
            if user_id is not None:
                members[team_id].append(user_id)
    if positions:
        for title, user_id in User.objects.filter(job_title__in=positions).values_list(
            "job_title", "pk"
        ):
            titled[title].append(user_id)
    for row in rows:
        if row.user_id is not None:
            found[row.pk] = [row.user_id]
        elif row.pk in leaf_ids:
            of_team = members[row.team_id] if row.team_id else []
            found[row.pk] = of_team or titled.get(row.position, [])
    return found


def target_pay(scenario: PlanningScenario, people: Iterable[UUID]) -> dict[UUID, Decimal]:
    """Salary and variable target of a year by the terms that hold at the scenario's first day
    (else the first that hold later in it), over all plans; people without terms are left out,
    and so are those in a currency without a rate."""
    rates = Rates(scenario.currency, scenario.starts_on)
    found: dict[UUID, Decimal] = {}
    taken: set[tuple[UUID, UUID]] = set()
    for each in (
        PlanAssignment.objects.filter(user__in=list(people), starts_on__lte=scenario.ends_on)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=scenario.starts_on))
        .select_related("plan")
        .order_by("user", "starts_on")
    ):
        if (each.user_id, each.plan_id) in taken:
            continue
        taken.add((each.user_id, each.plan_id))
        amount = (each.salary or NOTHING) + (each.target or NOTHING)
        if not amount:
            continue
        try:
            converted = rates.convert(amount, each.plan.currency)
        except Invalid:
            continue
        found[each.user_id] = found.get(each.user_id, NOTHING) + converted
    return found
