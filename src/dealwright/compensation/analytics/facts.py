"""The rows that analyses are made of: attainments, pay, targets, revenue. One statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from uuid import UUID

from django.db import connection

from dealwright.base.exchange_rates import rate_on
from dealwright.compensation.analytics.scope import Person, PlanFacts, Scope, periods_a_year
from dealwright.compensation.analytics.statistics import CENT
from dealwright.compensation.calculation.models import Attainment
from dealwright.compensation.ledger.models import Account
from dealwright.compensation.periods.models import PayPeriod

Standing = tuple[Decimal, Decimal]  # reached, quota
# Lines that move pay between accounts, or take back, without earning it.
SETTLING = (
    "hold",
    "release",
    "withheld",
    "released",
    "draw",
    "recovery",
    "forgiven",
    "owed",
    "repaid",
)


@dataclass(slots=True)
class Seat:
    """A person on a plan, with what was reached of the component that has the largest quota.

    ``standings`` are what was reached by the end of each period of the window's quota;
    ``reached`` and ``quota`` are of the whole range: each window counts once, as it stands at
    its last period in the range.
    """

    plan: PlanFacts
    person: Person
    component: str
    standings: Mapping[UUID, Standing]
    reached: Decimal
    quota: Decimal
    window: str

    @property
    def attainment(self) -> Decimal | None:
        """A fraction of quota, not rounded; None without a quota above zero."""
        return self.reached / self.quota if self.quota > 0 else None

    def year_quota(self, scope: Scope) -> Decimal:
        """The quota of the last window, for a whole year."""
        if not self.standings:
            return Decimal(0)
        last = max(self.standings, key=lambda each: scope.by_period[each].number)
        windows = {"period": periods_a_year(scope.calendar), "quarter": 4, "transaction": 0}
        times = windows.get(self.window, 1) or periods_a_year(scope.calendar)
        return self.standings[last][1] * times


def seats(
    scope: Scope,
    people: Mapping[UUID, Person] | None = None,
    plans: Mapping[UUID, PlanFacts] | None = None,
) -> list[Seat]:
    """Every person on every plan of the scope that has a quota, by name.

    Other ``people`` and ``plans`` may take the place of the scope's; the caller sees to it
    that what is shown of them may be seen.
    """
    people = scope.people if people is None else people
    plans = scope.plans if plans is None else plans
    rows: dict[tuple[UUID, UUID], dict[str, dict[UUID, Standing]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for plan_id, person_id, period_id, component, reached, quota in Attainment.objects.filter(
        plan_id__in=list(plans), payee_id__in=list(people), period_id__in=scope.period_ids
    ).values_list("plan_id", "payee_id", "period_id", "component", "reached", "quota"):
        rows[plan_id, person_id][component][period_id] = (reached, quota)
    found = []
    for (plan_id, person_id), components in rows.items():
        person = people[person_id]
        component = min(
            components,
            key=lambda each: (-max(quota for _, quota in components[each].values()), each),
        )
        plan = plans[plan_id]
        window = plan.windows.get(component, "period")
        reached, quota = _whole_range(scope, components[component], window)
        found.append(Seat(plan, person, component, components[component], reached, quota, window))
    return sorted(found, key=lambda each: (each.person.name, str(each.person.id), each.plan.name))


def _whole_range(scope: Scope, standings: Mapping[UUID, Standing], window: str) -> Standing:
    last: dict[int, tuple[int, Standing]] = {}
    for period_id, standing in standings.items():
        period = scope.by_period[period_id]
        number = scope.window_of(period, window)
        if number not in last or period.number > last[number][0]:
            last[number] = (period.number, standing)
    return (
        sum((standing[0] for _, standing in last.values()), Decimal(0)),
        sum((standing[1] for _, standing in last.values()), Decimal(0)),
    )


@dataclass(frozen=True, slots=True)
class Paid:
    """Variable pay of a person on a plan by one component, earned in a period."""

    plan_id: UUID
    person_id: UUID
    component: str
    period_id: UUID
    amount: Decimal


def variable_pay(scope: Scope) -> list[Paid]:
    """What the ledger booked as expense for the range: all that was earned by selling, what is
    held back or withheld included, adjustments by hand as well; without fixed pay, draws and
    rewards."""
    without = {
        (plan.id, component) for plan in scope.plans.values() for component in plan.not_variable
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "select plan_id, payee_id, component, earned_period_id, sum(amount)"
            " from compensation_posting where account = %s and plan_id = any(%s)"
            " and payee_id = any(%s) and earned_period_id = any(%s)"
            " group by plan_id, payee_id, component, earned_period_id having sum(amount) <> 0",
            [Account.EXPENSE, scope.plan_ids, scope.person_ids, scope.period_ids],
        )
        return [Paid(*row) for row in cursor.fetchall() if (row[0], row[2]) not in without]


def pay_of_seats(paid: Iterable[Paid]) -> Mapping[tuple[UUID, UUID], Decimal]:
    """(plan, person) -> variable pay."""
    sums: dict[tuple[UUID, UUID], Decimal] = defaultdict(Decimal)
    for each in paid:
        sums[each.plan_id, each.person_id] += each.amount
    return sums


def targets(scope: Scope) -> Mapping[tuple[UUID, UUID], Decimal]:
    """(plan, person) -> target pay of the range: each period's part of the year, by the days on
    the plan; only of those who have a target."""
    sums: dict[tuple[UUID, UUID], Decimal] = defaultdict(Decimal)
    share = Decimal(periods_a_year(scope.calendar))
    for each in scope.terms:
        if each.target is None or each.plan_id not in scope.plans:
            continue
        if each.person_id not in scope.people:
            continue
        for period in scope.periods:
            first = max(each.starts_on, period.starts_on)
            last = min(each.ends_on or period.ends_on, period.ends_on)
            days, whole = (last - first).days + 1, (period.ends_on - period.starts_on).days + 1
            if days > 0:
                sums[each.plan_id, each.person_id] += each.target * days / (share * whole)
    return {key: value.quantize(CENT, rounding=ROUND_HALF_UP) for key, value in sums.items()}


@dataclass(frozen=True, slots=True)
class Revenue:
    """Credited revenue of a person on a plan: events of one product in one period.

    ``first`` is False where another plan of the same person counts the same events.
    """

    plan_id: UUID
    person_id: UUID
    period_id: UUID
    product: str
    first: bool
    amount: Decimal
    events: int


_CREDITED = """
with counted as (
    select kind.plan_id, event.id, event.date, event.amount, event.currency,
           coalesce(event.attributes ->> 'product', '') as product,
           coalesce(split.user_id, event.payee_id) as person_id, coalesce(split.share, 1) as share
      from unnest(%(kind_plans)s::uuid[], %(kinds)s::text[]) as kind (plan_id, kind)
      join compensation_creditevent event on event.kind = kind.kind
      left join compensation_creditsplit split
        on split.event_id = event.id and split.kind = 'direct'
     where event.voided_at is null and event.date between %(first)s and %(last)s
       and not exists (
           select 1 from compensation_creditevent before
             join unnest(%(kind_plans)s::uuid[], %(kinds)s::text[]) as own (plan_id, kind)
               on own.plan_id = kind.plan_id and own.kind = before.kind
            where before.id = event.reference_id and before.voided_at is null)),
