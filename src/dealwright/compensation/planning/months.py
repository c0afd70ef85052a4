"""How much of a planned time counts for whom: seasons, ramps of new hires, days on the job.

All in fractions, so that nothing is rounded before an amount is shared out. No database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dealwright.base.periods import Period, period_of, periods_between

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Season:
    """The months of a plan and how much of the whole each is worth; the worths sum to 1."""

    months: Sequence[Period]
    worth: Sequence[Fraction]

    @property
    def start(self) -> date:
        return self.months[0].start

    @property
    def end(self) -> date:
        return self.months[-1].end


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody carries a quota: days (None: all of the plan's) and the ramp.

    ``ramp`` are fractions by month on the job, the first for the month of ``ramp_from``; from
    the month after the last on, all counts.
    """

    starts_on: date | None = None
    ends_on: date | None = None
    ramp_from: date | None = None
    ramp: Sequence[Fraction] = ()

    @property
    def first(self) -> date | None:
        """The first day that counts: nobody carries a quota before the ramp begins."""
        days = [each for each in (self.starts_on, self.ramp_from) if each is not None]
        return max(days) if days else None


def make_season(start: date, end: date, weights: Sequence[Decimal] = ()) -> Season:
    """The season of whole months from ``start`` to ``end``.

    ``weights`` are one per month, or one per quarter of three months that its months share
    equally; nothing, or nothing but zeros, makes all months alike.
    """
    months = periods_between(start, end, "month")
    given = [Fraction(each) for each in weights]
    if len(given) * 3 == len(months):
        given = [each / 3 for each in given for _ in range(3)]
    if len(given) != len(months) or sum(given) <= 0:
        given = [ONE] * len(months)
    total = sum(given)
    return Season(months, [each / total for each in given])


def month_factors(season: Season, presence: Presence) -> list[Fraction]:
    """What of the whole each month is worth for somebody: the season's worth, times the share of
    the month's days on the job, times the ramp."""
    first = max(presence.first or season.start, season.start)
    last = min(presence.ends_on or season.end, season.end)
    found = []
    for month, worth in zip(season.months, season.worth, strict=True):
        days = (min(last, month.end) - max(first, month.start)).days + 1
        found.append(worth * Fraction(max(days, 0), month.days) * _ramped(month, presence))
    return found


def factor(season: Season, presence: Presence) -> Fraction:
    """The part of a full quota that somebody can carry in the planned time, 0 to 1 where the
    ramp is not above 1."""
    return sum(month_factors(season, presence), Fraction(0))


def _ramped(month: Period, presence: Presence) -> Fraction:
    start = presence.ramp_from
    if start is None or not presence.ramp:
        return ONE
    on_the_job = (month.start.year - start.year) * 12 + month.start.month - start.month
    if on_the_job < 0:
        return Fraction(0)
    return presence.ramp[on_the_job] if on_the_job < len(presence.ramp) else ONE


@dataclass(frozen=True, slots=True)
class Slice:
    """A dated part of an amount."""

    starts_on: date
    ends_on: date
    amount: Decimal


def slices(
    season: Season, presence: Presence, by_month: Sequence[Decimal], grain: str
) -> list[Slice]:
    """The months' amounts as dated parts: by ``month``, by ``quarter`` (of the business year), or
    the whole ``range``; only days on the job, so that a quota begins and ends with its holder."""
    first = max(presence.first or season.start, season.start)
    last = min(presence.ends_on or season.end, season.end)
    if last < first:
        return []
    groups: dict[date, tuple[date, date, Decimal]] = {}
    for month, amount in zip(season.months, by_month, strict=True):
        if month.end < first or month.start > last:
            continue
        whole = month
        if grain == "quarter":
            whole = period_of(month.start, "quarter", month.fiscal_start)
        key = season.start if grain == "range" else whole.start
        start, _, before = groups.get(key, (month.start, month.end, Decimal(0)))
        groups[key] = (start, month.end, before + amount)
    return [
        Slice(max(start, first), min(end, last), amount) for start, end, amount in groups.values()
    ]
