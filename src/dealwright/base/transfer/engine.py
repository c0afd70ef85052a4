"""Runs an import: tables in order, rows in batches, one transaction for all of it."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction
from rapidfuzz import fuzz, process

from dealwright.base.access.actor import Actor, change
from dealwright.base.database.copying import copy_rows
from dealwright.base.errors import Invalid
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.values import attribute_of, clean_value
from dealwright.base.transfer.formats import parse_datetime, parse_number
from dealwright.base.transfer.models import ImportJob
from dealwright.base.transfer.plan import EXTERNAL_ID, ColumnPlan, TablePlan
from dealwright.base.transfer.relations import Resolver
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.sources import Row, Table
from dealwright.base.transfer.writers import BATCH, Outcome, Prepared, Writer, writer_for

Progress = Callable[[int, str], None]
_NUMBERS = (Kind.NUMBER, Kind.INTEGER, Kind.MONEY, Kind.PERCENT)
_LINKS = (Kind.RELATION, Kind.USER)


class DryRun(Exception):
    """Rolls a trial back; nothing of it stays."""


@dataclass(slots=True)
class _Later:
    """A cell that names a record of the same table: set when all rows are there."""

    row: int
    record_id: Any
    column: ColumnPlan
    field: Field
    text: str


@dataclass(slots=True)
class _Run:
    actor: Actor
    job: ImportJob | None
    report: Report
    errors: ErrorFile
    progress: Progress
    accept_suggestions: bool
    done: int = 0
    later: list[_Later] = field(default_factory=list)
    vocabularies: dict[str, dict[str, str]] = field(default_factory=dict)
    spellings: dict[tuple[str, str], str] = field(default_factory=dict)


class ErrorFile:
    """The rows that were not written, with the reason, as CSV; made when the first comes."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.count = 0
        self._file: Any = None
        self._writer: Any = None

    def add(self, table: Table, row: Row, problem: str) -> None:
        self.count += 1
        if self.path is None:
            return
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(["file", "row", "problem", "cells…"])
        cells = [harmless(row.values.get(name, "")) for name in table.header]
        self._writer.writerow([table.path.name, row.number, problem, *cells])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula (OWASP, CSV injection)."""
    return (
        f"'{text}"
        if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(text)
        else text
    )


def _is_number(text: str) -> bool:
    with suppress(ValueError, ArithmeticError):
        Decimal(text)
        return True
    return False


def run_import(
    actor: Actor,
    tables: Sequence[tuple[Table, TablePlan]],
    *,
    job: ImportJob | None = None,
    dry_run: bool = False,
    accept_suggestions: bool = False,
    error_file: Path | None = None,
    progress: Progress = lambda done, message: None,
) -> Report:
    """Import tables in the order of their plans' positions.

    All of it is one transaction: whatever stops it leaves nothing behind. A row that breaks
    a rule is left out, counted as rejected, told in the report and written to ``error_file``
    with its cells. ``dry_run`` does everything and then rolls it back, so that its report is
    what a real run would say. Raises Invalid for a plan or file that cannot be used.
    """
    report = Report()
    errors = ErrorFile(error_file)
    run = _Run(actor, job, report, errors, progress, accept_suggestions)
    try:
        with suppress(DryRun), change(actor), transaction.atomic():
            for table, plan in sorted(tables, key=lambda pair: pair[1].position):
                _import_table(run, table, plan)
            if dry_run:
                raise DryRun
    finally:
        errors.close()
    return report


def _import_table(run: _Run, table: Table, plan: TablePlan) -> None:
    writer = writer_for(plan.object)(run.actor, plan, run.report)
    writer.check()
    columns = _columns(table, plan, writer)
    for note in table.notes:
        run.report.odd(table.name, "note", 1, note)
    resolvers = {
        key: Resolver(run.actor, each, plan.system)
        for key, (_, each) in columns.items()
        if each.kind in _LINKS
    }
    for batch in _batches(table.rows()):
        prepared = _prepare(run, table, plan, writer, columns, resolvers, batch)
        for unique in _without_repeats(run, table, plan, prepared):
            outcomes = writer.write(unique)
            _record(run, table, plan, writer, outcomes, batch)
        run.done += len(batch)
        run.progress(run.done, table.name)
    _link_later(run, table, plan, writer, resolvers)


def _columns(table: Table, plan: TablePlan, writer: Writer) -> dict[str, tuple[ColumnPlan, Field]]:
    """The mapped columns by field key; raises Invalid for a column or field that is not there."""
    fields = {each.key: each for each in writer.fields()}
    chosen: dict[str, tuple[ColumnPlan, Field]] = {}
    for column in plan.columns:
        if column.column not in table.header:
            raise Invalid(f"{table.path.name} has no column “{column.column}”.")
        if not column.field or column.field == EXTERNAL_ID:
            continue
        if column.field not in fields:
            raise Invalid(f"{plan.object} has no field “{column.field}” to import to.")
        if column.field in chosen:
            raise Invalid(f"Two columns of {table.path.name} go to “{column.field}”.")
        target = fields[column.field]
        if callable(target.choices):  # asked once, not once per row
            target = replace(target, choices=list(target.options))
        chosen[column.field] = (column, target)
    if plan.match_by == EXTERNAL_ID and plan.column_for(EXTERNAL_ID) is None:
        raise Invalid(f"No column of {table.path.name} is the key to match by.")
    return chosen


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def _prepare(
    run: _Run,
    table: Table,
    plan: TablePlan,
    writer: Writer,
    columns: dict[str, tuple[ColumnPlan, Field]],
    resolvers: dict[str, Resolver],
    batch: Sequence[Row],
) -> list[Prepared]:
    """Cells to attributes; rows with a problem are told and left out."""
    for key, resolver in resolvers.items():
        column = columns[key][0]
        resolver.learn(_replaced(column, row.values.get(column.column, "")) for row in batch)
    key_column = plan.column_for(EXTERNAL_ID)
    prepared = []
    for row in batch:
        if row.problem:
            _reject(run, table, plan, row, row.problem, code="row_problem")
            continue
        try:
            attributes, extras, match_value = _values(
                run, table, plan, writer, columns, resolvers, row
            )
        except ValueError as error:
            _reject(run, table, plan, row, str(error))
            continue
        key = row.values.get(key_column.column, "") if key_column else ""
        if plan.match_by == EXTERNAL_ID and not key:
            _reject(run, table, plan, row, f"“{key_column.column}” is empty." if key_column else "")
            continue
        prepared.append(
            Prepared(
                number=row.number,
                attributes=attributes,
                raw=row.values,
                extras=extras,
                external_key=key[:200],
                match_value=match_value,
            )
        )
    return prepared


def _values(
    run: _Run,
    table: Table,
    plan: TablePlan,
    writer: Writer,
    columns: dict[str, tuple[ColumnPlan, Field]],
    resolvers: dict[str, Resolver],
    row: Row,
) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """One row's attributes, extras and match value; raises ValueError with the reason."""
    extra_keys = {each.key for each in writer.extra_fields}
    attributes: dict[str, Any] = dict(plan.defaults)
    extras: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    match_value = None
    for key, (column, target) in columns.items():
        text = _replaced(column, row.values.get(column.column, ""))
        if target.kind in _LINKS:
            value = _linked(run, table, plan, column, target, resolvers[key], row, text)
            if value is _POSTPONED:
                extras.setdefault("_later", []).append((column, target, text))
                continue
        else:
            text = _spelt(run, table, column, target, row, text)
            value = _cell_value(writer, column, target, text)
        if value is None and target.required:
            raise ValueError(f"{target.label} is empty.")
        if key == plan.match_by:
            match_value = value
        if key in extra_keys:
            extras[key] = value
        elif target.custom:
            custom[key] = value
        elif value is not None:
            attributes[attribute_of(writer.object_type, target)] = value
        else:
            name = attribute_of(writer.object_type, target)
            column_model: Any = writer.object_type.model._meta.get_field(name.removesuffix("_id"))
            attributes[name] = None if column_model.null else column_model.get_default()
    if custom:
        attributes["custom"] = custom
    return attributes, extras, match_value


