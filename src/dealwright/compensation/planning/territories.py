"""Territories of a scenario: what each is worth, who would hold it, and the balance between
holders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.bookings.services import BOOKING
from dealwright.compensation.planning.allocation import CENT
from dealwright.compensation.planning.figures import Rates
from dealwright.compensation.planning.models import PlannedTerritory, PlanningScenario
from dealwright.compensation.planning.services import note, opened
from dealwright.compensation.planning.statistics import variation
from dealwright.compensation.territories.models import TerritoryHolder
from dealwright.compensation.territories.queries import LONGEST, territory_fields
from dealwright.crm.models import Opportunity

# Where a booked deal takes these fields from, so that open deals can be told by them as well.
OPEN_DEALS = {
    "region": "owner__region",
    "account": "account__name",
    "product": "product__name",
    "deal_kind": "kind",
    "lead_source": "lead_source",
}


@dataclass(slots=True)
class Worth:
    """What falls into a territory: distinct accounts and won value of the days of history, and
    open deals by their probability (None where the field is not one of open deals)."""

    name: str
    accounts: int = 0
    won: Decimal = Decimal(0)
    pipeline: Decimal | None = None
    now: list[TerritoryHolder] = field(default_factory=list)
    planned: User | None = None

    @property
    def after(self) -> Sequence[tuple[User, Decimal]]:
        """Who would hold it with which share."""
        if self.planned is not None:
            return [(self.planned, Decimal(1))]
        return self.before

    @property
    def before(self) -> Sequence[tuple[User, Decimal]]:
        return [(each.user, each.share) for each in self.now]


@dataclass(slots=True)
class Held:
    """What a person holds, before and after: number, won value and pipeline by the shares."""

    user: User
    count: list[int] = field(default_factory=lambda: [0, 0])
    won: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])
    pipeline: list[Decimal] = field(default_factory=lambda: [Decimal(0), Decimal(0)])


@dataclass(frozen=True, slots=True)
class Balance:
    """Territories and holders; ``spread`` is the coefficient of variation of the won value of
    holders before and after: the lower, the more alike. ``fields`` are the events' fields by
    which plans find territories."""

    territories: Sequence[Worth]
    holders: Sequence[Held]
    spread: tuple[Decimal | None, Decimal | None]
    fields: Sequence[str]


def territory_balance(actor: Actor, scenario: PlanningScenario) -> Balance:
    """What each territory is worth, and how even it makes the holders."""
    require_pay_manager(actor)
    fields = territory_fields()
    worth: dict[str, Worth] = {}
    for by in fields or ["region"]:
        _add_won(scenario, by, worth)
        _add_pipeline(scenario, by, worth)
    day = scenario.starts_on
    for holder in (
        TerritoryHolder.objects.filter(starts_on__lte=day)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))
        .select_related("user")
    ):
        worth.setdefault(holder.territory, Worth(holder.territory)).now.append(holder)
    for planned in scenario.territories.select_related("user"):
        worth.setdefault(planned.territory, Worth(planned.territory)).planned = planned.user
    rows = sorted(worth.values(), key=lambda each: each.name.casefold())
    holders = _holders(rows)
    return Balance(
        rows,
        holders,
        (
            variation([each.won[0] for each in holders if each.count[0]]),
            variation([each.won[1] for each in holders if each.count[1]]),
        ),
        fields,
    )


def plan_territory(
    actor: Actor, scenario_id: Any, territory: str, user: User | None, *, reason: str = ""
) -> None:
    """Let a person hold a territory from the scenario's first day on; None leaves it with
    whoever holds it. Raises Invalid."""
    require_pay_manager(actor)
    territory = territory.strip()
    if not territory or len(territory) > LONGEST:
        said = _("Name the territory in at most 120 characters.")
        raise Invalid(said, fields={"territory": [said]})
    with change(actor):
        scenario = opened(actor, scenario_id)
        before = scenario.territories.select_related("user").filter(territory=territory).first()
        if (before.user_id if before else None) == (user.pk if user else None):
            return
        if user is None and before is not None:
            before.delete()
        elif user is not None:
            PlannedTerritory.objects.update_or_create(
                scenario=scenario, territory=territory, defaults={"user": user}
            )
        note(
            actor,
            scenario,
            "territory",
            before=f"{territory}: {before.user.name if before else ''}",
            after=user.name if user else "",
            reason=reason,
        )


def _add_won(scenario: PlanningScenario, by: str, worth: dict[str, Worth]) -> None:
    rates = Rates(scenario.currency, scenario.history_ends_on)
    days: list[Any] = [BOOKING, scenario.history_starts_on, scenario.history_ends_on]
    living = (
        " from compensation_creditevent where kind = %s and voided_at is null"
        " and date between %s and %s and jsonb_typeof(attributes -> %s) = 'string'"
        " and length(attributes ->> %s) between 1 and %s group by 1"
    )
    named: list[Any] = [by, by, LONGEST]
    with connection.cursor() as cursor:
        cursor.execute(
            "select attributes ->> %s, currency, sum(amount)" + living + ", 2 order by 1, 2",
            [by, *days, *named],
        )
        for name, currency, amount in cursor.fetchall():
            worth.setdefault(name, Worth(name)).won += rates.convert(amount, currency)
        cursor.execute(
            "select attributes ->> %s, count(distinct nullif(attributes ->> 'account', ''))"
            + living,
            [by, *days, *named],
        )
        for name, count in cursor.fetchall():
            worth.setdefault(name, Worth(name)).accounts += count


def _add_pipeline(scenario: PlanningScenario, by: str, worth: dict[str, Worth]) -> None:
    column = OPEN_DEALS.get(by)
    if column is None:
        return
    rates = Rates(scenario.currency, timezone.localdate())
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in (
        Opportunity.objects.filter(status="open", amount__isnull=False)
        .order_by()
        .values(column, "currency")
        .annotate(worth=Sum("expected_revenue"))
    ):
        name = row[column]
        if name and len(name) <= LONGEST:
            found[name] += rates.convert(row["worth"] or Decimal(0), row["currency"])
    for name, amount in found.items():
        row_of = worth.setdefault(name, Worth(name))
        row_of.pipeline = (row_of.pipeline or Decimal(0)) + amount


def _holders(rows: Sequence[Worth]) -> list[Held]:
    held: dict[UUID, Held] = {}
    for row in rows:
        for at, holders in enumerate((row.before, row.after)):
            for user, share in holders:
                each = held.setdefault(user.pk, Held(user))
                each.count[at] += 1
                each.won[at] += (row.won * share).quantize(CENT)
                each.pipeline[at] += ((row.pipeline or Decimal(0)) * share).quantize(CENT)
    return sorted(held.values(), key=lambda each: (each.user.name, str(each.user.pk)))