credited as (
    select counted.*, row_number() over (partition by counted.id, counted.person_id
                                         order by counted.plan_id) = 1 as is_first
      from counted
     where person_id = any(%(people)s)
       and exists (select 1 from compensation_planassignment terms
                    where terms.plan_id = counted.plan_id and terms.user_id = counted.person_id
                      and terms.starts_on <= counted.date
                      and (terms.ends_on is null or terms.ends_on >= counted.date)))
"""


def _credited_values(scope: Scope) -> dict[str, Any]:
    pairs = [(plan.id, kind) for plan in scope.plans.values() for kind in plan.money_kinds]
    return {
        "kind_plans": [plan_id for plan_id, _ in pairs],
        "kinds": [kind for _, kind in pairs],
        "first": scope.first,
        "last": scope.last,
        "people": scope.person_ids,
        "periods": scope.period_ids,
    }


def credited_revenue(scope: Scope) -> list[Revenue]:
    """What was sold by the people of the scope, each by the direct share.

    An event counts by its own amount, once, on its own day: neither overlays nor what rolls up
    to managers, nor what follows an event that counts already (a payment of a booking). Other
    currencies are converted at the rate of the period's last day; raises Invalid that names a
    missing one.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _CREDITED
            + "select plan_id, person_id, period.id, product, is_first, credited.currency,"
            " sum(amount * share), count(*) from credited"
            " join compensation_payperiod period on period.id = any(%(periods)s)"
            " and credited.date between period.starts_on and period.ends_on"
            " group by 1, 2, 3, 4, 5, 6",
            _credited_values(scope),
        )
        rows = cursor.fetchall()
    rates: dict[tuple[str, UUID], Decimal] = {}
    found = []
    for plan_id, person_id, period_id, product, first, currency, amount, events in rows:
        if (currency, period_id) not in rates:
            rates[currency, period_id] = _rate(scope, currency, scope.by_period[period_id])
        value = (amount * rates[currency, period_id]).quantize(CENT, rounding=ROUND_HALF_UP)
        found.append(Revenue(plan_id, person_id, period_id, product, first, value, events))
    return found