_POSTPONED = object()


def _linked(
    run: _Run,
    table: Table,
    plan: TablePlan,
    column: ColumnPlan,
    target: Field,
    resolver: Resolver,
    row: Row,
    text: str,
) -> Any:
    """The id a cell names; an empty or unknown name is told, never guessed."""
    if not text:
        run.report.odd(
            table.name,
            "empty_relation",
            row.number,
            f"“{column.column}” is empty; the rows stay without {target.label.lower()}.",
            column=column.column,
        )
        return None
    found = resolver.find(text)
    if found is not None:
        run.report.group(f"{plan.object}: linked", target.key)
        return found
    if target.relation == plan.object:
        return _POSTPONED
    if resolver.is_ambiguous(text):
        message = f"“{text}” fits several {target.label.lower()} records; none was chosen."
        run.report.odd(
            table.name, "ambiguous", row.number, message, column=column.column, value=text
        )
        return None
    suggestion = resolver.suggest(text)
    accepted = bool(suggestion) and run.accept_suggestions
    if suggestion:
        fate = "it was taken for" if accepted else "did you mean"
        message = f"“{text}” matches no {target.label.lower()}; {fate} “{suggestion}”" + (
            "." if accepted else "?"
        )
    else:
        message = f"“{text}” matches no {target.label.lower()}; the rows stay without."
    run.report.odd(
        table.name,
        "unmatched",
        row.number,
        message,
        column=column.column,
        value=text,
        suggestion=suggestion,
        accepted=accepted,
    )
    if not accepted:
        return None
    resolver.learn([suggestion])
    run.report.group(f"{plan.object}: linked", target.key)
    return resolver.find(suggestion)


