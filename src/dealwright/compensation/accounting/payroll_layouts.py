"""The shape of a payroll file as finance writes it, and a file of that shape: pure computing.

A layout says the columns in their order (``Header = field``, one a line), how amounts, days and
people are written, and the pay code of each component. Where nothing else is said it is CSV in
UTF-8 with commas.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from dealwright.base.errors import Conflict, Invalid
from dealwright.base.money import minor_units
from dealwright.base.spreadsheets import harmless

FIELDS: Mapping[str, str] = {
    "employee": "What payroll calls the person",
    "name": "Name",
    "email": "E-mail",
    "payee_id": "The person's id here",
    "job_title": "Job title",
    "region": "Region",
    "cost_centre": "Cost centre",
    "amount": "Amount",
    "currency": "Currency",
    "pay_code": "Pay code",
    "component": "Component",
    "plan": "Plan",
    "period": "Pay period",
    "period_start": "First day of the period",
    "period_end": "Last day of the period",
    "paid_on": "Day of payment",
    "batch": "Number of the payment",
}
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "|": "|"}
DATES = {
    "2027-01-31": "%Y-%m-%d",
    "31.01.2027": "%d.%m.%Y",
    "31/01/2027": "%d/%m/%Y",
    "01/31/2027": "%m/%d/%Y",
    "20270131": "%Y%m%d",
}
ENCODINGS = ("utf-8", "utf-8-sig", "cp1252")
EMPLOYEES = {"number": "Employee number", "email": "E-mail", "id": "Id"}
PER = {"payee": "One row per person", "component": "One row per component"}
# Kinds of components that can have a pay code of their own, beside single components.
KINDS = (
    "fixed", "rated", "tiered", "milestones", "curve", "matrix", "mbo", "profitpool", "contest",
    "floor", "cap", "gate", "multiplier", "clawback", "draw", "holdback", "adjustment", "carried",
    "hold",
)  # fmt: skip
MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header and the field it shows, or ``text`` that is the same in each row."""

    header: str
    field: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A payroll file's shape. ``pay_codes`` is by component, by kind, or under ``default``."""

    columns: tuple[Column, ...]
    per: str = "payee"
    delimiter: str = ","
    decimal: str = "."
    dates: str = "2027-01-31"
    header: bool = True
    minor: bool = False  # amounts in minor units: 1234 for 12.34
    encoding: str = "utf-8"
    employee: str = "number"
    pay_codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayrollRow:
    """What one row says; ``component`` and ``kind`` are empty where a row is all of a person."""

    payee_id: Any
    name: str
    email: str
    number: str
    job_title: str
    region: str
    cost_centre: str
    amount: Decimal
    currency: str
    component: str = ""
    label: str = ""
    kind: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True)
class PayrollFacts:
    """What all rows share."""

    period: str
    starts_on: date
    ends_on: date
    paid_on: date
    batch: str


def read_layout(values: Mapping[str, Any], components: Iterable[str] = ()) -> Layout:
    """A layout from what was typed: ``columns`` and ``pay_codes`` as lines ``this = that``.

    ``components`` are the ids that pay codes may name. Raises Invalid that names field and line.
    """
    wrong: dict[str, list[str]] = {}
    for name, choices in (
        ("per", PER),
        ("delimiter", DELIMITERS),
        ("decimal", (".", ",")),
        ("dates", DATES),
        ("encoding", ENCODINGS),
        ("employee", EMPLOYEES),
    ):
        if values.get(name) not in choices:
            wrong[name] = [_("Choose one of the list.")]
    columns = tuple(_columns(str(values.get("columns", "")), wrong))
    codes = dict(_codes(str(values.get("pay_codes", "")), set(components), wrong))
    if not wrong and values["delimiter"] == values["decimal"] and not values.get("minor"):
        # Quotes would keep it readable, but many a payroll program cuts at every delimiter.
        wrong["delimiter"] = [_("Delimiter and decimal sign must differ.")]
    if not wrong and not any(each.field == "amount" for each in columns):
        wrong["columns"] = [_("A payroll file needs a column with the amount.")]
    if wrong:
        raise Invalid(" ".join(each for row in wrong.values() for each in row), fields=wrong)
    return Layout(
        columns=columns,
        per=values["per"],
        delimiter=values["delimiter"],
        decimal=values["decimal"],
        dates=values["dates"],
        header=bool(values.get("header")),
        minor=bool(values.get("minor")),
        encoding=values["encoding"],
        employee=values["employee"],
        pay_codes=codes,
    )


