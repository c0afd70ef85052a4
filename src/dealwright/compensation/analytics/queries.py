"""Leaderboards and distributions: questions to what was calculated, never a second calculation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.base.access.actor import Actor
from dealwright.compensation.access import payee_ids
from dealwright.compensation.calculation.models import Attainment
from dealwright.compensation.periods.models import PayPeriod

BUCKETS = tuple(Decimal(each) for each in ("0.25", "0.5", "0.75", "1", "1.25", "1.5"))


@dataclass(frozen=True, slots=True)
class Standing:
    """One place on the leaderboard.

    ``attainment`` is a fraction of quota, None without a quota. ``payout`` is None where the
    viewer may not see that person's pay. Ties share a place.
    """

    place: int
    user_id: UUID
    name: str
    region: str
    reached: Decimal
    quota: Decimal
    attainment: Decimal | None
    payout: Decimal | None
    currency: str


_LEADERBOARD = """
with attained as (
    select payee_id, sum(reached) as reached, sum(quota) as quota from (
        select distinct on (plan_id, payee_id) plan_id, payee_id, reached, quota
          from compensation_attainment where period_id = %(period)s
         order by plan_id, payee_id, quota desc, component) first
     group by payee_id),
paid as (
    select payee_id, -sum(amount) as payout, min(currency) as currency
      from compensation_posting
     where posted_period_id = %(period)s and account = 'payable' and kind <> 'payment'
     group by payee_id)
select person.id, person.name, person.region, coalesce(attained.reached, 0),
       coalesce(attained.quota, 0), coalesce(paid.payout, 0), coalesce(paid.currency, '')
  from base_user person
  left join attained on attained.payee_id = person.id
  left join paid on paid.payee_id = person.id
 where (attained.payee_id is not null or paid.payee_id is not null)
   and (%(region)s = '' or person.region = %(region)s)
"""


def leaderboard(
    actor: Actor, period: PayPeriod, *, by: str = "attainment", region: str = "", limit: int = 100
) -> Sequence[Standing]:
    """Who stands where in a period, ``by`` "attainment", "reached" or "payout".

    Everybody may see places and attainments; payouts only of people whose pay the actor may
    see, so a board by payout holds only those.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEADERBOARD, {"period": period.pk, "region": region})
        rows = cursor.fetchall()
    visible = payee_ids(actor)
    found = []
    for user_id, name, region_, reached, quota, payout, currency in rows:
        may_see = visible is None or user_id in visible
        if by == "payout" and not may_see:
            continue
        found.append(
            Standing(
                place=0,
                user_id=user_id,
                name=name,
                region=region_,
                reached=reached,
                quota=quota,
                attainment=(reached / quota).quantize(Decimal("0.0001")) if quota else None,
                payout=payout if may_see else None,
                currency=currency,
            )
        )
    return _placed(found, by)[:limit]


def _placed(rows: Sequence[Standing], by: str) -> list[Standing]:
    def worth(row: Standing) -> Decimal:
        value: Decimal | None = getattr(row, by)
        return value if value is not None else Decimal(-1)

    ordered = sorted(rows, key=lambda row: (-worth(row), row.name, str(row.user_id)))
    placed: list[Standing] = []
    for index, row in enumerate(ordered):
        same = placed and worth(placed[-1]) == worth(row)
        placed.append(replace(row, place=placed[-1].place if same else index + 1))
    return placed


def attainment_distribution(actor: Actor, period: PayPeriod) -> Sequence[tuple[str, int]]:
    """How many payees whose pay the actor may see lie in each bucket of attainment."""
    visible = payee_ids(actor)
    values = [
        row.attainment
        for row in leaderboard(actor, period, limit=1_000_000)
        if row.attainment is not None and (visible is None or row.user_id in visible)
    ]
    edges = [Decimal(0), *BUCKETS]
    counted = []
    for low, high in zip(edges, [*BUCKETS, None], strict=True):
        label = f"{low:.0%}–{high:.0%}" if high is not None else f"over {low:.0%}"
        counted.append(
            (label, sum(low <= value and (high is None or value < high) for value in values))
        )
    return counted


@dataclass(frozen=True, slots=True)
class Earned:
    """What a payee's deals of some days pay, and how many deals they are."""

    user_id: UUID
    amount: Decimal
    deals: int


def commission_between(actor: Actor, since: date, until: date, currency: str) -> Sequence[Earned]:
    """Per payee what the deals of these days (both included) pay now, in one currency; only
    of payees whose pay the actor may see."""
    visible = payee_ids(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "select line.payee_id, sum(line.sign * line.payout), count(distinct line.event_id)"
            " from compensation_runline line"
            " join compensation_creditevent event on event.id = line.event_id"
            " join compensation_compensationplan plan on plan.id = line.plan_id"
            " where event.date between %s and %s and plan.currency = %s"
            " and line.kind not in ('hold', 'release', 'clawback')"
            " and (%s or line.payee_id = any(%s))"
            " group by line.payee_id having sum(line.sign * line.payout) <> 0",
            [since, until, currency, visible is None, list(visible or ())],
        )
        return [Earned(*row) for row in cursor.fetchall()]


def attainment_on(actor: Actor, day: date) -> Sequence[tuple[UUID, Decimal]]:
    """Per payee the attainment of the pay period of a day, as a fraction of quota."""
    period = current_period(day)
    if period is None:
        return []
    return [
        (row.user_id, row.attainment)
        for row in leaderboard(actor, period, limit=1_000_000)
        if row.attainment is not None
    ]


def current_period(today: date, calendar: str = "") -> PayPeriod | None:
    """The period of a day that has something to show: of the longest calendar that is used,
    or of the one asked for; else the latest there is."""
    rows: Any = PayPeriod.objects.filter(pk__in=_with_results())
    if calendar:
        rows = rows.filter(calendar=calendar)
    found: PayPeriod | None = (
        rows.filter(starts_on__lte=today, ends_on__gte=today).order_by("starts_on").first()
        or rows.filter(ends_on__lt=today).order_by("-ends_on").first()
        or rows.order_by("starts_on").first()
    )
    return found


def _with_results() -> Any:
    return Attainment.objects.values("period_id")
