"""The input tables: their columns, how CSV cells become values, and the sentences for bad cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

CellType = Literal["text", "money", "quantity", "share", "rate", "date", "number", "bool"]

AMOUNT = "DECIMAL(28, 6)"
RATE = "DECIMAL(9, 6)"
OPEN_START, OPEN_END = date(1900, 1, 1), date(2200, 12, 31)  # for ever before, for ever after

SQL_TYPES: Mapping[CellType, str] = {
    "text": "VARCHAR",
    "money": AMOUNT,
    "quantity": "DECIMAL(18, 6)",
    "number": AMOUNT,
    "share": RATE,
    "rate": "DECIMAL(18, 9)",
    "date": "DATE",
    "bool": "BOOLEAN",
}
# What a cell must look like; DuckDB's own casts would silently round or take exponents.
PATTERNS: Mapping[CellType, str] = {
    "money": r"[+-]?[0-9]{1,13}(\.[0-9]{1,4})?",
    "quantity": r"[+-]?[0-9]{1,12}(\.[0-9]{1,6})?",
    "number": r"[+-]?[0-9]{1,13}(\.[0-9]{1,6})?",
    "share": r"[+-]?[0-9]{1,3}(\.[0-9]{1,6})?|[+-]?[0-9]{1,5}(\.[0-9]{1,4})?%",
    "rate": r"[0-9]{1,9}(\.[0-9]{1,9})?",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "bool": r"(?i)true|false|yes|no|1|0",
}
EXAMPLES: Mapping[CellType, str] = {
    "text": "text",
    "money": "an amount such as 1234.56",
    "quantity": "a quantity such as 3 or 2.5",
    "number": "a number such as 0.35",
    "share": "a share such as 0.7 or 70%",
    "rate": "a rate such as 1.0825",
    "date": "a date like 2027-01-31",
    "bool": "true or false",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an input file; ``default`` is an SQL literal for an empty cell."""

    name: str
    type: CellType
    default: str = "NULL"
    required: bool = False
    header: str = ""

    @property
    def title(self) -> str:
        return self.header or self.name


EVENTS = (
    Column("event_id", "text", required=True),
    Column("kind", "text", "'booking'"),
    Column("date", "date", required=True),
    Column("payee", "text", "''"),
    Column("amount", "money", "0"),
    Column("currency", "text", "''"),
    Column("quantity", "quantity", "1"),
    Column("cost", "money", "0"),
    Column("reference", "text", "''"),
)
SPLITS = (
    Column("event_id", "text", required=True),
    Column("payee", "text", required=True),
    Column("share", "share", required=True),
    Column("role", "text", "''"),
    Column("kind", "text", "'direct'"),
)
PEOPLE = (
    Column("payee", "text", required=True),
    Column("name", "text", "''"),
    Column("starts", "date", "DATE '1900-01-01'", header="start"),
    Column("ends", "date", "DATE '2200-12-31'", header="end"),
    Column("salary", "money"),
    Column("target", "money"),
    Column("position", "text", "''"),
    Column("team", "text", "''"),
    Column("quota_relief", "share", "0"),
)
QUOTAS = (
    Column("payee", "text", "''"),
    Column("position", "text", "''"),
    Column("team", "text", "''"),
    Column("measure", "text", required=True),
    Column("period", "text", "''"),
    Column("starts", "date", header="start"),
    Column("ends", "date", header="end"),
    Column("amount", "money", required=True),
    Column("per", "text", "'range'"),
)
HIERARCHY = (
    Column("payee", "text", required=True),
    Column("manager", "text", required=True),
    Column("relation", "text", "'reporting'"),
    Column("starts", "date", "DATE '1900-01-01'", header="start"),
    Column("ends", "date", "DATE '2200-12-31'", header="end"),
)
TERRITORIES = (
    Column("territory", "text", required=True),
    Column("payee", "text", required=True),
    Column("starts", "date", "DATE '1900-01-01'", header="start"),
    Column("ends", "date", "DATE '2200-12-31'", header="end"),
    Column("share", "share", "1"),
    Column("role", "text", "''"),
)
RATES = (
    Column("from_currency", "text", required=True, header="from"),
    Column("to_currency", "text", required=True, header="to"),
    Column("starts", "date", "DATE '1900-01-01'", header="date"),
    Column("rate", "rate", required=True),
    Column("type", "text", "'spot'"),
)
# Lines paid earlier for events outside the calculation: what a late clawback looks at.
PRIOR = (
    Column("payee", "text", required=True),
    Column("component", "text", required=True),
    Column("event_id", "text", required=True),
    Column("date", "date", required=True),
    Column("payout", "money", required=True),
)
FILES: Mapping[str, tuple[Column, ...]] = {
    "events": EVENTS,
    "splits": SPLITS,
    "people": PEOPLE,
    "quotas": QUOTAS,
    "hierarchy": HIERARCHY,
    "rates": RATES,
    "territories": TERRITORIES,
    "prior": PRIOR,
}
FIELD_CELLS: Mapping[str, CellType] = {
    "text": "text",
    "number": "number",
    "money": "money",
    "date": "date",
    "bool": "bool",
}
MAX_ROWS_NAMED = 20  # problems of one kind that are listed; the rest is counted


def columns_of(
    file: str, event_fields: Mapping[str, str], payee_fields: Mapping[str, str]
) -> tuple[Column, ...]:
    """The columns of a file for a plan: its own, then the fields the plan declares."""
    declared = {"events": event_fields, "people": payee_fields}.get(file, {})
    own = FILES[file]
    return own + tuple(
        Column(f"f_{name}", FIELD_CELLS[type_], header=name) for name, type_ in declared.items()
    )
