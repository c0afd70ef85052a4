"""Whether quotas are fair: unequal attainment, over-assignment, how new people ramp."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from dealwright.compensation.analytics.facts import Seat, seats
from dealwright.compensation.analytics.grouping import (
    GROUPS,
    in_groups,
    seats_behind,
    seats_table,
)
from dealwright.compensation.analytics.report import Cell, Chart, Column, Figure, Report, Table
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.statistics import gini, quantile, ratio
from dealwright.compensation.engine.periods import full_months

RAMP = 24  # months on the job that the curve shows

Behind = dict[str, Callable[[], Table]]


def report(scope: Scope) -> Report:
    """Inequality of attainment by group, over-assignment by manager, attainment by months."""
    people = dict(scope.everybody)
    if scope.me is not None:
        people[scope.me.id] = scope.me
    everyone = seats(scope, people, scope.known_plans)
    own = [
        each for each in everyone if each.person.id in scope.people and each.plan.id in scope.plans
    ]
    counted = [each for each in own if each.attainment is not None]
    values = [each.attainment for each in counted if each.attainment is not None]
    behind: Behind = {"all": seats_behind(scope, _("All with a quota"), counted, lambda each: True)}
    by = scope.given.get("by", "")
    by = by if by in GROUPS else "region"
    managers = _over_assignment(scope, own, everyone, behind)
    ramp = _ramp(scope, counted, behind)
    return Report(
        figures=[
            Figure(
                "gini",
                _("Gini of attainment"),
                gini(values),
                help=_("0: all reach the same; towards 1: one reaches all"),
                opens="all",
            ),
            Figure(
                "tenth",
                _("Lowest tenth reaches"),
                quantile(values, Decimal("0.1")),
                "percent",
                opens="all",
            ),
            Figure(
                "ninetieth",
                _("Highest tenth reaches"),
                quantile(values, Decimal("0.9")),
                "percent",
                opens="all",
            ),
        ],
        charts=[
            Chart(
                "line",
                _("Attainment by months on the job"),
                "ramp",
                [str(row[0].value) for row in ramp.rows],
                series=[(_("Attainment"), [row[2].value for row in ramp.rows])],
                percent=True,
                category=_("Month"),
            )
        ]
        if ramp.rows
        else [],
        tables=[_groups(scope, counted, by, behind), managers, ramp],
        definitions=[
            _(
                "The Gini coefficient is half the mean difference of all pairs of people over "
                "their mean attainment."
            ),
            _(
                "Over-assignment is the sum of the quotas of a manager's direct reports over the "
                "manager's own quota, less 100%: what could be missed below without missing it "
                "above. Managers without a quota of their own are left out."
            ),
            _(
                "The lowest tenth's is the smallest attainment that a tenth of people do not "
                "exceed, the highest tenth's that nine tenths do not exceed (nearest rank)."
            ),
            _(
                "A month on the job counts from the first day on any plan; the curve is what "
                "everybody in that month had reached by a period's end over their quotas. Where a "
                "quota is for a quarter or a year, what was reached so far counts against all of "
                "it, so that only ends of such windows are shown."
            ),
        ],
        behind=behind,
    )


def _groups(scope: Scope, counted: list[Seat], by: str, behind: Behind) -> Table:
    rows = []
    for place, (group, members) in enumerate(in_groups(scope, counted, by)):
        key, name = f"group-{place}", _(group) if group else _("None")
        behind[key] = seats_behind(scope, name, members, lambda each: True)
        values = [each.attainment for each in members if each.attainment is not None]
        reached = sum((each.reached for each in members), Decimal(0))
        quota = sum((each.quota for each in members), Decimal(0))
        rows.append(
            [
                Cell(name, opens=key),
                Cell(len(members), opens=key),
                Cell(gini(values), opens=key),
                Cell(ratio(reached, quota), opens=key),
                Cell(min(values), opens=key),
                Cell(max(values), opens=key),
            ]
        )
    return Table(
        "groups",
        _("By %(what)s") % {"what": _(GROUPS[by]).lower()},
        [
            Column("group", _(GROUPS[by])),
            Column("people", _("People"), "number"),
            Column("gini", _("Gini"), "number"),
            Column("attainment", _("Together"), "percent"),
            Column("lowest", _("Lowest"), "percent"),
            Column("highest", _("Highest"), "percent"),
        ],
        rows,
    )


def _over_assignment(scope: Scope, own: list[Seat], everyone: list[Seat], behind: Behind) -> Table:
    quotas: dict[UUID, list[Seat]] = defaultdict(list)
    reports: dict[UUID, list[Seat]] = defaultdict(list)
    for each in everyone:
        quotas[each.person.id].append(each)
    for each in own:
        if each.person.manager_id is not None:
            reports[each.person.manager_id].append(each)
    rows: list[list[Cell]] = []
    for manager_id, below in reports.items():
        mine = quotas.get(manager_id, [])
        quota = sum((each.quota for each in mine), Decimal(0))
        if quota <= 0:
            continue
        assigned = sum((each.quota for each in below), Decimal(0))
        name, key = mine[0].person.name, f"under-{len(rows)}"
        behind[key] = _quotas_behind(scope, name, [*mine, *below])
        over = ratio(assigned, quota)
        assert over is not None
        rows.append(
            [
                Cell(name, scope.statement_url(manager_id)),
                Cell(len(below), opens=key),
                Cell(assigned, opens=key),
                Cell(quota, opens=key),
                Cell(over - 1, opens=key),
            ]
        )
    return Table(
        "over_assignment",
        _("Assigned over the manager's quota"),
        [
            Column("manager", _("Manager")),
            Column("reports", _("Direct reports"), "number"),
            Column("assigned", _("Their quotas"), "money"),
            Column("quota", _("Own quota"), "money"),
            Column("over", _("Over-assignment"), "percent"),
        ],
        sorted(rows, key=lambda each: str(each[0].value)),
    )


def _quotas_behind(scope: Scope, title: str, found: list[Seat]) -> Callable[[], Table]:
    return lambda: seats_table(scope, title, found)


def _ramp(scope: Scope, counted: list[Seat], behind: Behind) -> Table:
    """Attainment of those in each month on the job, over the ends of windows."""
    stood: dict[int, list[tuple[Seat, Decimal, Decimal]]] = defaultdict(list)
    for seat in counted:
        last = _ends(scope, seat)
        for period_id in last:
            reached, quota = seat.standings[period_id]
            month = full_months(seat.person.started_on, scope.by_period[period_id].ends_on) + 1
            if quota > 0 and month <= RAMP:
                stood[month].append((seat, reached, quota))
    rows = []
    for month, found in sorted(stood.items()):
        key = f"month-{month}"
        people = {each.person.id: each for each, _reached, _quota in found}
        behind[key] = _quotas_behind(
            scope, _("Month %(month)s on the job") % {"month": month}, list(people.values())
        )
        reached = sum((each for _seat, each, _quota in found), Decimal(0))
        quota = sum((each for _seat, _reached, each in found), Decimal(0))
        rows.append(
            [
                Cell(month, opens=key),
                Cell(len(people), opens=key),
                Cell(ratio(reached, quota), opens=key),
            ]
        )
    return Table(
        "ramp",
        _("New hires"),
        [
            Column("month", _("Month on the job"), "number"),
            Column("people", _("People"), "number"),
            Column("attainment", _("Attainment"), "percent"),
        ],
        rows,
    )


def _ends(scope: Scope, seat: Seat) -> list[UUID]:
    """The last period in the range of each of a seat's windows that ends there."""
    last: dict[int, UUID] = {}
    for period in scope.all_periods:
        last[scope.window_of(period, seat.window)] = period.pk
    return [each for each in last.values() if each in seat.standings]
