"""Pay against performance: whether who sells more is paid more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from dealwright.compensation.analytics.facts import Seat, pay_of_seats, seats, variable_pay
from dealwright.compensation.analytics.report import (
    Cell,
    Chart,
    Column,
    Dot,
    Figure,
    Report,
    Table,
)
from dealwright.compensation.analytics.scope import Scope
from dealwright.compensation.analytics.statistics import (
    correlation,
    median,
    quantile,
    straight_line,
)

Point = tuple[Seat, Decimal, Decimal]  # attainment, pay
FEWEST = 4  # people of whom quarters and halves can be told


def report(scope: Scope) -> Report:
    """Each person's attainment and variable pay, how they go together, and who stands out."""
    paid = pay_of_seats(variable_pay(scope))
    points: list[Point] = [
        (seat, seat.attainment, paid.get((seat.plan.id, seat.person.id), Decimal(0)))
        for seat in seats(scope)
        if seat.attainment is not None
    ]
    pairs = [(attained, pay) for _seat, attained, pay in points]
    line = straight_line(pairs)
    marks = _marks(points)
    per_point = [pay / (attained * 100) for attained, pay in pairs if attained > 0]
    over = [point for point, mark in zip(points, marks, strict=True) if mark == 2]
    under = [point for point, mark in zip(points, marks, strict=True) if mark == 3]
    behind: dict[str, Callable[[], Table]] = {
        "all": lambda: _table(scope, points, marks, "rows"),
        "over": lambda: _table(scope, over, [2] * len(over), "rows", _("High pay, low attainment")),
        "under": lambda: _table(
            scope, under, [3] * len(under), "rows", _("High attainment, low pay")
        ),
    }
    return Report(
        figures=[
            Figure("people", _("People"), len(points), opens="all"),
            Figure(
                "correlation",
                _("Correlation"),
                correlation(pairs),
                help=_("1: pay follows attainment; 0: it does not"),
                opens="all",
            ),
            Figure(
                "slope",
                _("More pay per point"),
                line[1] / 100 if line else None,
                "money",
                help=_("Of the straight line, per 1% of quota"),
                opens="all",
            ),
            Figure(
                "per_point",
                _("Pay per point"),
                median(per_point),
                "money",
                help=_("Median of pay over points of attainment"),
                opens="all",
            ),
            Figure("over", _("High pay, low attainment"), len(over), opens="over"),
            Figure("under", _("High attainment, low pay"), len(under), opens="under"),
        ],
        charts=[
            Chart(
                "dots",
                _("Variable pay by attainment of quota"),
                "people",
                [
                    Dot(seat.person.name, attained, pay, scope.statement_url(seat.person.id), mark)
                    for (seat, attained, pay), mark in zip(points, marks, strict=True)
                ],
                series=[_("Person"), _("High pay, low attainment"), _("High attainment, low pay")],
                percent=True,
                money=True,
                fit=line,
            )
        ],
        tables=[_table(scope, points, marks, "people", _("People"))],
        definitions=[
            _(
                "Pay is the variable pay that the ledger booked as earned in the range: what is "
                "held back or withheld and adjustments included, fixed pay, draws and rewards not."
            ),
            _(
                "The correlation is Pearson's: the covariance of attainment and pay over the "
                "product of their standard deviations. The line has the least sum of squared "
                "distances in pay. Both need three people."
            ),
            _(
                "High pay and low attainment: pay in the top quarter, attainment below the median. "
                "High attainment and low pay: the other way round. Both need four people."
            ),
        ],
        behind=behind,
    )


def _marks(points: Sequence[Point]) -> list[int]:
    """1 for most, 2 for high pay and low attainment, 3 for the reverse."""
    if len(points) < FEWEST:
        return [1] * len(points)
    attained = [each for _seat, each, _pay in points]
    paid = [each for _seat, _attained, each in points]
    upper = Decimal("0.75")
    top_attained, top_paid = quantile(attained, upper), quantile(paid, upper)
    mid_attained, mid_paid = median(attained), median(paid)
    assert top_attained is not None and top_paid is not None
    assert mid_attained is not None and mid_paid is not None
    return [
        2
        if pay >= top_paid and reached < mid_attained
        else (3 if reached >= top_attained and pay < mid_paid else 1)
        for _seat, reached, pay in points
    ]


def _table(
    scope: Scope, points: Sequence[Point], marks: Sequence[int], key: str, title: str = ""
) -> Table:
    said = {1: "", 2: _("High pay, low attainment"), 3: _("High attainment, low pay")}
    return Table(
        key,
        title or _("People"),
        [
            Column("name", _("Name")),
            Column("plan", _("Plan")),
            Column("attainment", _("Of quota"), "percent"),
            Column("pay", _("Variable pay"), "money"),
            Column("pay_per_point", _("Pay per point"), "money"),
            Column("flag", _("Stands out")),
        ],
        [
            [
                Cell(seat.person.name, scope.statement_url(seat.person.id)),
                Cell(seat.plan.name, f"/compensation/plans/{seat.plan.id}"),
                Cell(attained, scope.statement_url(seat.person.id)),
                Cell(pay, scope.statement_url(seat.person.id)),
                Cell(pay / (attained * 100) if attained > 0 else None),
                Cell(said[mark]),
            ]
            for (seat, attained, pay), mark in sorted(
                zip(points, marks, strict=True),
                key=lambda each: (-each[0][2], each[0][0].person.name),
            )
        ],
        total=len(points),
    )
