"""How far pay reaches: what the best earn, who meets a cap, windfalls, accelerators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from dealwright.compensation.analytics.facts import (
    Seat,
    band_pay,
    pay_of_seats,
    seats,
    targets,
    variable_pay,
)
from dealwright.compensation.analytics.grouping import SHOWN, lines_table
from dealwright.compensation.analytics.report import Cell, Column, Figure, Report, Table
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.statistics import ratio

Behind = dict[str, Callable[[], Table]]
Key = tuple[UUID, UUID]  # plan, person


def report(scope: Scope) -> Report:
    """The top tenth against target, caps met, windfall deals and the cost of accelerators."""
    paid = pay_of_seats(variable_pay(scope))
    goals = targets(scope)
    everyone = seats(scope)
    behind: Behind = {}
    decile = _top_decile(scope, paid, goals, behind)
    capped = _capped(scope)
    payees = {person for (_plan, person), amount in paid.items() if amount} | set(capped)
    windfalls = _windfalls(scope, everyone)
    accelerators = _accelerators(scope, behind)
    extra = sum((row[3].value for row in accelerators.rows), Decimal(0))
    total = sum(paid.values(), Decimal(0))
    behind |= {
        "capped": lambda: lines_table(
            scope, _("Cut by a cap"), "line.kind in ('cap', 'withheld') and line.payout < 0"
        ),
        "windfalls": lambda: windfalls,
        "accelerators": lambda: accelerators,
    }
    cut = sum(capped.values(), Decimal(0))
    return Report(
        figures=[
            *decile,
            Figure(
                "capped",
                _("Payees at a cap"),
                ratio(len(capped), len(payees)),
                "percent",
                help=_("%(count)s of %(all)s; %(cut)s cut")
                % {"count": len(capped), "all": len(payees), "cut": f"{-cut:,.2f}"},
                opens="capped",
            ),
            Figure("windfalls", _("Windfall deals"), windfalls.total, opens="windfalls"),
            Figure(
                "accelerators",
                _("Cost of accelerators"),
                extra,
                "money",
                help=_("%(share)s of variable pay")
                % {"share": f"{(ratio(extra, total) or Decimal(0)) * 100:.1f}%"},
                opens="accelerators",
            ),
        ],
        tables=[_pay_to_target(scope, paid, goals), windfalls, accelerators],
        definitions=[
            _(
                "Target pay of the range is each period's part of the yearly target, by the days "
                "on the plan. The top tenth are those with the most pay over target, rounded up."
            ),
            _("At a cap is who lost pay to one in the range, or has it withheld."),
            _(
                "A windfall is a single credit above the given part of a year's quota: the quota "
                "of the last period here, times the periods or quarters of a year."
            ),
            _(
                "The cost of accelerators is what bands at the quota or above it paid beyond the "
                "rate of the band just below the quota, where a plan pays part by part."
            ),
        ],
        behind=behind,
    )


def _ratios(
    paid: Mapping[Key, Decimal], goals: Mapping[Key, Decimal]
) -> list[tuple[Key, Decimal, Decimal]]:
    """(seat, pay, target), the most pay over target first."""
    found = [(key, paid.get(key, Decimal(0)), goal) for key, goal in goals.items() if goal > 0]
    return sorted(found, key=lambda each: (-each[1] / each[2], str(each[0])))


def _top_decile(
    scope: Scope, paid: Mapping[Key, Decimal], goals: Mapping[Key, Decimal], behind: Behind
) -> list[Figure]:
    found = _ratios(paid, goals)
    top = found[: -(-len(found) // 10)]
    behind["top"] = lambda: _target_table(scope, _("The top tenth"), "rows", top)
    behind["targets"] = lambda: _target_table(scope, _("Pay and target"), "rows", found)
    return [
        Figure(
            "top",
            _("Top tenth of target"),
            ratio(
                sum((pay for _key, pay, _goal in top), Decimal(0)),
                sum((goal for _key, _pay, goal in top), Decimal(0)),
            ),
            "percent",
            help=_("%(count)s of %(all)s with a target") % {"count": len(top), "all": len(found)},
            opens="top",
        ),
        Figure(
            "all",
            _("All of target"),
            ratio(
                sum((pay for _key, pay, _goal in found), Decimal(0)),
                sum((goal for _key, _pay, goal in found), Decimal(0)),
            ),
            "percent",
            opens="targets",
        ),
    ]


def _pay_to_target(
    scope: Scope, paid: Mapping[Key, Decimal], goals: Mapping[Key, Decimal]
) -> Table:
    return _target_table(scope, _("Pay and target"), "targets", _ratios(paid, goals))


def _target_table(
    scope: Scope, title: str, key: str, found: list[tuple[Key, Decimal, Decimal]]
) -> Table:
    return Table(
        key,
        title,
        [
            Column("name", _("Name")),
            Column("plan", _("Plan")),
            Column("pay", _("Variable pay"), "money"),
            Column("target", _("Target"), "money"),
            Column("of_target", _("Of target"), "percent"),
        ],
        [
            [
                Cell(scope.people[person].name, scope.statement_url(person)),
                Cell(scope.plans[plan].name, f"/compensation/plans/{plan}"),
                Cell(pay, scope.statement_url(person)),
                Cell(goal),
                Cell(pay / goal),
            ]
            for (plan, person), pay, goal in found
        ],
        total=len(found),
    )


def _capped(scope: Scope) -> Mapping[UUID, Decimal]:
    """Payee -> what caps cut or withhold of the range, below zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select payee_id, sum(sign * payout) from compensation_runline"
            " where plan_id = any(%s) and payee_id = any(%s) and earned_period_id = any(%s)"
            " and kind in ('cap', 'withheld') group by payee_id having sum(sign * payout) < 0",
            [scope.plan_ids, scope.person_ids, scope.period_ids],
        )
        return dict(cursor.fetchall())


