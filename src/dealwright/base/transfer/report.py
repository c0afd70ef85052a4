"""What an import found: counts, sums, and everything odd with its row numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

SHOWN_ROWS = 10_000
SHOWN_ODDITIES = 2_000


@dataclass(slots=True)
class Oddity:
    """Something a person should look at.

    What is true of a whole table has no rows. ``code``: ``no_key`` (the table would be made
    anew each time), ``read_as`` (another product's word), ``several`` (addresses in one cell),
    ``unmatched`` (a value that names nothing; ``suggestion`` may say what was meant),
    ``empty_relation``, ``misspelt``, ``row_problem``, ``rejected`` (the row was not
    written), ``duplicate_key``, ``encoding``, ``zero_amount``, ``unused``.
    """

    table: str
    code: str
    message: str
    column: str = ""
    value: str = ""
    suggestion: str = ""
    accepted: bool = False
    rows: list[int] = field(default_factory=list)
    count: int = 0

    def add(self, row: int) -> None:
        self.count += 1
        if len(self.rows) < SHOWN_ROWS:
            self.rows.append(row)

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Report:
    """Grows while an import runs."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    sums: dict[str, Decimal] = field(default_factory=dict)
    oddities: dict[tuple[str, ...], Oddity] = field(default_factory=dict)

    def count(self, object_key: str, outcome: str, by: int = 1) -> None:
        """``outcome``: created, updated, unchanged, rejected."""
        _tally(self.counts, object_key)[outcome] += by

    def group(self, name: str, value: str, by: int = 1) -> None:
        """A tally such as opportunities by stage."""
        _tally(self.groups, name)[value] += by

    def add_to_sum(self, name: str, amount: Decimal) -> None:
        self.sums[name] = self.sums.get(name, Decimal(0)) + amount

    def odd(
        self,
        table: str,
        code: str,
        row: int,
        message: str,
        *,
        column: str = "",
        value: str = "",
        suggestion: str = "",
        accepted: bool = False,
    ) -> None:
        """Note one occurrence; the same thing in many rows is one oddity with many rows."""
        key = (table, code, column, value, message if code in ("rejected", "row_problem") else "")
        known = self.oddities.get(key)
        if known is None and len(self.oddities) >= SHOWN_ODDITIES:
            key = (table, "more", "", "", "")
            message = "More of other kinds; see the error file."
            column = value = suggestion = ""
            known = self.oddities.get(key)
            code = "more"
        if known is None:
            known = self.oddities[key] = Oddity(
                table=table,
                code=code,
                message=message,
                column=column,
                value=value,
                suggestion=suggestion,
                accepted=accepted,
            )
        known.add(row)

    def warn(self, table: str, code: str, message: str) -> None:
        """Note what is true of a table as a whole."""
        self.oddities.setdefault(
            (table, code, "", "", message), Oddity(table=table, code=code, message=message)
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": {name: dict(counter) for name, counter in self.counts.items()},
            "groups": {name: dict(counter) for name, counter in self.groups.items()},
            "sums": {name: str(amount) for name, amount in self.sums.items()},
            "oddities": [each.as_json() for each in sorted(self.oddities.values(), key=_weight)],
        }


def _tally(tallies: dict[str, Counter[str]], name: str) -> Counter[str]:
    known = tallies.get(name)
    if known is None:
        known = tallies[name] = Counter()
    return known


def _weight(odd: Oddity) -> tuple[bool, int, str]:
    """Tables as a whole first, then what concerns most rows."""
    return odd.count > 0, -odd.count, odd.table
