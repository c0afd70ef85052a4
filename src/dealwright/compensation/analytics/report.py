"""What an analysis answers: figures, charts and tables whose numbers open to their rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from dealwright.base.spreadsheets import harmless

Kind = Literal["text", "money", "percent", "number", "days", "date"]

# A percent is a fraction (0.25), days have one place, money is in the scope's currency.


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand right."""

    key: str
    label: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and where it leads: another address, or ``opens``, a set of rows behind it."""

    value: Any
    href: str = ""
    opens: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns. ``total`` counts all rows where only the first are shown."""

    key: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    total: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with what it means; ``value`` None is shown as "–"."""

    key: str
    label: str
    value: Any
    kind: Kind = "number"
    help: str = ""
    opens: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A person in a scatter chart, and the statement it opens."""

    label: str
    x: Decimal
    y: Decimal
    href: str
    mark: int = 1


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: bars and lines as the house's charts take them, or dots.

    Its numbers stand in the table named ``table``. For dots ``rows`` are ``Dot`` and ``fit`` is
    a straight line (intercept, slope) through them.
    """

    kind: Literal["bar", "line", "dots"]
    title: str
    table: str
    rows: Sequence[Any]
    series: Sequence[Any] = ()
    unit: str = ""
    category: str = ""
    percent: bool = False
    money: bool = False
    fit: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """An analysis. ``behind`` makes the rows behind a number on demand, by ``opens``;
    ``definitions`` say exactly what the numbers are."""

    figures: Sequence[Figure]
    tables: Sequence[Table]
    charts: Sequence[Chart] = ()
    definitions: Sequence[str] = ()
    behind: Mapping[str, Callable[[], Table]] = field(default_factory=dict)

    def table(self, key: str) -> Table | None:
        return next((each for each in self.tables if each.key == key), None)


def table_csv(table: Table) -> str:
    """A table as CSV: keys as heads, decimals plain, days in ISO form."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([each.key for each in table.columns])
    for row in table.rows:
        writer.writerow(
            [
                harmless(plain_value(cell.value, column.kind) or "")
                for column, cell in zip(table.columns, row, strict=True)
            ]
        )
    return text.getvalue()


def plain_value(value: Any, kind: Kind) -> str | None:
    """A value as programs read it: percents as fractions with four places, money with two."""
    if value is None:
        return None
    if isinstance(value, Decimal):
        places = {"percent": "0.0001", "money": "0.01", "days": "0.1"}.get(kind)
        if places is not None:
            value = value.quantize(Decimal(places), rounding=ROUND_HALF_UP)
        return f"{value:f}"
    return str(value)
