"""An import in the making: files uploaded, columns mapped, checked, then run as a long job."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, DealwrightError, Invalid
from dealwright.base.files import StoredFile, iterate_file, store_file
from dealwright.base.jobs import check_cancelled, finish, job, progress, start_long_job
from dealwright.base.jobs.models import JobRun
from dealwright.base.transfer.engine import run_import
from dealwright.base.transfer.models import ImportJob
from dealwright.base.transfer.plan import ColumnPlan, TablePlan, table_plan
from dealwright.base.transfer.services import new_error_file, propose_plans, remember_mapping
from dealwright.base.transfer.sources import Table, open_table

SAMPLE = 20
UPLOAD_BYTES = 100_000_000


def upload_tables(actor: Actor, files: Sequence[tuple[str, BinaryIO]]) -> ImportJob:
    """Keep files and propose what to do with them; raises Invalid for what is no table."""
    user = actor.require_user()
    if not files:
        raise Invalid("Choose a CSV, XLSX or ODS file.", fields={"files": ["Choose a file."]})
    with change(actor):
        draft = ImportJob(title=", ".join(name for name, _ in files)[:200], user=user)
        for name, content in files:
            stored = store_file(
                actor,
                name=name,
                content=content,
                content_type="application/octet-stream",
                purpose="import",
                generated=True,
            )
            draft.files.append({"id": str(stored.pk), "name": stored.name})
        draft.save()
        with opened(draft) as tables:
            draft.plan = [
                plan.as_json() if plan else None for _, plan in propose_plans(actor, tables)
            ]
        draft.save()
    return draft


@contextmanager
def opened(draft: ImportJob) -> Iterator[list[Table]]:
    """The draft's tables, decrypted to a private folder for as long as they are read."""
    with tempfile.TemporaryDirectory(prefix="dealwright-import-") as folder:
        tables = []
        for place, each in enumerate(draft.files):
            inside = Path(folder) / str(place)
            inside.mkdir(mode=0o700)
            path = inside / Path(each["name"]).name
            stored = StoredFile.objects.get(pk=each["id"])
            with path.open("wb") as file:
                for piece in iterate_file(stored):
                    file.write(piece)
            tables.append(open_table(path, name=Path(each["name"]).stem))
        yield tables


def samples(table: Table) -> list[dict[str, str]]:
    """The first rows, to look at."""
    rows = []
    for row in table.rows():
        rows.append(dict(row.values))
        if len(rows) == SAMPLE:
            break
    return rows


def replan_table(actor: Actor, draft: ImportJob, place: int, object_key: str) -> None:
    """Choose what the rows of one file are; "" leaves the file out."""
    _require_open(draft)
    plan = None
    if object_key:
        with opened(draft) as tables:
            (_, plan) = propose_plans(actor, [tables[place]], object_key=object_key)[0]
    draft.plan[place] = plan.as_json() if plan else None
    draft.report = {}
    draft.save(update_fields=["plan", "report"])


def map_columns(draft: ImportJob, place: int, plan: TablePlan) -> None:
    """Keep a changed mapping; what was checked before counts no longer."""
    _require_open(draft)
    draft.plan[place] = plan.as_json()
    draft.report = {}
    draft.save(update_fields=["plan", "report"])


def accept_suggestion(draft: ImportJob, table: str, column: str, value: str, use: str) -> None:
    """Read ``value`` as ``use`` in one column; raises Invalid for a column that is not mapped."""
    _require_open(draft)
    for place, raw in enumerate(draft.plan):
        if raw is None or raw["table"] != table:
            continue
        plan = table_plan(raw)
        known = next((each for each in plan.columns if each.column == column and each.field), None)
        if known is None:
            break
        known.replacements[value] = use
        draft.plan[place] = plan.as_json()
        for odd in draft.report.get("oddities", []):
            if (odd["table"], odd["column"], odd["value"]) == (table, column, value):
                odd["accepted"] = True
        draft.save(update_fields=["plan", "report"])
        return
    raise Invalid("This column is not mapped.")


def start_check(actor: Actor, draft: ImportJob) -> JobRun:
    """Try the import without keeping anything."""
    _require_open(draft)
    run = start_long_job(actor, _check, f"Check {draft.title}", draft_id=str(draft.pk))
    draft.run = run.pk
    draft.save(update_fields=["run"])
    return run


