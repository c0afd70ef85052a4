"""Statistics in decimals: inequality, correlation, straight lines, quantiles."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext

RATIO = Decimal("0.0001")
CENT = Decimal("0.01")


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """A part of a whole as a fraction with four places; None of nothing."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(RATIO, rounding=ROUND_HALF_UP)


def gini(values: Sequence[Decimal]) -> Decimal | None:
    """The Gini coefficient: half the mean absolute difference of all pairs over the mean.

    0 where all are equal, towards 1 where one has all; None without values above zero in sum.
    With values in ascending order it is (2·Σ i·xᵢ) / (n·Σ xᵢ) − (n + 1) / n.
    """
    count, total = len(values), sum(values, Decimal(0))
    if not count or total <= 0:
        return None
    weighted = sum((place * value for place, value in enumerate(sorted(values), 1)), Decimal(0))
    found = 2 * weighted / (count * total) - Decimal(count + 1) / count
    return found.quantize(RATIO, rounding=ROUND_HALF_UP)


def correlation(points: Sequence[tuple[Decimal, Decimal]]) -> Decimal | None:
    """Pearson's correlation of two figures, from -1 to 1, with four places; None of fewer than
    three points or where one of them does not vary."""
    if len(points) < 3:
        return None
    with localcontext(prec=50):
        xx, yy, xy = _moments(points)
        if xx == 0 or yy == 0:
            return None
        return (xy / (xx * yy).sqrt()).quantize(RATIO, rounding=ROUND_HALF_UP)


def straight_line(points: Sequence[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal] | None:
    """(intercept, slope) of the line with the least sum of squared distances in y; None of
    fewer than three points or where x does not vary."""
    if len(points) < 3:
        return None
    with localcontext(prec=50):
        xx, _yy, xy = _moments(points)
        if xx == 0:
            return None
        slope = xy / xx
        mean_x = sum((x for x, _ in points), Decimal(0)) / len(points)
        mean_y = sum((y for _, y in points), Decimal(0)) / len(points)
        return (mean_y - slope * mean_x).quantize(RATIO), slope.quantize(RATIO)


def _moments(points: Sequence[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal, Decimal]:
    """Sums of squares and products about the means."""
    count = len(points)
    mean_x = sum((x for x, _ in points), Decimal(0)) / count
    mean_y = sum((y for _, y in points), Decimal(0)) / count
    return (
        sum(((x - mean_x) ** 2 for x, _ in points), Decimal(0)),
        sum(((y - mean_y) ** 2 for _, y in points), Decimal(0)),
        sum(((x - mean_x) * (y - mean_y) for x, y in points), Decimal(0)),
    )


def quantile(values: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """The smallest value that at least ``share`` of the values do not exceed (nearest rank)."""
    if not values:
        return None
    place = int((share * len(values)).to_integral_value(rounding="ROUND_CEILING"))
    return sorted(values)[max(place, 1) - 1]


def median(values: Sequence[Decimal]) -> Decimal | None:
    """The middle value, of an even number the mean of the two in the middle."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    if len(values) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2
