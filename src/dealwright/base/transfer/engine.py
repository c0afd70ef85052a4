"""Runs an import: tables in order, rows in batches, one transaction for all of it."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from dealwright.base.access.actor import Actor, change
from dealwright.base.database.copying import copy_values, count_anew
from dealwright.base.objects.values import attribute_of
from dealwright.base.spreadsheets import harmless
from dealwright.base.transfer.cells import Later, RowReader
from dealwright.base.transfer.models import ImportJob, ImportRow
from dealwright.base.transfer.order import in_order
from dealwright.base.transfer.plan import EXTERNAL_ID, TablePlan
from dealwright.base.transfer.relations import Resolver
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.sources import Row, Table
from dealwright.base.transfer.undo import note_versions
from dealwright.base.transfer.writers import BATCH, LogLine, Outcome, Prepared, Writer, writer_for

COUNT_FROM = 5_000  # new rows of a table after which the planner looks anew, then at each doubling

Progress = Callable[[int, str], None]


class DryRun(Exception):
    """Rolls a trial back; nothing of it stays."""


@dataclass(slots=True)
class _Run:
    actor: Actor
    job: ImportJob | None
    report: Report
    errors: ErrorFile
    progress: Progress
    accept_suggestions: bool
    done: int = 0
    later: list[Later] = field(default_factory=list)


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
    """Import tables, those that others name first.

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
            for table, plan in in_order(tables):
                _import_table(run, table, plan)
            if job is not None:
                note_versions(job)
            if dry_run:
                raise DryRun
    finally:
        errors.close()
    return report


def _import_table(run: _Run, table: Table, plan: TablePlan) -> None:
    writer = writer_for(plan.object)(run.actor, plan, run.report)
    writer.check()
    reader = RowReader(
        run.actor,
        table,
        plan,
        writer,
        run.report,
        accept_suggestions=run.accept_suggestions,
    )
    for note in table.notes:
        run.report.warn(table.name, "note", note)
    if not plan.match_by:
        run.report.warn(table.name, "no_key", no_key(table))
    made, count_at = 0, COUNT_FROM
    for batch in _batches(table.rows()):
        prepared = _prepare(run, table, plan, reader, batch)
        for unique in _without_repeats(run, table, plan, prepared):
            outcomes = writer.write(unique)
            _record(run, table, plan, writer, outcomes, batch)
            made += sum(each.action == ImportRow.CREATED for each in outcomes)
        if made >= count_at:
            count_anew(writer.object_type.model)
            count_at = 2 * made
        run.done += len(batch)
        run.progress(run.done, table.name)
    _link_later(run, table, plan, writer)


def no_key(table: Table) -> str:
    """The warning for a table whose rows cannot be known again."""
    return (
        f"{table.path.name} has no key column and nothing to match by: "
        "importing this file again would make all rows anew."
    )


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


def _prepare(
    run: _Run,
    table: Table,
    plan: TablePlan,
    reader: RowReader,
    batch: Sequence[Row],
) -> list[Prepared]:
    """Cells to attributes; rows with a problem are told and left out."""
    reader.learn(batch)
    key_column = plan.column_for(EXTERNAL_ID)
    prepared = []
    for row in batch:
        if row.problem:
            _reject(run, table, plan, row, row.problem, code="row_problem")
            continue
        try:
            values = reader.values(row)
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
                attributes=values.attributes,
                raw=row.values,
                extras=values.extras,
                external_key=key[:200],
                match_value=values.match_value,
                later=values.later,
            )
        )
    return prepared


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
        for column, target, texts in outcome.row.later:
            run.later.append(Later(outcome.row.number, outcome.record.pk, column, target, texts))
    logged = list(writer.log(good)) if run.job is not None else []
    logged.extend(writer.after_write(good))
    writer.tell(good)
    if run.job is not None:
        job_id = run.job.pk
        names = (*LogLine._fields, "job_id")
        copy_values(ImportRow, names, [(*line, job_id) for line in logged])


def _link_later(
    run: _Run,
    table: Table,
    plan: TablePlan,
    writer: Writer,
) -> None:
    """Links between rows of one table, such as an account's parent."""
    if not run.later:
        return
    later, run.later = run.later, []
    model: Any = writer.object_type.model
    for column in {each.column.column: each for each in later}.values():
        fresh = Resolver(run.actor, column.field, plan.system)
        fresh.learn(text for each in later if each.column is column.column for text in each.texts)
        attribute = attribute_of(writer.object_type, column.field)
        was = dict(
            model.everything.filter(pk__in=[each.record_id for each in later]).values_list(
                "pk", attribute
            )
        )
        changed = []
        for each in (each for each in later if each.column is column.column):
            found = next((its for its in map(fresh.find, each.texts) if its), None)
            if found is None:
                run.report.odd(
                    table.name,
                    "unmatched",
                    each.row,
                    f"“{each.texts[-1]}” matches no {column.field.label.lower()}.",
                    column=each.column.column,
                    value=each.texts[-1],
                    suggestion=fresh.suggest(each.texts[-1]),
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