_WINDFALLS = """
with yearly as (
    select * from unnest(%(plans)s::uuid[], %(people)s::uuid[], %(quotas)s::numeric[])
        as seat (plan_id, payee_id, quota)),
credited as (
    select line.plan_id, line.payee_id, line.event_id, line.component, line.hash,
           max(line.credit) as credit, max(line.id) as id
      from compensation_runline line
      join yearly on yearly.plan_id = line.plan_id and yearly.payee_id = line.payee_id
     where line.earned_period_id = any(%(periods)s) and line.event_id is not null
       and line.via_id is null and line.credit > yearly.quota * %(share)s
     group by 1, 2, 3, 4, 5 having sum(line.sign) > 0),
deals as (
    select distinct on (plan_id, payee_id, event_id) *
      from credited order by plan_id, payee_id, event_id, credit desc, id)
select deals.plan_id, deals.payee_id, event.id, coalesce(nullif(event.title, ''), event.key),
       event.date, deals.credit, yearly.quota, deals.id, count(*) over ()
  from deals join yearly using (plan_id, payee_id)
  join compensation_creditevent event on event.id = deals.event_id
 order by deals.credit / yearly.quota desc, deals.id limit %(limit)s
"""


def _windfalls(scope: Scope, everyone: list[Seat]) -> Table:
    yearly = [(each, each.year_quota(scope)) for each in everyone]
    yearly = [(seat, quota) for seat, quota in yearly if quota > 0]
    with connection.cursor() as cursor:
        cursor.execute(
            _WINDFALLS,
            {
                "plans": [seat.plan.id for seat, _quota in yearly],
                "people": [seat.person.id for seat, _quota in yearly],
                "quotas": [quota for _seat, quota in yearly],
                "periods": scope.period_ids,
                "share": scope.at("windfall"),
                "limit": SHOWN,
            },
        )
        found = cursor.fetchall()
    return Table(
        "windfalls",
        _("Windfall deals"),
        [
            Column("deal", _("Deal")),
            Column("day", _("Day"), "date"),
            Column("name", _("Name")),
            Column("credit", _("Credited"), "money"),
            Column("quota", _("Quota of a year"), "money"),
            Column("share", _("Of the year"), "percent"),
        ],
        [
            [
                Cell(title, f"/compensation/lines/{line_id}"),
                Cell(day),
                Cell(scope.people[person].name, scope.statement_url(person)),
                Cell(credit, f"/compensation/lines/{line_id}"),
                Cell(quota),
                Cell(credit / quota),
            ]
            for _plan, person, _event, title, day, credit, quota, line_id, _count in found
        ],
        total=found[0][-1] if found else 0,
    )


def _accelerators(scope: Scope, behind: Behind) -> Table:
    sums: dict[tuple[UUID, str], dict[UUID, list[Any]]] = defaultdict(dict)
    for each in band_pay(scope):
        if not each.extra:
            continue
        both = sums[each.plan_id, each.component].setdefault(
            each.person_id, [Decimal(0), Decimal(0), Decimal(0)]
        )
        for place, value in enumerate((each.base, each.payout, each.extra)):
            both[place] += value
    rows = []
    for place, ((plan_id, component), people) in enumerate(sums.items()):
        key = f"extra-{place}"
        label = scope.plans[plan_id].label(component)
        behind[key] = _accelerated(scope, label, people)
        base, payout, extra = (
            sum((each[n] for each in people.values()), Decimal(0)) for n in range(3)
        )
        rows.append(
            [
                Cell(f"{scope.plans[plan_id].name}: {label}", opens=key),
                Cell(base, opens=key),
                Cell(payout, opens=key),
                Cell(extra, opens=key),
            ]
        )
    return Table(
        "accelerators",
        _("Accelerators"),
        [
            Column("component", _("Component")),
            Column("base", _("Credited above quota"), "money"),
            Column("pay", _("Paid for it"), "money"),
            Column("extra", _("Above the base rate"), "money"),
        ],
        rows,
        total=len(rows),
    )


def _accelerated(scope: Scope, title: str, people: Mapping[UUID, list[Any]]) -> Callable[[], Table]:
    return lambda: Table(
        "rows",
        title,
        [
            Column("name", _("Name")),
            Column("base", _("Credited above quota"), "money"),
            Column("pay", _("Paid for it"), "money"),
            Column("extra", _("Above the base rate"), "money"),
        ],
        [
            [Cell(scope.people[person].name, scope.statement_url(person)), *map(Cell, values)]
            for person, values in sorted(
                people.items(), key=lambda each: scope.people[each[0]].name
            )
        ],
        total=len(people),
    )
