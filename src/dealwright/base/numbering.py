"""Document numbers without gaps, per series and year: ``Q-2026-00001``."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import connection, models
from django.utils import timezone

from dealwright.base.access.actor import Actor, change


class NumberSeries(models.Model):
    """The last number given out in a series and year."""

    id = models.BigAutoField(primary_key=True)
    series = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "year"], name="number_series_once")
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"


def next_number(
    series: str, prefix: str, actor: Actor, *, on: date | None = None, width: int = 5
) -> str:
    """The next number of a series in the year of ``on`` (today), e.g. ``Q-2026-00001``.

    No gaps and no doubles: the series stays locked until the transaction ends, and a
    rollback gives the number back. Call it late in the transaction, since others who need
    a number of the same series wait that long. Counting starts anew each year.
    """
    year = (on or timezone.localdate()).year
    with change(actor), connection.cursor() as cursor:
        cursor.execute(
            "insert into base_numberseries (series, year, last) values (%s, %s, 1)"
            " on conflict (series, year) do update set last = base_numberseries.last + 1"
            " returning last",
            [series, year],
        )
        (number,) = cursor.fetchone()
    return f"{prefix}-{year}-{number:0{width}d}"