def _rate(scope: Scope, currency: str, period: PayPeriod) -> Decimal:
    if currency == scope.currency:
        return Decimal(1)
    return rate_on(currency, scope.currency, period.ends_on).rate


def credited_events(
    scope: Scope, *, limit: int = 500, **where: Any
) -> tuple[list[dict[str, Any]], int]:
    """The events behind credited revenue, the largest first, and how many there are; ``where``
    narrows by ``plan_id``, ``person_ids``, ``product`` or ``period_id``."""
    narrow = {
        "plan_id": " and plan_id = %(plan_id)s",
        "person_ids": " and person_id = any(%(person_ids)s)",
        "product": " and product = %(product)s",
        "period_id": " and period.id = %(period_id)s",
    }
    condition = "".join(narrow[key] for key in where) + (
        "" if "plan_id" in where else " and is_first"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _CREDITED
            + "select event.id, event.key, event.title, event.date, event.object, event.record_id,"
            " event.currency, credited.amount * credited.share, credited.person_id, product,"
            " count(*) over ()"
            " from credited join compensation_creditevent event on event.id = credited.id"
            " join compensation_payperiod period on period.id = any(%(periods)s)"
            " and credited.date between period.starts_on and period.ends_on"
            f" where true{condition} order by 8 desc, event.key limit {limit:d}",
            _credited_values(scope) | where,
        )
        names = [each[0] for each in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["amount"] = row.pop("?column?").quantize(CENT, rounding=ROUND_HALF_UP)
    return rows, rows[0]["count"] if rows else 0


@dataclass(frozen=True, slots=True)
class BandPay:
    """What one band paid a person: lines of deals that were paid part by part.

    ``above`` says whether the band starts at the quota or above it; ``base`` is the credited
    amount in it, ``base_rate`` the rate of the band just below the quota.
    """

    plan_id: UUID
    person_id: UUID
    component: str
    kind: Literal["band", "target"]
    rate: Decimal
    above: bool
    base: Decimal
    payout: Decimal
    base_rate: Decimal | None

    @property
    def extra(self) -> Decimal:
        """What the band paid above the base rate."""
        if not self.above or self.base_rate is None or not self.rate:
            return Decimal(0)
        return (self.payout - self.payout * self.base_rate / self.rate).quantize(
            CENT, rounding=ROUND_HALF_UP
        )


def band_pay(scope: Scope) -> list[BandPay]:
    """Pay by bands of a quota: where credits are paid marginally, each part at its own rate."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select line.plan_id, line.payee_id, line.component, line.kind, line.rate,"
            " line.low >= attained.quota as above, run.version_id,"
            " sum(line.sign * line.base), sum(line.sign * line.payout)"
            " from compensation_runline line"
            " join compensation_calculationrun run on run.id = line.run_id"
            " join compensation_attainment attained on attained.plan_id = line.plan_id"
            " and attained.payee_id = line.payee_id and attained.component = line.component"
            " and attained.period_id = line.earned_period_id and attained.quota > 0"
            " where line.plan_id = any(%s) and line.payee_id = any(%s)"
            " and line.earned_period_id = any(%s) and line.kind in ('band', 'target')"
            " and line.event_id is not null"
            " group by 1, 2, 3, 4, 5, 6, 7",
            [scope.plan_ids, scope.person_ids, scope.period_ids],
        )
        rows = cursor.fetchall()
    return [
        BandPay(
            plan_id,
            person_id,
            component,
            kind,
            rate,
            above,
            base,
            payout,
            _base_rate(scope.plans[plan_id], version_id, component),
        )
        for plan_id, person_id, component, kind, rate, above, version_id, base, payout in rows
        if base or payout
    ]


def _base_rate(plan: PlanFacts, version_id: UUID, component: str) -> Decimal | None:
    """The rate of the band just below the full quota; None where no band lies below it."""
    text = plan.versions.get(version_id)
    bands = getattr(text.component(component) if text else None, "bands", ())
    below = [each for each in bands if each.threshold < 1]
    return below[-1].value if below else None
