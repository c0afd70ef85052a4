"""Imports as a person starts them: look at files, propose, try, run, undo."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import DealwrightError, Invalid, NotFound
from dealwright.base.transfer.engine import Progress, run_import
from dealwright.base.transfer.models import ImportJob, SavedMapping
from dealwright.base.transfer.plan import TablePlan, fingerprint, table_plan
from dealwright.base.transfer.recipes import propose_plan
from dealwright.base.transfer.report import Report
from dealwright.base.transfer.sources import Table, open_table

TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".ods")


def open_tables(path: Path) -> list[Table]:
    """The tables of a file, or of all table files of a folder; raises Invalid."""
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix.lower() in TABLE_ENDINGS)
        if not files:
            raise Invalid(f"{path} holds no CSV, XLSX or ODS file.")
        return [open_table(each) for each in files]
    if not path.exists():
        raise Invalid(f"{path} does not exist.")
    return [open_table(path)]


def propose_plans(
    actor: Actor, tables: Sequence[Table], *, object_key: str = ""
) -> list[tuple[Table, TablePlan | None]]:
    """A plan per table: the person's own for such a header, else the recipe's, else by names.

    Of two tables that would write the same rows (same object, same header) only the first
    gets a plan: a folder may hold one export twice in two formats.
    """
    pairs: list[tuple[Table, TablePlan | None]] = []
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for table in tables:
        plan = _remembered(actor, table, object_key) or propose_plan(
            actor, table, object_key=object_key
        )
        if plan is not None:
            key = (plan.object, table.header)
            plan = None if key in seen else plan
            seen.add(key)
        pairs.append((table, plan))
    return pairs


def try_import(
    actor: Actor,
    pairs: Sequence[tuple[Table, TablePlan]],
    *,
    accept_suggestions: bool = False,
    progress: Progress = lambda done, message: None,
) -> Report:
    """What an import would do, without doing it."""
    return run_import(
        actor, pairs, dry_run=True, accept_suggestions=accept_suggestions, progress=progress
    )


def import_tables(
    actor: Actor,
    pairs: Sequence[tuple[Table, TablePlan]],
    *,
    title: str = "",
    accept_suggestions: bool = False,
    error_file: Path | None = None,
    progress: Progress = lambda done, message: None,
) -> ImportJob:
    """Import and keep the job with its report, so that it can be looked at and undone.

    Raises what ``run_import`` raises; the failed job is kept with the reason.
    """
    job = ImportJob(
        title=title[:200] or ", ".join(table.path.name for table, _ in pairs)[:200],
        user=actor.user,
        plan=[plan.as_json() for _, plan in pairs],
    )
    job.save()
    try:
        with change(actor):
            report = run_import(
                actor,
                pairs,
                job=job,
                accept_suggestions=accept_suggestions,
                error_file=error_file,
                progress=progress,
            )
            job.report = report.as_json()
            job.finished_at = timezone.now()
            job.save(update_fields=["report", "finished_at"])
            for table, plan in pairs:
                remember_mapping(actor, table, plan)
    except BaseException as error:
        job.failed_at = timezone.now()
        job.error = error.message if isinstance(error, DealwrightError) else type(error).__name__
        job.save(update_fields=["failed_at", "error"])
        raise
    return job


def get_import(actor: Actor, job_id: Any) -> ImportJob:
    """One's own import, or any for an administrator; raises NotFound."""
    rows = ImportJob.objects.select_related("user").filter(pk=job_id)
    if not actor.is_system and not actor.require_user().is_administrator:
        rows = rows.filter(user=actor.user)
    job = rows.first()
    if job is None:
        raise NotFound("This import does not exist, or you may not see it.")
    return job


def remember_mapping(actor: Actor, table: Table, plan: TablePlan) -> None:
    """Keep how the person mapped such a header, to offer it next time."""
    if actor.user is None:
        return
    SavedMapping.objects.update_or_create(
        fingerprint=fingerprint([[plan.object], table.header]),
        user=actor.user,
        defaults={"plan": plan.as_json(), "used_at": timezone.now()},
    )


def _remembered(actor: Actor, table: Table, object_key: str) -> TablePlan | None:
    """The person's own mapping; formats are read anew, since they belong to the file."""
    if actor.user is None or not object_key:
        return None
    row = SavedMapping.objects.filter(
        fingerprint=fingerprint([[object_key], table.header]), user=actor.user
    ).first()
    if row is None:
        return None
    fresh = propose_plan(actor, table, object_key=object_key)
    plan = table_plan({**row.plan, "table": table.name})
    if fresh is not None:
        formats = {column.column: column for column in fresh.columns}
        for column in plan.columns:
            if column.column in formats:
                column.date_format = formats[column.column].date_format
                column.decimal_comma = formats[column.column].decimal_comma
    return plan


def new_error_file() -> Path:
    """Where the rows that could not be written are collected."""
    with tempfile.NamedTemporaryFile(prefix="import-errors-", suffix=".csv", delete=False) as file:
        return Path(file.name)
