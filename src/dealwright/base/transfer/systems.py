"""Which product a table comes from: the name under which its ids are remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dealwright.base.transfer.matching import plain
from dealwright.base.transfer.sources import Table

UNKNOWN = "file"
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSystem:
    """A product that people come from.

    ``ids`` is the form of its record ids where that alone tells; ``headers`` a pattern of
    headers, in plain form or (``written``) as they stand, that no other product writes.
    """

    key: str
    ids: str = ""
    headers: str = ""
    written: str = ""


_systems: list[OtherSystem] = []


def register_system(system: OtherSystem) -> None:
    """Make a product known by the look of its exports."""
    _systems.append(system)


def system_of(table: Table, key: str) -> str:
    """The product a table with this key column comes from, else ``file``."""
    if key:
        ids = [value for value in _first_values(table, key) if value]
        for system in _systems:
            if system.ids and ids and all(re.fullmatch(system.ids, each) for each in ids):
                return system.key
    for system in _systems:
        if any(
            (system.headers and re.fullmatch(system.headers, plain(name)))
            or (system.written and re.match(system.written, name))
            for name in table.header
        ):
            return system.key
    return UNKNOWN


def _first_values(table: Table, column: str) -> list[str]:
    values = []
    for row in table.rows():
        values.append(row.values.get(column, ""))
        if len(values) == _LOOKED_AT:
            break
    return values