def _columns(text: str, wrong: dict[str, list[str]]) -> Iterable[Column]:
    found: list[Column] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        header, sign, value = (part.strip() for part in line.rpartition("="))
        if not sign or not header or not value or len(header) > 80:
            said = _("Line %(number)s: write “Header = field”.") % {"number": number}
            wrong.setdefault("columns", []).append(said)
        elif value[0] == value[-1] == '"' and len(value) > 1:
            found.append(Column(header, text=value[1:-1][:200]))
        elif value in FIELDS:
            found.append(Column(header, value))
        else:
            said = _("Line %(number)s: there is no field “%(field)s”.") % {
                "number": number,
                "field": value[:40],
            }
            wrong.setdefault("columns", []).append(said)
    if len(found) > MOST_COLUMNS:
        wrong.setdefault("columns", []).append(_("At most 60 columns."))
    if not found and "columns" not in wrong:
        wrong["columns"] = [_("Write at least one column.")]
    return found


def _codes(
    text: str, components: set[str], wrong: dict[str, list[str]]
) -> Iterable[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, sign, code = (part.strip() for part in line.partition("="))
        if not sign or not code or len(code) > 40:
            said = _("Line %(number)s: write “component = code”.") % {"number": number}
        elif name not in {"default", *KINDS} | components:
            said = _("Line %(number)s: there is no component or kind “%(name)s”.") % {
                "number": number,
                "name": name[:40],
            }
        else:
            yield name, code
            continue
        wrong.setdefault("pay_codes", []).append(said)


def stored(layout: Layout) -> dict[str, Any]:
    """As it is kept in the database."""
    return asdict(layout)


def from_stored(definition: Mapping[str, Any]) -> Layout:
    columns = tuple(Column(**each) for each in definition["columns"])
    return Layout(**{**definition, "columns": columns})


def typed(layout: Layout) -> dict[str, Any]:
    """As a person types it: what ``read_layout`` takes."""
    columns = (
        f'{each.header} = "{each.text}"' if not each.field else f"{each.header} = {each.field}"
        for each in layout.columns
    )
    codes = (f"{name} = {code}" for name, code in layout.pay_codes.items())
    return {**asdict(layout), "columns": "\n".join(columns), "pay_codes": "\n".join(codes)}


def render(layout: Layout, facts: PayrollFacts, rows: Sequence[PayrollRow]) -> bytes:
    """The file. Raises Conflict that names everybody whose employee number is missing, every
    component without a pay code, or a letter that the encoding has not."""
    _require_names(layout, rows)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITERS[layout.delimiter], lineterminator="\r\n")
    if layout.header:
        writer.writerow([each.header for each in layout.columns])
    for row in rows:
        writer.writerow([_value(layout, facts, row, each) for each in layout.columns])
    try:
        return out.getvalue().encode(layout.encoding)
    except UnicodeEncodeError as error:
        letter = error.object[error.start : error.start + 1]
        said = _("“%(letter)s” cannot be written in %(encoding)s: choose UTF-8.")
        raise Conflict(said % {"letter": letter, "encoding": layout.encoding}) from None


def _require_names(layout: Layout, rows: Sequence[PayrollRow]) -> None:
    fields = {each.field for each in layout.columns}
    if "employee" in fields and layout.employee == "number":
        nameless = sorted({row.name for row in rows if not row.number})
        if nameless:
            raise Conflict(
                _("These people have no employee number yet: %(names)s.")
                % {"names": ", ".join(nameless[:20])},
                code="employee_number_missing",
            )
    if "pay_code" in fields:
        codeless = sorted({row.label or row.name for row in rows if not pay_code(layout, row)})
        if codeless:
            raise Conflict(
                _("There is no pay code for: %(names)s. Write one, or “default = code”.")
                % {"names": ", ".join(codeless[:20])},
                code="pay_code_missing",
            )


def pay_code(layout: Layout, row: PayrollRow) -> str:
    """The code of a component, else of its kind, else the one for everything."""
    codes = layout.pay_codes
    return codes.get(row.component) or codes.get(row.kind) or codes.get("default", "")


def _value(layout: Layout, facts: PayrollFacts, row: PayrollRow, column: Column) -> str:
    dates = DATES[layout.dates]
    match column.field:
        case "":
            return column.text
        case "employee":
            named = {"number": row.number, "email": row.email, "id": str(row.payee_id)}
            return named[layout.employee]
        case "amount":
            return _amount(layout, row.amount, row.currency)
        case "pay_code":
            return pay_code(layout, row)
        case "component":
            return harmless(row.label)
        case "period":
            return facts.period
        case "period_start":
            return facts.starts_on.strftime(dates)
        case "period_end":
            return facts.ends_on.strftime(dates)
        case "paid_on":
            return facts.paid_on.strftime(dates)
        case "batch":
            return facts.batch
        case name:
            return harmless(str(getattr(row, name)))


def _amount(layout: Layout, amount: Decimal, currency: str) -> str:
    if layout.minor:
        return f"{amount.scaleb(minor_units(currency)):.0f}"
    return f"{amount:.2f}".replace(".", layout.decimal)
