"""How people are grouped, and the rows about them that several analyses show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dealwright.compensation.analytics.facts import Seat
from dealwright.compensation.analytics.report import Cell, Column, Table
from dealwright.compensation.analytics.scope import Person, Scope
from dealwright.compensation.engine.explain import LINE_TITLES
from dealwright.compensation.engine.periods import full_months

GROUPS: Mapping[str, str] = {
    "region": gettext_noop("Region"),
    "role": gettext_noop("Role"),
    "tenure": gettext_noop("Tenure"),
    "team": gettext_noop("Team"),
    "plan": gettext_noop("Plan"),
}
TENURES = (
    (6, gettext_noop("Under 6 months")),
    (12, gettext_noop("6 to 12 months")),
    (24, gettext_noop("1 to 2 years")),
    (10_000, gettext_noop("2 years and more")),
)
SHOWN = 500  # rows of a drill-down; the table says how many there are


def groups_of(scope: Scope, seat: Seat, by: str) -> Sequence[str]:
    """The groups a seat belongs to; in teams it may be several, or none."""
    match by:
        case "role":
            return [seat.person.role]
        case "tenure":
            return [tenure(scope, seat.person)]
        case "team":
            return seat.person.teams or [""]
        case "plan":
            return [seat.plan.name]
        case _:
            return [seat.person.region]


def tenure(scope: Scope, person: Person) -> str:
    """How long somebody has been on plans at the end of the range."""
    months = full_months(person.started_on, scope.last)
    return next(label for most, label in TENURES if months < most)


def in_groups(scope: Scope, seats: Iterable[Seat], by: str) -> list[tuple[str, list[Seat]]]:
    """(group, seats) in the order of names, tenures by length; without a group last."""
    found: dict[str, list[Seat]] = {}
    for seat in seats:
        for group in groups_of(scope, seat, by):
            found.setdefault(group, []).append(seat)
    lengths = [label for _most, label in TENURES]
    if by == "tenure":
        return sorted(found.items(), key=lambda each: lengths.index(each[0]))
    return sorted(found.items(), key=lambda each: (not each[0], each[0].casefold()))


def seats_table(scope: Scope, title: str, seats: Sequence[Seat]) -> Table:
    """People with what they reached of which quota, each with the statement."""
    return Table(
        "rows",
        title,
        [
            Column("name", _("Name")),
            Column("plan", _("Plan")),
            Column("component", _("Component")),
            Column("reached", _("Reached"), "money"),
            Column("quota", _("Quota"), "money"),
            Column("attainment", _("Of quota"), "percent"),
        ],
        [
            [
                Cell(seat.person.name, scope.statement_url(seat.person.id)),
                Cell(seat.plan.name, f"/compensation/plans/{seat.plan.id}"),
                Cell(seat.plan.label(seat.component)),
                Cell(seat.reached),
                Cell(seat.quota),
                Cell(seat.attainment),
            ]
            for seat in seats
        ],
        total=len(seats),
    )


def seats_behind(
    scope: Scope, title: str, seats: Sequence[Seat], keep: Callable[[Seat], bool]
) -> Callable[[], Table]:
    """The rows behind a count of seats, made when they are asked for."""
    return lambda: seats_table(scope, title, [each for each in seats if keep(each)])


def money_seats_table(
    scope: Scope, title: str, rows: Sequence[tuple[Seat, Sequence[Any]]], more: Sequence[Column]
) -> Table:
    """People with further columns of the analysis that asks."""
    return Table(
        "rows",
        title,
        [Column("name", _("Name")), Column("plan", _("Plan")), *more],
        [
            [
                Cell(seat.person.name, scope.statement_url(seat.person.id)),
                Cell(seat.plan.name, f"/compensation/plans/{seat.plan.id}"),
                *(Cell(value) for value in values),
            ]
            for seat, values in rows
        ],
        total=len(rows),
    )


_LINES = """
with net as (
    select line.hash, sum(line.sign) as times, max(line.id) as id
      from compensation_runline line
     where line.plan_id = any(%(plans)s) and line.payee_id = any(%(people)s)
       and line.earned_period_id = any(%(periods)s)
       and line.plan_id || ' ' || line.component <> all(%(without)s) and {where}
     group by line.hash, line.plan_id having sum(line.sign) <> 0)
select line.id, person.id, person.name, earned.id, earned.label, line.plan_id, line.component,
       line.kind, coalesce(nullif(event.title, ''), event.key, ''), net.times * line.payout,
       line.base, line.rate, count(*) over (), sum(net.times * line.payout) over ()
  from net join compensation_runline line on line.id = net.id
  join base_user person on person.id = line.payee_id
  join compensation_payperiod earned on earned.id = line.earned_period_id
  left join compensation_creditevent event on event.id = line.event_id
 order by abs(net.times * line.payout) desc, line.id limit {limit}
"""


def lines_table(scope: Scope, title: str, where: str = "true", **values: Any) -> Table:
    """The standing lines of variable pay under a condition on ``line``, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES.format(where=where, limit=SHOWN),
            {
                "plans": scope.plan_ids,
                "people": scope.person_ids,
                "periods": scope.period_ids,
                "without": scope.not_variable,
                **values,
            },
        )
        found = cursor.fetchall()
    rows = []
    for line_id, person_id, name, period_id, label, plan_id, component, *rest in found:
        kind, event, amount, base, rate, _count, _sum = rest
        rows.append(
            [
                Cell(name, scope.statement_url(person_id, period_id)),
                Cell(label),
                Cell(scope.plans[plan_id].label(component)),
                Cell(_(LINE_TITLES.get(kind, kind)), f"/compensation/lines/{line_id}"),
                Cell(event),
                Cell(base),
                Cell(rate),
                Cell(amount, f"/compensation/lines/{line_id}"),
            ]
        )
    note = ""
    if found:
        note = _("%(count)s lines, in all %(sum)s %(currency)s.") % {
            "count": found[0][-2],
            "sum": f"{found[0][-1]:.2f}",
            "currency": scope.currency,
        }
    return Table(
        "rows",
        title,
        [
            Column("name", _("Name")),
            Column("earned", _("Earned in")),
            Column("component", _("Component")),
            Column("line", _("Line")),
            Column("event", _("Deal")),
            Column("base", _("Of"), "number"),
            Column("rate", _("Rate"), "number"),
            Column("amount", _("Amount"), "money"),
        ],
        rows,
        note=note,
        total=found[0][-2] if found else 0,
    )


def pay_table(
    scope: Scope, title: str, rows: Iterable[tuple[UUID, UUID, UUID, str, Decimal]]
) -> Table:
    """(plan, person, period, component, amount) as a table; each amount opens its lines."""
    ordered = sorted(
        rows,
        key=lambda each: (
            scope.people[each[1]].name,
            scope.by_period[each[2]].number,
            each[3],
        ),
    )
    return Table(
        "rows",
        title,
        [
            Column("name", _("Name")),
            Column("period", _("Earned in")),
            Column("component", _("Component")),
            Column("amount", _("Amount"), "money"),
        ],
        [
            [
                Cell(scope.people[person].name, scope.statement_url(person, period)),
                Cell(scope.by_period[period].label),
                Cell(scope.plans[plan].label(component)),
                Cell(amount, f"{scope.statement_url(person, period)}/{plan}/{component}"),
            ]
            for plan, person, period, component, amount in ordered[:SHOWN]
        ],
        note=_("In all %(sum)s %(currency)s.")
        % {
            "sum": f"{sum((each[4] for each in ordered), Decimal(0)):.2f}",
            "currency": scope.currency,
        },
        total=len(ordered),
    )
