"""Whether a plan can be reached and is fair: capacity, hires, spread. No database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from dealwright.base.periods import Period
from dealwright.compensation.analytics.statistics import RATIO, median
from dealwright.compensation.planning.allocation import CENT, NOTHING
from dealwright.compensation.planning.months import Presence, Season, factor


def variation(values: Sequence[Decimal]) -> Decimal | None:
    """The coefficient of variation: the standard deviation (of the whole, not of a sample) over
    the mean, with four places; None of nothing or where the mean is not above zero."""
    if not values:
        return None
    with localcontext(prec=50):
        mean = sum(values, NOTHING) / len(values)
        if mean <= 0:
            return None
        square = sum(((each - mean) ** 2 for each in values), NOTHING) / len(values)
        return (square.sqrt() / mean).quantize(RATIO, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who carries a quota: its amount, the part of a full one that is (``factor``), and
    which part of it is expected to be reached."""

    amount: Decimal
    factor: Fraction
    attainment: Decimal


@dataclass(frozen=True, slots=True)
class Hire:
    """What one more person who starts in a month would bring, and how many such persons would
    close the gap (None where one brings nothing)."""

    month: Period
    factor: Fraction
    brings: Decimal
    needed: int | None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the seats will probably reach against the number that is wanted.

    ``full`` is the quota of a full seat (the median of the seats' amounts over their factors),
    ``gap`` what is missing (below zero: what is more than enough).
    """

    target: Decimal
    assigned: Decimal
    reachable: Decimal
    full: Decimal
    seats: Fraction
    hires: Sequence[Hire]

    @property
    def gap(self) -> Decimal:
        return self.target - self.reachable


def capacity(
    season: Season,
    target: Decimal,
    seats: Sequence[Seat],
    *,
    attainment: Decimal,
    ramp: Sequence[Fraction],
) -> Capacity:
    """The capacity of ``seats``; hires are expected to reach ``attainment`` of what the ramp
    lets them carry."""
    reachable = sum(
        ((each.amount * each.attainment).quantize(CENT, rounding=ROUND_HALF_UP) for each in seats),
        NOTHING,
    )
    fulls = [_cents(Fraction(each.amount) / each.factor) for each in seats if each.factor > 0]
    full = median(fulls) or NOTHING
    gap = target - reachable
    hires = []
    for month in season.months:
        part = factor(season, Presence(starts_on=month.start, ramp_from=month.start, ramp=ramp))
        brings = _cents(Fraction(full) * part * Fraction(attainment))
        needed: int | None = 0
        if gap > 0:
            needed = None
            if brings > 0:
                needed = int((gap / brings).to_integral_value(rounding=ROUND_CEILING))
        hires.append(Hire(month, part, brings, needed))
    return Capacity(
        target,
        sum((each.amount for each in seats), NOTHING),
        reachable,
        full.quantize(CENT, rounding=ROUND_HALF_UP),
        sum((each.factor for each in seats), Fraction(0)),
        hires,
    )


def _cents(value: Fraction) -> Decimal:
    """A fraction in cents, half up; amounts here are never below zero."""
    whole = (value * 200 + 1) // 2
    return (Decimal(int(whole)) / 100).quantize(CENT)
