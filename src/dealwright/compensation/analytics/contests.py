"""Who won which contest: places, ties and prizes as the calculation's own lines have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.base.access.actor import Actor
from dealwright.base.errors import NotFound
from dealwright.compensation.access import payee_ids
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.english import Clause, clause_of
from dealwright.compensation.plans.models import PlanAssignment, PlanVersion
from dealwright.compensation.plans.reading import read_plan


@dataclass(frozen=True, slots=True)
class ContestRow:
    """A contest of a plan that is over in a period."""

    plan_id: UUID
    plan: str
    component: str
    label: str
    period_id: UUID
    period: str
    ended_on: date
    winners: int

    @property
    def url(self) -> str:
        return f"/compensation/contests/{self.plan_id}/{self.component}/{self.period_id}"


@dataclass(frozen=True, slots=True)
class ContestPlace:
    """A winner. ``group`` is the team or manager it was won with; ``score`` what was ranked;
    ``pot`` the prize of the place, ``prize`` this person's part, None where the reader may not
    see it. Equal scores share a place."""

    place: int
    user_id: UUID
    name: str
    group: str
    score: Decimal
    pot: Decimal
    prize: Decimal | None
    shared: bool
    line_id: int


@dataclass(frozen=True, slots=True)
class ContestStanding:
    """Everybody who won something, with the clause that says how."""

    row: ContestRow
    unit: str  # the currency, or what is given in place of money
    is_money: bool
    clause: Clause | None
    places: Sequence[ContestPlace]


# Lines that hold now: those whose signs sum to one or more under their content address.
_PRIZES = """
with net as (
    select hash, sum(sign) as times, max(id) as id from compensation_runline
     where kind = 'prize' and (%(all)s or plan_id = any(%(plans)s))
       and (%(plan)s::uuid is null or plan_id = %(plan)s) and (%(component)s = ''
            or component = %(component)s) and (%(period)s::uuid is null
            or earned_period_id = %(period)s)
     group by plan_id, hash having sum(sign) > 0)
"""


def _visible_plans(actor: Actor) -> tuple[bool, list[UUID]]:
    """The plans whose contests somebody may read: those the reader is or was on, and those of
    people whose pay the reader may see."""
    visible = payee_ids(actor)
    if visible is None:
        return True, []
    rows = PlanAssignment.objects.filter(user_id__in=visible)
    return False, list(rows.values_list("plan_id", flat=True).distinct())


def list_contests(actor: Actor, limit: int = 60) -> list[ContestRow]:
    """Contests that are over and paid somebody, the latest first."""
    everything, plans = _visible_plans(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            _PRIZES + "select line.plan_id, plan.name, line.component, period.id, period.label,"
            " period.ends_on, count(*), max(run.version_id::text)::uuid"
            " from net join compensation_runline line on line.id = net.id"
            " join compensation_calculationrun run on run.id = line.run_id"
            " join compensation_compensationplan plan on plan.id = line.plan_id"
            " join compensation_payperiod period on period.id = line.earned_period_id"
            " group by 1, 2, 3, 4, 5, 6 order by period.ends_on desc, plan.name, line.component"
            f" limit {limit:d}",
            {"all": everything, "plans": plans, "plan": None, "component": "", "period": None},
        )
        found = cursor.fetchall()
    texts = _texts({each[-1] for each in found})
    return [
        ContestRow(
            plan_id, plan, component, _label(texts[version], component), period_id, period, *rest
        )
        for plan_id, plan, component, period_id, period, *rest, version in found
    ]


def contest_standing(actor: Actor, plan_id: Any, component: str, period_id: Any) -> ContestStanding:
    """Places and prizes of one contest. Who is on the plan sees places and scores of all, and
    prizes of those whose pay may be seen; raises NotFound for everybody else and where nobody
    won anything."""
    everything, plans = _visible_plans(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            _PRIZES + "select line.id, line.band, line.payee_id, person.name, line.role, via.name,"
            " line.base, line.high, net.times * line.payout, plan.name, period.label,"
            " period.ends_on, run.version_id, plan.currency"
            " from net join compensation_runline line on line.id = net.id"
            " join compensation_calculationrun run on run.id = line.run_id"
            " join base_user person on person.id = line.payee_id"
            " left join base_user via on via.id = line.via_id"
            " join compensation_compensationplan plan on plan.id = line.plan_id"
            " join compensation_payperiod period on period.id = line.earned_period_id"
            " order by line.band, person.name, line.id",
            {
                "all": everything,
                "plans": plans,
                "plan": plan_id,
                "component": component,
                "period": period_id,
            },
        )
        found = cursor.fetchall()
    if not found:
        raise NotFound("This contest does not exist, or nobody has won it yet.")
    visible = payee_ids(actor)
    *_line, plan, period, ended_on, version, currency = found[0]
    text = _texts({version})[version]
    known = text.component(component)
    reward = known.reward if known is not None else None
    # People of one team have one place; a place is shared where there are several contestants.
    contestants = Counter(
        place for place, _who in {(row[1], row[4] or row[5] or row[2]) for row in found}
    )
    places = [
        ContestPlace(
            place=place,
            user_id=user_id,
            name=name,
            group=role or via or "",
            score=score,
            pot=pot,
            prize=prize if visible is None or user_id in visible else None,
            shared=contestants[place] > 1,
            line_id=line_id,
        )
        for line_id, place, user_id, name, role, via, score, pot, prize, *_rest in found
    ]
    row = ContestRow(
        plan_id,
        plan,
        component,
        _label(text, component),
        period_id,
        period,
        ended_on,
        len(places),
    )
    unit = reward.unit if reward is not None else currency
    return ContestStanding(row, unit, reward is None, clause_of(text, component), places)


def _texts(ids: set[UUID]) -> dict[UUID, Plan]:
    return {
        version.pk: read_plan(version.text) for version in PlanVersion.objects.filter(pk__in=ids)
    }


def _label(text: Plan, component: str) -> str:
    known = text.component(component)
    return known.label if known is not None else component
