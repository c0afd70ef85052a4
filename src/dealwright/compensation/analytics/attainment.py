"""How attainment of quota is distributed, and whether the middle shrinks over the periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from dealwright.compensation.analytics.statistics import median, ratio

EDGES = tuple(Decimal(each) for each in ("0", "0.25", "0.5", "0.75", "1", "1.25", "1.5"))
MIDDLE = (Decimal("0.95"), Decimal("1.05"))

Test = Callable[[Decimal], bool]


def report(scope: Scope) -> Report:
    """The distribution of the range, by group, and period by period."""
    everyone = seats(scope)
    counted = [each for each in everyone if each.attainment is not None]
    tests = _tests(scope)
    behind = {
        "all": seats_behind(scope, _("All with a quota"), counted, lambda each: True),
        "without": lambda: seats_table(
            scope, _("Without a quota above zero"), [e for e in everyone if e.attainment is None]
        ),
    }
    for key, (label, test) in tests.items():
        behind[key] = seats_behind(scope, label, counted, _meets(test))
    values = [each.attainment for each in counted if each.attainment is not None]
    figures = [Figure("payees", _("With a quota"), len(counted), opens="all")]
    for key, (label, test) in tests.items():
        found = sum(1 for value in values if test(value))
        figures.append(
            Figure(
                key,
                label,
                ratio(found, len(values)),
                "percent",
                help=_("%(count)s of %(all)s") % {"count": found, "all": len(values)},
                opens=key,
            )
        )
    figures.append(Figure("median", _("Median"), median(values), "percent", opens="all"))
    if len(everyone) > len(counted):
        figures.append(
            Figure("without", _("Without a quota"), len(everyone) - len(counted), opens="without")
        )
    histogram = _histogram(scope, counted, behind)
    by = scope.given.get("by", "")
    by = by if by in GROUPS else "region"
    trend = _trend(scope, counted, tests, behind)
    return Report(
        figures=figures,
        charts=[
            Chart(
                "bar",
                _("People by attainment of quota"),
                "histogram",
                [(row[0].value, row[1].value) for row in histogram.rows],
                unit=_("people"),
                category=_("Attainment"),
            ),
            Chart(
                "line",
                _("The middle and the ends, period by period"),
                "trend",
                [row[0].value for row in trend.rows],
                series=[
                    (label, [row[place].value for row in trend.rows])
                    for place, (label, _test) in enumerate(tests.values(), 2)
                ],
                percent=True,
                category=_("Period"),
            ),
        ],
        tables=[histogram, _groups(scope, counted, by, tests, behind), trend],
        definitions=[
            _(
                "Attainment is what was credited over the quota, as the calculation found it: of "
                "each person on each plan the component with the largest quota. Over several "
                "periods both are summed, a quarter's or a year's quota once, as it stands at its "
                "last period here."
            ),
            _("Who has no quota above zero is left out."),
            _("Tenure counts from the first day on any plan to the last day of the range."),
        ],
        behind=behind,
    )


def _tests(scope: Scope) -> dict[str, tuple[str, Test]]:
    below, excellence = scope.at("below"), scope.at("excellence")
    low, high = MIDDLE
    return {
        "below": (
            _("Below %(at)s") % {"at": _percent(below)},
            lambda value: value < below,
        ),
        "middle": (_("95 to 105%"), lambda value: low <= value <= high),
        "quota": (_("At quota or above"), lambda value: value >= 1),
        "excellence": (
            _("%(at)s and above") % {"at": _percent(excellence)},
            lambda value: value >= excellence,
        ),
    }


def _meets(test: Test) -> Callable[[Seat], bool]:
    return lambda seat: seat.attainment is not None and test(seat.attainment)


def _percent(value: Decimal) -> str:
    return f"{(value * 100).normalize():f}%"


def _histogram(
    scope: Scope, counted: Sequence[Seat], behind: dict[str, Callable[[], Table]]
) -> Table:
    rows = []
    for place, low in enumerate(EDGES):
        high = EDGES[place + 1] if place + 1 < len(EDGES) else None
        label = f"{low:.0%}–{high:.0%}" if high is not None else f"{low:.0%}+"

        def inside(
            seat: Seat, low: Decimal = low, high: Decimal | None = high, first: bool = place == 0
        ) -> bool:
            value = seat.attainment
            return value is not None and (value >= low or first) and (high is None or value < high)

        key = f"from-{low * 100:.0f}"
        behind[key] = seats_behind(scope, label, counted, inside)
        found = sum(1 for each in counted if inside(each))
        rows.append(
            [Cell(label), Cell(found, opens=key), Cell(ratio(found, len(counted)), opens=key)]
        )
    return Table(
        "histogram",
        _("Distribution"),
        [
            Column("attainment", _("Attainment")),
            Column("people", _("People"), "number"),
            Column("share", _("Share"), "percent"),
        ],
        rows,
    )


def _groups(
    scope: Scope,
    counted: Sequence[Seat],
    by: str,
    tests: dict[str, tuple[str, Test]],
    behind: dict[str, Callable[[], Table]],
) -> Table:
    rows = []
    for place, (group, members) in enumerate(in_groups(scope, counted, by)):
        values = [each.attainment for each in members if each.attainment is not None]
        name = _(group) if group else _("None")
        key = f"group-{place}"
        behind[key] = seats_behind(scope, name, members, lambda each: True)
        cells = [Cell(name, opens=key), Cell(len(values), opens=key)]
        for test_key, (label, test) in tests.items():
            both = f"{key}-{test_key}"
            behind[both] = seats_behind(scope, f"{name}: {label}", members, _meets(test))
            found = sum(1 for value in values if test(value))
            cells.append(Cell(ratio(found, len(values)), opens=both))
        cells.append(Cell(median(values), opens=key))
        rows.append(cells)
    return Table(
        "groups",
        _("By %(what)s") % {"what": _(GROUPS[by]).lower()},
        [
            Column("group", _(GROUPS[by])),
            Column("people", _("People"), "number"),
            *(Column(key, label, "percent") for key, (label, _test) in tests.items()),
            Column("median", _("Median"), "percent"),
        ],
        rows,
    )


def _trend(
    scope: Scope,
    counted: Sequence[Seat],
    tests: dict[str, tuple[str, Test]],
    behind: dict[str, Callable[[], Table]],
) -> Table:
    """Shares by period, each person as it stood at the period's end."""
    rows = []
    for period in scope.periods:
        stood: list[tuple[Seat, Decimal]] = []
        for seat in counted:
            reached, quota = seat.standings.get(period.pk, (Decimal(0), Decimal(0)))
            if quota > 0:
                stood.append((seat, reached / quota))
        if not stood:
            continue
        cells = [Cell(period.label, opens=f"in-{period.label}")]
        behind[f"in-{period.label}"] = _standings(scope, period.label, period.pk, stood)
        cells.append(Cell(len(stood), opens=f"in-{period.label}"))
        for key, (label, test) in tests.items():
            found = [(seat, value) for seat, value in stood if test(value)]
            opens = f"in-{period.label}-{key}"
            behind[opens] = _standings(scope, f"{period.label}: {label}", period.pk, found)
            cells.append(Cell(ratio(len(found), len(stood)), opens=opens))
        rows.append(cells)
    return Table(
        "trend",
        _("Period by period"),
        [
            Column("period", _("Period")),
            Column("people", _("People"), "number"),
            *(Column(key, label, "percent") for key, (label, _test) in tests.items()),
        ],
        rows,
        note=_("As it stood at the end of each period."),
    )


def _standings(
    scope: Scope, title: str, period_id: UUID, found: Sequence[tuple[Seat, Decimal]]
) -> Callable[[], Table]:
    def rows() -> Table:
        return Table(
            "rows",
            title,
            [
                Column("name", _("Name")),
                Column("plan", _("Plan")),
                Column("reached", _("Reached"), "money"),
                Column("quota", _("Quota"), "money"),
                Column("attainment", _("Of quota"), "percent"),
            ],
            [
                [
                    Cell(seat.person.name, scope.statement_url(seat.person.id, period_id)),
                    Cell(seat.plan.name, f"/compensation/plans/{seat.plan.id}"),
                    Cell(seat.standings[period_id][0]),
                    Cell(seat.standings[period_id][1]),
                    Cell(value),
                ]
                for seat, value in found
            ],
            total=len(found),
        )

    return rows
