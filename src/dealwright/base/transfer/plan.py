"""What an import will do with each column, as a person can read and change it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

EXTERNAL_ID = "external_id"


@dataclass(slots=True)
class ColumnPlan:
    """One column: the field it goes to ("" leaves it out, ``external_id`` is the match key).

    ``date_format`` is a name of ``formats.DATE_FORMATS``; ``scale`` multiplies numbers
    (a column in millions); ``replacements`` maps values as they stand in the file to the
    ones to use instead. ``otherwise`` is another column to ask where a link's cell is empty
    or names nothing: the name beside an id.
    """

    column: str
    field: str = ""
    date_format: str = ""
    decimal_comma: bool = False
    scale: str = "1"
    otherwise: str = ""
    replacements: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def factor(self) -> Decimal:
        return Decimal(self.scale)


@dataclass(slots=True)
class TablePlan:
    """One table: the object its rows become and how they find what exists.

    ``match_by`` is ``external_id`` (with ``system``), a field key, or "" to create always.
    ``defaults`` are values for fields that no column gives.
    """

    table: str
    object: str
    columns: list[ColumnPlan]
    match_by: str = ""
    system: str = "file"
    defaults: dict[str, Any] = dataclasses.field(default_factory=dict)
    position: int = 100

    def column_for(self, field_key: str) -> ColumnPlan | None:
        return next((each for each in self.columns if each.field == field_key), None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def table_plan(data: Mapping[str, Any]) -> TablePlan:
    """The plan from its JSON form."""
    columns = [ColumnPlan(**each) for each in data["columns"]]
    return TablePlan(**{**data, "columns": columns})


def fingerprint(headers: Sequence[Sequence[str]]) -> str:
    """What tells two files of the same form: the SHA-256 of their headers in order."""
    text = "\x1e".join("\x1f".join(header) for header in headers)
    return hashlib.sha256(text.encode()).hexdigest()
