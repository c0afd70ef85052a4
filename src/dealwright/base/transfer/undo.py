"""Taking an import back: exactly what it made goes, exactly what it changed comes back."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, NotAllowed
from dealwright.base.records.models import ExternalId
from dealwright.base.transfer.models import ImportJob, ImportRow

CHUNK = 500


def undo_import(actor: Actor, job: ImportJob) -> dict[str, Any]:
    """Remove what the import created and restore what it changed; all or nothing happens per
    record, in one transaction.

    A record that someone changed since, or that something newer points to, stays and is
    counted under ``kept`` with the reason. Returns counts: removed, restored, kept.
    Raises Conflict for an import that did not finish or was undone before, NotAllowed for
    anybody but its user and administrators.
    """
    if job.state != "finished":
        raise Conflict(f"This import is {job.state}; there is nothing to undo.")
    user = actor.user
    if not actor.is_system and not (user and (user.is_administrator or job.user_id == user.pk)):
        raise NotAllowed("Only the person who imported, or an administrator, may undo it.")
    counts: Counter[str] = Counter()
    kept: list[dict[str, str]] = []
    with change(actor):
        ImportJob.objects.select_for_update().get(pk=job.pk)
        last = None
        while True:
            rows = ImportRow.objects.filter(job=job).order_by("-id")
            batch = list(rows.filter(id__lt=last)[:CHUNK] if last else rows[:CHUNK])
            if not batch:
                break
            last = batch[-1].id
            _undo_batch(batch, counts, kept)
        job.undone_at = timezone.now()
        job.report = {**job.report, "undo": {**counts, "kept_records": kept[:1000]}}
        job.save(update_fields=["undone_at", "report"])
    return {"removed": counts["removed"], "restored": counts["restored"], "kept": counts["kept"]}


def note_versions(job: ImportJob) -> None:
    """Bring the log up to date at the end of an import: a call that was imported for a lead of
    the same import has changed the lead, and that is no change by somebody else."""
    quote = connection.ops.quote_name
    labels = ImportRow.objects.filter(job=job).order_by().values_list("model", flat=True)
    for label in labels.distinct():
        model: Any = apps.get_model(label)
        if not any(field.name == "version" for field in model._meta.concrete_fields):
            continue
        with connection.cursor() as cursor:
            cursor.execute(
                f"update {quote(ImportRow._meta.db_table)} as log set version = record.version "
                f"from {quote(model._meta.db_table)} as record where log.job_id = %s "
                "and log.model = %s and log.record_id = record.id "
                "and log.version <> record.version",
                [job.pk, label],
            )


def _undo_batch(batch: list[ImportRow], counts: Counter[str], kept: list[dict[str, str]]) -> None:
    """Neighbouring rows of one model and action together."""
    run: list[ImportRow] = []
    for row in batch:
        if run and (row.model, row.action) != (run[0].model, run[0].action):
            _undo_run(run, counts, kept)
            run = []
        run.append(row)
    if run:
        _undo_run(run, counts, kept)


def _undo_run(run: list[ImportRow], counts: Counter[str], kept: list[dict[str, str]]) -> None:
    model: Any = apps.get_model(run[0].model)
    manager = getattr(model, "everything", model._default_manager)
    found = manager.in_bulk([row.record_id for row in run])
    ready = []
    for row in run:
        record = found.get(row.record_id)
        if record is None:
            counts["gone"] += 1
        elif getattr(record, "version", row.version) != row.version:
            _keep(row, record, "somebody changed it since", counts, kept)
        else:
            ready.append((row, record))
    if run[0].action == ImportRow.UPDATED:
        for row, record in ready:
            _restore(model, row, record)
            counts["restored"] += 1
        return
    _remove(model, manager, ready, counts, kept)


def _remove(
    model: Any,
    manager: Any,
    ready: list[tuple[ImportRow, Any]],
    counts: Counter[str],
    kept: list[dict[str, str]],
) -> None:
    """Delete for good; a chunk that something points to is tried record by record."""
    if not ready:
        return
    ids = [record.pk for _, record in ready]
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model is model:
            manager.filter(pk__in=ids).update(**{field.attname: None})
    try:
        with transaction.atomic():
            ExternalId.objects.filter(record_id__in=ids).delete()
            manager.filter(pk__in=ids).delete()
        counts["removed"] += len(ids)
    except (models.ProtectedError, models.RestrictedError, IntegrityError):
        if len(ready) == 1:
            row, record = ready[0]
            _keep(row, record, "something newer belongs to it", counts, kept)
            return
        for each in ready:
            _remove(model, manager, [each], counts, kept)


def _restore(model: Any, row: ImportRow, record: Any) -> None:
    """Put the former values back as a change of its own, so that the history shows it."""
    for name, value in (row.before or {}).items():
        field = model._meta.get_field(name.removesuffix("_id"))
        setattr(record, name, field.to_python(value) if value is not None else None)
    names = [*(row.before or {})]
    if hasattr(record, "version"):
        record.version += 1
        names.append("version")
    record.save(update_fields=names)


def _keep(
    row: ImportRow, record: Any, reason: str, counts: Counter[str], kept: list[dict[str, str]]
) -> None:
    counts["kept"] += 1
    kept.append({"record": str(record), "id": str(row.record_id), "reason": reason})
