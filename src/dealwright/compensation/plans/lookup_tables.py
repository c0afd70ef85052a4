"""Tables of rates or factors by one or two texts, each with the day from which it holds.

An expression reads ``table.<name>`` or ``lookup(<name>, <by>)``: the value of the event's row
under the version of the event's day, else the version's ``otherwise``, else nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dealwright.base.language import Type, number, rate
from dealwright.compensation.plans.source import Block, Complaints, Item, hint

MOST_ROWS = 1000
_SMALL = Decimal(1000)
_LOOKUP = re.compile(r"\blookup\(\s*(\w+)((?:\s*,\s*[\w.]+)*)\s*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableVersion:
    """The rows that hold from a day on (None: always)."""

    starts: date | None
    rows: Mapping[tuple[str, ...], Decimal]
    otherwise: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupTable:
    """A named table; ``versions`` stand in the order of their days."""

    id: str
    line: int
    by: tuple[str, ...]
    versions: tuple[TableVersion, ...]

    @property
    def is_small(self) -> bool:
        """Whether all values are below 1,000, as rates are."""
        return all(
            abs(value) < _SMALL
            for each in self.versions
            for value in (*each.rows.values(), each.otherwise or Decimal(0))
        )

    @property
    def type(self) -> Type:
        return rate() if self.is_small else number(13, 6)

    def value(self, values: Mapping[str, Any]) -> Decimal | None:
        """The value for an event's names; None where no row holds."""
        day = values["date"]
        current = None
        for each in self.versions:
            if each.starts is None or each.starts <= day:
                current = each
        if current is None:
            return None
        key = tuple(values[name] for name in self.by)
        return current.rows.get(key, current.otherwise)


def table_values(tables: Mapping[str, LookupTable], values: Mapping[str, Any]) -> dict[str, Any]:
    """``table.<name>`` of every table that the names in ``values`` suffice for."""
    return {
        f"table.{each.id}": each.value(values)
        for each in tables.values()
        if all(name in values for name in each.by)
    }


def table_scope(tables: Mapping[str, LookupTable], names: Collection[str]) -> dict[str, Type]:
    """What an expression with these names may read of the tables."""
    return {
        f"table.{each.id}": each.type
        for each in tables.values()
        if all(name in names for name in each.by)
    }


def read_tables(root: Block, texts: Collection[str]) -> dict[str, LookupTable]:
    """``tables:`` of a plan; ``texts`` are the names by which a table may look up."""
    item = root.take("tables")
    block = item.block() if item else None
    tables: dict[str, LookupTable] = {}
    for name, entry in block.entries() if block else ():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
            entry.complain("a table's name has lower case letters, digits and “_” only.")
            continue
        inner = entry.block()
        table = _table(name, inner, texts) if inner else None
        if table is not None:
            tables[name] = table
    return tables


def _table(name: str, block: Block, texts: Collection[str]) -> LookupTable | None:
    item = block.take("by", required=True)
    by = tuple(
        text for each in (item.items() if item else ()) if (text := each.choice(sorted(texts)))
    )
    if item is not None and not 1 <= len(item.items()) <= 2:
        item.complain("a table looks up by one or two names.")
    line = block.line
    versions = []
    dated = block.take("versions")
    if dated is None:
        versions.append(_version(block, by))
        block.close()
    else:
        block.close()
        for entry in dated.items():
            inner = entry.block()
            if inner is not None:
                versions.append(_version(inner, by))
                inner.close()
        days = [each.starts or date.min for each in versions]
        if days != sorted(set(days)):
            dated.complain("versions stand in the order of the days from which they hold.")
    if not by or not any(each.rows for each in versions):
        return None
    return LookupTable(id=name, line=line, by=by, versions=tuple(versions))


def _version(block: Block, by: tuple[str, ...]) -> TableVersion:
    starts = block.day("from")
    otherwise = block.number("otherwise", low=-_MOST, high=_MOST)
    rows: dict[tuple[str, ...], Decimal] = {}
    item = block.take("rows", required=True)
    inner = item.block() if item else None
    for key, entry in inner.entries() if inner else ():
        if len(by) == 2:
            below = entry.block()
            for second, cell in below.entries() if below else ():
                _put(rows, (key, second), cell)
        else:
            _put(rows, (key,), entry)
    if len(rows) > MOST_ROWS:
        block.complain(f"a table may have at most {MOST_ROWS:,} rows.")
    return TableVersion(starts=starts, rows=rows, otherwise=otherwise)


_MOST = Decimal(10) ** 12


def _put(rows: dict[tuple[str, ...], Decimal], key: tuple[str, ...], cell: Item) -> None:
    value = cell.number(low=-_MOST, high=_MOST)
    if value is not None:
        rows[key] = value


def without_lookups(
    text: str, tables: Mapping[str, LookupTable], line: int, complaints: Complaints, place: str
) -> str:
    """``lookup(rates, product)`` as ``table.rates``; complains of a table that looks up by
    something else."""

    def name_of(match: re.Match[str]) -> str:
        name = match[1]
        table = tables.get(name)
        given = tuple(each.strip() for each in match[2].split(",")[1:])
        if table is None:
            known = ", ".join(tables) or "none"
            said = f"there is no table “{name}”; there are: {known}.{hint(name, list(tables))}"
            complaints.add(line, f"{place}: {said}")
            return "0"
        if given and given != table.by:
            complaints.add(line, f"{place}: the table “{name}” looks up by {', '.join(table.by)}.")
        return f"table.{name}"

    return _LOOKUP.sub(name_of, text)
