"""The grid as CSV and as a workbook, and taken back in after somebody worked on it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook  # type: ignore[import-untyped]

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid
from dealwright.base.spreadsheets import harmless
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.reading import decoded, read_rows, refuse_rows
from dealwright.compensation.planning.models import PlanningRow
from dealwright.compensation.planning.queries import Grid, kind_of
from dealwright.compensation.planning.row_services import propose_quota
from dealwright.compensation.planning.services import is_amount, note, opened, reckon
from dealwright.compensation.planning.sheet import load_sheet

COLUMNS = (
    "row", "level", "kind", "name", "under", "history", "pipeline", "weight", "part", "by_hand",
    "quota", "carried", "bottom_up", "wanted_below", "difference", "starts_on", "ends_on",
    "ramp_from",
)  # fmt: skip
# What is read back; all else is there to look at.
READ = ("weight", "by_hand", "bottom_up", "starts_on", "ends_on", "ramp_from")
AMOUNTS = ("weight", "by_hand", "bottom_up")
FIELDS = {"by_hand": "locked", "bottom_up": "proposed"}


def _rows(grid: Grid) -> Iterator[tuple[Any, ...]]:
    sheet = grid.sheet
    for line in grid.lines:
        row = line.row
        under = sheet.by_id[row.parent_id].name if row.parent_id else ""
        part = Decimal(line.part.numerator) / Decimal(line.part.denominator)
        yield (
            str(row.pk), line.depth, kind_of(row), row.name, under, line.history, line.pipeline,
            row.weight, round(part, 6), row.locked, line.placed.amount, line.placed.carried,
            row.proposed, line.against.wanted, line.against.difference, row.starts_on,
            row.ends_on, row.ramp_from,
        )  # fmt: skip


def _months(grid: Grid) -> Iterator[tuple[Any, ...]]:
    for line in grid.lines:
        if line.row.parent_id is not None:
            yield (line.row.name, *grid.sheet.by_month(line.row).amounts)


def grid_csv(grid: Grid) -> bytes:
    """A row per line; names that a spreadsheet would take for a formula get an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(grid):
        writer.writerow(["" if each is None else harmless(str(each)) for each in row])
    return out.getvalue().encode("utf-8-sig")


def grid_xlsx(grid: Grid) -> bytes:
    """The grid, the amounts by month, and what the scenario says."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(out, options)
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    months = [each.label for each in grid.sheet.season.months]
    for name, heads, rows in (
        ("Grid", COLUMNS, _rows(grid)),
        ("Months", ("name", *months), _months(grid)),
    ):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, heads, bold)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(heads) - 1, 14)
        for at, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                if isinstance(value, Decimal):
                    sheet.write_number(at, place, value, money)
                elif isinstance(value, date):
                    sheet.write_datetime(at, place, value, day)
                elif value is not None:
                    sheet.write(at, place, value)
    scenario = grid.sheet.scenario
    about = book.add_worksheet("About")
    about.set_column(0, 1, 24)
    for at, (name, value) in enumerate(
        (
            ("scenario", scenario.name),
            ("quota", scenario.measure),
            ("days", f"{scenario.starts_on} – {scenario.ends_on}"),
            ("number", f"{scenario.target} {scenario.currency}"),
            ("history", f"{scenario.history_starts_on} – {scenario.history_ends_on}"),
        )
    ):
        about.write(at, 0, name, bold)
        about.write(at, 1, value)
    book.close()
    return out.getvalue()


def import_grid(actor: Actor, scenario_id: Any, content: bytes) -> int:
    """Take the columns that can be changed from a file such as ``grid_csv`` or ``grid_xlsx``
    wrote; returns how many rows changed. An empty cell takes a value away, a missing column
    leaves it; managers may change ``bottom_up`` alone, for their branch.

    All rows or none: raises Invalid that names every bad row.
    """
    text = _csv_of(content) if content[:4] == b"PK\x03\x04" else decoded(content)
    names = {name: (name,) for name in ("row", *READ)}
    rows = read_rows(text, names, READ)
    heads = {each.strip().casefold() for each in next(csv.reader(io.StringIO(text)), [])}
    heads |= {each.strip().casefold() for each in text.split("\n", 1)[0].split(";")}
    given = [name for name in READ if name in heads]
    with change(actor):
        scenario = opened(actor, scenario_id)
        sheet = load_sheet(scenario)
        by_id = {str(each.pk): each for each in sheet.rows}
        wrong: list[str] = []
        values: list[tuple[PlanningRow, dict[str, Any]]] = []
        for number, cells in rows:
            row = by_id.get(cells["row"])
            try:
                if row is None:
                    raise Invalid(_("there is no such row in this scenario."))
                values.append((row, _values(row, cells, given)))
            except Invalid as error:
                wrong.append(_("Row %(row)s: %(said)s") % {"row": number, "said": error.message})
        refuse_rows(wrong)
        changed = [(row, new) for row, new in values if new]
        for row, new in changed:
            if set(new) == {"proposed"}:
                propose_quota(actor, scenario.pk, row.pk, new["proposed"])
                continue
            require_pay_manager(actor)
            for name, value in new.items():
                note(actor, scenario, "imported", row, before=getattr(row, name), after=value)
                setattr(row, name, value)
            row.save(update_fields=list(new))
        reckon(scenario)
        return len(changed)


def _values(row: PlanningRow, cells: dict[str, str], given: Sequence[str]) -> dict[str, Any]:
    """The row's fields that the cells change; raises Invalid."""
    found: dict[str, Any] = {}
    for name in given:
        text = cells[name].strip()
        field = FIELDS.get(name, name)
        value = _amount(text) if name in AMOUNTS else _day(text)
        if value != getattr(row, field):
            found[field] = value
    if row.parent_id is None and {"locked", "proposed"} & set(found):
        raise Invalid(_("the whole is the number of the scenario."))
    starts, ends = found.get("starts_on", row.starts_on), found.get("ends_on", row.ends_on)
    if starts and ends and ends < starts:
        raise Invalid(_("The end comes before the start."))
    return found


def _amount(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = round(Decimal(text), 6)
    except InvalidOperation:
        value = Decimal("NaN")
    if not is_amount(value):
        raise Invalid(_("“%(text)s” is not an amount.") % {"text": text[:40]})
    return round(value, 2)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        said = _("“%(text)s” is not a day like 2027-01-31.") % {"text": text[:40]}
        raise Invalid(said) from None


def _csv_of(content: bytes) -> str:
    """The first sheet of a workbook as CSV; raises Invalid."""
    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    except Exception:  # whatever the reader says of a broken file
        said = _("This file cannot be opened as a spreadsheet.")
        raise Invalid(said, fields={"file": [said]}) from None
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_cell(each) for each in row])
    return out.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, float):
        # A workbook keeps amounts as doubles; two decimals of up to 13 digits survive that.
        return f"{round(Decimal(repr(value)), 6).normalize():f}"
    return "" if value is None else str(value)