def _spelt(run: _Run, table: Table, column: ColumnPlan, target: Field, row: Row, text: str) -> str:
    """The text, or the usual word it is a near miss of where suggestions are taken."""
    if not text or target.vocabulary is None:
        return text
    usual = run.vocabularies.get(target.key)
    if usual is None:
        words = target.vocabulary()
        usual = run.vocabularies[target.key] = {word.casefold(): word for word in words}
    if text.casefold() in usual:
        return text
    known = run.spellings.get((target.key, text))
    if known is None:
        best = process.extractOne(text.casefold(), usual.keys(), scorer=fuzz.ratio, score_cutoff=85)
        known = run.spellings[(target.key, text)] = usual[best[0]] if best else ""
    if not known:
        return text
    run.report.odd(
        table.name,
        "misspelt",
        row.number,
        f"“{text}” is no usual {target.label.lower()}; "
        + (
            f"it was taken for “{known}”." if run.accept_suggestions else f"did you mean “{known}”?"
        ),
        column=column.column,
        value=text,
        suggestion=known,
        accepted=run.accept_suggestions,
    )
    if not run.accept_suggestions:
        return text
    return known if text[:1].isupper() else known.lower()


def _cell_value(writer: Writer, column: ColumnPlan, target: Field, text: str) -> Any:
    if not text:
        return None
    value: Any = text
    if target.kind in _NUMBERS:
        number = parse_number(text, decimal_comma=column.decimal_comma)
        if number is None:
            raise ValueError(f"{target.label}: “{text[:40]}” is not a number.")
        value = number * column.factor
    elif target.kind in (Kind.DATE, Kind.DATETIME) and column.date_format:
        value = parse_datetime(text, column.date_format)
        if value is None:
            raise ValueError(
                f"{target.label}: “{text[:40]}” is not a date of the form {column.date_format}."
            )
    return clean_value(writer.object_type, target, value)


def _replaced(column: ColumnPlan, text: str) -> str:
    return column.replacements.get(text, text)


def _without_repeats(
    run: _Run, table: Table, plan: TablePlan, rows: Sequence[Prepared]
) -> Iterator[list[Prepared]]:
    """Parts of the batch in which no key comes twice, so that the later row changes the
    earlier instead of breaking on it."""
    part: list[Prepared] = []
    seen: set[Any] = set()
    for row in rows:
        key = row.external_key if plan.match_by == EXTERNAL_ID else row.match_value
        if key and key in seen:
            run.report.odd(
                table.name,
                "duplicate_key",
                row.number,
                f"“{key}” stands in the file more than once; the last row counts.",
                value=str(key),
            )
            yield part
            part, seen = [], set()
        seen.add(key)
        part.append(row)
    if part:
        yield part


def _record(
    run: _Run,
    table: Table,
    plan: TablePlan,
    writer: Writer,
    outcomes: Sequence[Outcome],
    batch: Sequence[Row],
) -> None:
    rows = {row.number: row for row in batch}
    good = []
    for outcome in outcomes:
        if outcome.action == "rejected":
            _reject(run, table, plan, rows[outcome.row.number], outcome.problem)
            continue
        run.report.count(plan.object, outcome.action)
        good.append(outcome)
        for column, target, text in outcome.row.extras.get("_later", ()):
            run.later.append(_Later(outcome.row.number, outcome.record.pk, column, target, text))
    logged = list(writer.log(run.job.pk if run.job else None, good))
    logged.extend(writer.after_write(good))
    writer.tell(good)
    if run.job is not None:
        for each in logged:
            each.job = run.job
        copy_rows(logged)


def _link_later(
    run: _Run,
    table: Table,
    plan: TablePlan,
    writer: Writer,
    resolvers: dict[str, Resolver],
) -> None:
    """Links between rows of one table, such as an account's parent."""
    if not run.later:
        return
    later, run.later = run.later, []
    model: Any = writer.object_type.model
    for column in {each.column.column: each for each in later}.values():
        fresh = Resolver(run.actor, column.field, plan.system)
        fresh.learn(each.text for each in later if each.column is column.column)
        attribute = attribute_of(writer.object_type, column.field)
        was = dict(
            model.everything.filter(pk__in=[each.record_id for each in later]).values_list(
                "pk", attribute
            )
        )
        changed = []
        for each in (each for each in later if each.column is column.column):
            found = fresh.find(each.text)
            if found is None:
                run.report.odd(
                    table.name,
                    "unmatched",
                    each.row,
                    f"“{each.text}” matches no {column.field.label.lower()}.",
                    column=each.column.column,
                    value=each.text,
                    suggestion=fresh.suggest(each.text),
                )
            elif found == each.record_id:
                run.report.odd(
                    table.name,
                    "self_link",
                    each.row,
                    f"The row names itself as {column.field.label.lower()}; left empty.",
                    column=each.column.column,
                )
            else:
                run.report.group(f"{plan.object}: linked", column.field.key)
                if was.get(each.record_id) != found:
                    changed.append(model(pk=each.record_id, **{attribute: found}))
        model.everything.bulk_update(changed, [attribute], batch_size=BATCH)


def _reject(
    run: _Run, table: Table, plan: TablePlan, row: Row, problem: str, *, code: str = "rejected"
) -> None:
    run.report.count(plan.object, "rejected")
    run.report.odd(table.name, code, row.number, problem)
    run.errors.add(table, row, problem)
