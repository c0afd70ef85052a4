"""Two texts of a plan over the same data: what was, what would be, who wins and who loses.

Knows no database, so that the command line compares files with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal
from math import ceil

from dealwright.base.errors import Invalid
from dealwright.compensation.engine.inputs import Inputs
from dealwright.compensation.engine.results import run_stages
from dealwright.compensation.engine.scenarios import component_totals
from dealwright.compensation.plans.definition import Plan

Key = tuple[str, int, str]  # payee, number of the period, component
PERCENTILES = (10, 25, 50, 75, 90)


@dataclass(frozen=True, slots=True)
class Pay:
    """What a component pays a payee in a period under both texts."""

    payee: str
    period: int
    component: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Compared:
    """One payee, component or period under both texts; ``share`` is the part of the pay
    before by which it changes, None where there was none."""

    name: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before

    @property
    def share(self) -> Decimal | None:
        return self.difference / abs(self.before) if self.before else None


@dataclass(frozen=True, slots=True)
class Bin:
    """A column of a histogram: from ``low`` up to, not with, ``high``."""

    low: Decimal
    high: Decimal
    before: int
    after: int


def tried_in_place_of(candidate: Plan, base: Plan) -> Plan:
    """The candidate on the days on which the base pays: a draft of next year says when it
    will take effect, and is tried on last year.

    Raises Invalid where the two pay in other currencies or periods.
    """
    for what, one, other in (
        ("currency", candidate.currency, base.currency),
        ("calendar", candidate.calendar, base.calendar),
        ("first month of the year", candidate.fiscal_year_starts, base.fiscal_year_starts),
    ):
        if one != other:
            raise Invalid(
                f"The two plans have another {what} ({other} and {one}); they cannot be compared.",
                fields={"text": [f"{what}: {other} is needed."]},
            )
    return replace(candidate, effective=base.effective, until=base.until)


def totals_of(
    inputs: Inputs,
    counts: Callable[[int], bool] = lambda period: True,
    watch: Callable[[], None] | None = None,
) -> dict[Key, Decimal]:
    """Calculate a prepared input; the amounts of the periods that count."""
    run_stages(inputs, watch)
    return {key: value for key, value in component_totals(inputs).items() if counts(key[1])}


def compare(before: Mapping[Key, Decimal], after: Mapping[Key, Decimal]) -> list[Pay]:
    """All that either text pays, in one order."""
    zero = Decimal(0)
    return [
        Pay(*key, before.get(key, zero), after.get(key, zero))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) or after.get(key)
    ]


def by_payee(rows: Iterable[Pay]) -> list[Compared]:
    """Payees from the greatest winner to the greatest loser."""
    return sorted(
        _grouped(rows, lambda row: row.payee), key=lambda each: (-each.difference, each.name)
    )


def by_component(rows: Iterable[Pay]) -> list[Compared]:
    """Components by name."""
    return sorted(_grouped(rows, lambda row: row.component), key=lambda each: each.name)


def total_of(rows: Iterable[Pay]) -> Compared:
    """Both costs and their difference."""
    found = list(rows)
    return Compared(
        "",
        sum((row.before for row in found), Decimal(0)),
        sum((row.after for row in found), Decimal(0)),
    )


def _grouped(rows: Iterable[Pay], name: Callable[[Pay], str]) -> list[Compared]:
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows:
        sums[name(row)][0] += row.before
        sums[name(row)][1] += row.after
    return [Compared(key, before, after) for key, (before, after) in sums.items()]


def percentile(values: Iterable[Decimal], percent: int) -> Decimal:
    """The least of the values that ``percent`` of a hundred of them do not exceed (the nearest
    rank): always one of them. 0 of nothing."""
    ordered = sorted(values)
    if not ordered:
        return Decimal(0)
    return ordered[max(ceil(len(ordered) * percent / 100), 1) - 1]


def histogram(before: Sequence[Decimal], after: Sequence[Decimal], *, most: int = 12) -> list[Bin]:
    """How many payees come to how much, in at most ``most`` columns of a round width."""
    values = [*before, *after]
    if not values:
        return []
    low, high = min(values), max(values)
    width = _round_width((high - low) / most) if high > low else Decimal(1)
    start = (low / width).to_integral_value(rounding="ROUND_FLOOR") * width
    count = int((high - start) / width) + 1
    bins = []
    for place in range(count):
        left = start + width * place
        right = left + width
        bins.append(
            Bin(
                left,
                right,
                sum(left <= each < right for each in before),
                sum(left <= each < right for each in after),
            )
        )
    return bins


def _round_width(least: Decimal) -> Decimal:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = Decimal(10) ** (least.adjusted())
    for factor in ("1", "2", "2.5", "5", "10"):
        width = Decimal(factor) * power
        if width >= least:
            return max(width, Decimal("0.01"))
    return least.to_integral_value(rounding=ROUND_CEILING)