def start_import(actor: Actor, draft: ImportJob) -> JobRun:
    """Import for good."""
    _require_open(draft)
    if not any(draft.plan):
        raise Invalid("Say for at least one file what its rows are.")
    run = start_long_job(actor, _import, f"Import {draft.title}", draft_id=str(draft.pk))
    draft.run = run.pk
    draft.save(update_fields=["run"])
    return run


@job(name="transfer.check", queue="long", retries=0)
def _check(run: JobRun, draft_id: str) -> None:
    """Try an import and keep its report."""
    draft = ImportJob.objects.get(pk=draft_id)
    _run(run, draft, dry_run=True)
    draft.save(update_fields=["report"])
    finish(run, "Checked: nothing was written yet.", url=f"/import/{draft.pk}")


@job(name="transfer.import", queue="long", retries=0)
def _import(run: JobRun, draft_id: str) -> None:
    """Import, and keep the report and the rows that were left out."""
    draft = ImportJob.objects.get(pk=draft_id)
    if draft.state != "waiting":
        return
    try:
        with change(run.actor):
            _run(run, draft, dry_run=False)
            draft.finished_at = timezone.now()
            draft.save(update_fields=["report", "finished_at", "error_file"])
    except BaseException as error:
        draft.failed_at = timezone.now()
        draft.error = error.message if isinstance(error, DealwrightError) else type(error).__name__
        draft.save(update_fields=["failed_at", "error"])
        raise
    finish(run, summary(draft), file=draft.error_file, url=f"/import/{draft.pk}")


def _run(run: JobRun, draft: ImportJob, *, dry_run: bool) -> None:
    actor = run.actor
    errors = new_error_file()
    errors.unlink()

    def tell(done: int, table: str) -> None:
        check_cancelled(run)
        progress(run, done, total, f"{table}: {done:,} rows")

    try:
        with opened(draft) as tables:
            pairs = [
                (table, table_plan(raw))
                for table, raw in zip(tables, draft.plan, strict=True)
                if raw is not None
            ]
            total = sum(_rows(table) for table, _ in pairs)
            report = run_import(
                actor,
                pairs,
                job=None if dry_run else draft,
                dry_run=dry_run,
                error_file=errors,
                progress=tell,
            )
            draft.report = {**report.as_json(), "checked": dry_run}
            if errors.exists() and not dry_run:
                with errors.open("rb") as content:
                    stored = store_file(
                        actor, name="rows left out.csv", content=content, purpose="import-errors"
                    )
                draft.error_file = stored.pk
            if not dry_run:
                for table, plan in pairs:
                    remember_mapping(actor, table, plan)
    finally:
        errors.unlink(missing_ok=True)


def _rows(table: Table) -> int:
    return sum(1 for _ in table.rows())


def summary(draft: ImportJob) -> str:
    """One sentence: what became of the rows."""
    totals: dict[str, int] = {}
    for counter in draft.report.get("counts", {}).values():
        for outcome, count in counter.items():
            totals[outcome] = totals.get(outcome, 0) + count
    words = [f"{count:,} {outcome}" for outcome, count in totals.items() if count]
    return (", ".join(words) or "No rows") + "."


def mapping_from(form: Any, place: int, plan: TablePlan, header: Sequence[str]) -> TablePlan:
    """The mapping as the form sends it: ``t<place>c<column>.field`` and its like."""
    replacements = {each.column: each.replacements for each in plan.columns}
    scales = {each.column: each.scale for each in plan.columns}
    stand_ins = {(each.column, each.field): each.otherwise for each in plan.columns}
    key = form.get(f"t{place}.key", "")
    columns = []
    for number, name in enumerate(header):
        start = f"t{place}c{number}"
        field = form.get(f"{start}.field", "")
        columns.append(
            ColumnPlan(
                column=name,
                field=field,
                otherwise=stand_ins.get((name, field), ""),
                date_format=form.get(f"{start}.date", ""),
                decimal_comma=form.get(f"{start}.comma", "") == "on",
                scale=scales.get(name, "1"),
                replacements=replacements.get(name, {}),
            )
        )
        if key == name:
            columns.append(ColumnPlan(name, "external_id"))
    return TablePlan(
        table=plan.table,
        object=plan.object,
        columns=columns,
        match_by="external_id" if key else form.get(f"t{place}.match", ""),
        system=form.get(f"t{place}.system", plan.system) or plan.system,
        defaults=plan.defaults,
        position=plan.position,
    )


def _require_open(draft: ImportJob) -> None:
    if draft.state != "waiting":
        raise Conflict(f"This import is {draft.state}; start a new one.")
