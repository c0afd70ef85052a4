"""What can be done with bulk sends: upload, map, check, start, download what became of it."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, check_create, get_visible
from dealwright.base.errors import Conflict, DealwrightError, Invalid, NotFound
from dealwright.base.events.outbox import record_event
from dealwright.base.files.services import iterate_file, store_file
from dealwright.base.jobs import check_cancelled, finish, job, progress, start_long_job
from dealwright.base.jobs.models import JobRun
from dealwright.base.jobs.queue import Interrupted
from dealwright.base.jobs.runs import JobCancelled
from dealwright.base.people.organization import keep_organization
from dealwright.base.spreadsheets import harmless
from dealwright.base.transfer.sources import Table, open_table
from dealwright.signing.blueprints.contents import raise_wrong
from dealwright.signing.blueprints.models import SigningTemplate
from dealwright.signing.blueprints.queries import OBJECT
from dealwright.signing.blueprints.using import current_version, make_envelope
from dealwright.signing.bulk.events import BulkSendCompleted, BulkSendFailed
from dealwright.signing.bulk.mapping import Mapper, checked_mapping, columns_of, propose
from dealwright.signing.bulk.models import BulkSend, BulkSendRow
from dealwright.signing.envelopes.services import send_envelope
from dealwright.signing.sandbox import remembering
from dealwright.signing.seals.services import ensure_organisation_seal

MAX_ROWS = 10_000
MAX_BYTES = 20_000_000
SHOWN = 200  # bad rows that are named


@dataclass(slots=True)
class Checked:
    """What a check found: how many rows, and what is wrong with which (number, sentence)."""

    rows: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)
    more_wrong: int = 0
    samples: list[dict[str, str]] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    @property
    def bad(self) -> int:
        return len(self.wrong) + self.more_wrong

    @property
    def good(self) -> int:
        return self.rows - self.bad


def upload_rows(actor: Actor, template_id: Any, *, name: str, content: BinaryIO) -> BulkSend:
    """Keep a table for a template and propose what its columns are.

    Raises NotFound, NotAllowed, Conflict for an archived template, Invalid for what is no
    table or too large.
    """
    check_create(actor, "envelope")
    template: SigningTemplate = get_visible(actor, OBJECT, template_id)
    with change(actor):
        version = current_version(actor, template)
        size = content.seek(0, io.SEEK_END)
        content.seek(0)
        if size > MAX_BYTES:
            raise_wrong({"file": [f"The file is larger than {MAX_BYTES // 1_000_000} MB."]})
        stored = store_file(
            actor,
            name=name,
            content=content,
            content_type="application/octet-stream",
            purpose="bulk_send",
            generated=True,
        )
        made = BulkSend(template=template, user=actor.user, file=stored, name=stored.name[:200])
        try:
            with opened(made) as table:
                made.columns = list(table.header)
        except Invalid as error:
            raise Invalid(error.message, fields={"file": [error.message]}) from None
        made.mapping = propose(version.content, made.columns)
        made.save(force_insert=True)
    return made


@contextmanager
def opened(bulk: BulkSend) -> Iterator[Table]:
    """The table, decrypted to a private folder for as long as it is read."""
    with tempfile.TemporaryDirectory(prefix="dealwright-bulk-") as folder:
        path = Path(folder) / Path(bulk.file.name).name
        with path.open("wb") as file:
            for piece in iterate_file(bulk.file):
                file.write(piece)
        yield open_table(path)


def map_columns(actor: Actor, bulk_id: Any, mapping: Mapping[str, str]) -> BulkSend:
    """Say what the columns are. Raises Invalid, or Conflict once it was started."""
    with change(actor):
        bulk = _waiting(actor, bulk_id)
        version = current_version(actor, bulk.template)
        bulk.mapping = checked_mapping(version.content, bulk.columns, mapping)
        bulk.save(update_fields=["mapping"])
    return bulk


def check_rows(actor: Actor, bulk: BulkSend) -> Checked:
    """Look at every row without sending anything. Raises Invalid where the table cannot be read
    or has more than MAX_ROWS rows."""
    with change(actor):
        version = current_version(actor, bulk.template)
    mapper = Mapper(version.content, bulk.mapping)
    checked = Checked()
    with opened(bulk) as table:
        checked.notes = table.notes
        for row in table.rows():
            checked.rows += 1
            if checked.rows > MAX_ROWS:
                raise_wrong({"file": [f"At most {MAX_ROWS:,} rows are sent at once."]})
            if len(checked.samples) < 5:
                checked.samples.append(dict(row.values))
            problem = row.problem or mapper.problem(row.values)
            if problem and len(checked.wrong) < SHOWN:
                checked.wrong.append((row.number, problem))
            elif problem:
                checked.more_wrong += 1
    return checked


def start_bulk_send(actor: Actor, bulk_id: Any, *, skip_bad: bool = False) -> BulkSend:
    """Send every row: a long job, which goes on where it was after a crash.

    Raises Conflict once it was started, Invalid where there is no row to send, or a bad one
    without ``skip_bad``, Unavailable where the seal key is not ready.
    """
    ensure_organisation_seal()
    with change(actor):
        bulk = _waiting(actor, bulk_id)
        version = current_version(actor, bulk.template)
        bulk.mapping = checked_mapping(version.content, bulk.columns, bulk.mapping)
        checked = check_rows(actor, bulk)
        if not checked.good:
            first = checked.wrong[0][1] if checked.wrong else "The file has no rows."
            raise_wrong({"file": [f"There is no row to send. {first}"]})
        if checked.bad and not skip_bad:
            number, sentence = checked.wrong[0]
            raise_wrong({"file": [f"{checked.bad} of {checked.rows} rows cannot be sent. "
                                  f"Row {number}: {sentence}"]})  # fmt: skip
        _write_rows(bulk, Mapper(version.content, bulk.mapping))
        run = start_long_job(actor, _send_rows, f"Bulk send {bulk.name}", bulk_id=str(bulk.pk))
        bulk.version, bulk.run, bulk.started_at = version, run.pk, timezone.now()
        bulk.save(update_fields=["version", "run", "started_at", "mapping"])
    return bulk


def visible_bulk_sends(actor: Actor) -> QuerySet[BulkSend]:
    """One's own; all of them for administrators and the product itself."""
    rows = BulkSend.objects.select_related("template", "user", "file", "version")
    if actor.is_system or actor.require_user().is_administrator:
        return rows
    return rows.filter(user=actor.user)


def get_bulk_send(actor: Actor, bulk_id: Any, *, lock: bool = False) -> BulkSend:
    """One bulk send; raises NotFound alike for absent and for another's."""
    rows = visible_bulk_sends(actor)
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(pk=as_uuid(bulk_id)).first()
    if found is None:
        raise NotFound("This bulk send does not exist, or you may not see it.")
    return found


def columns_for(template: SigningTemplate) -> list[str]:
    """The columns that a table for this template has, as a person names them."""
    content = {
        "title": template.title,
        "message": template.message,
        "roles": template.roles,
        "fields": template.fields,
    }
    return columns_of(content)


def empty_csv(template: SigningTemplate) -> str:
    """A table with the columns that a template takes and no row, to be filled in."""
    out = io.StringIO()
    csv.writer(out).writerow(map(harmless, columns_for(template)))
    return out.getvalue()


def result_csv(bulk: BulkSend) -> str:
    """What became of each row, for a spreadsheet; no cell is run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Row", *map(harmless, bulk.columns), "Result", "Problem", "Envelope"])
    for row in bulk.rows.select_related("envelope").iterator():
        link = f"{settings.PUBLIC_URL}{row.envelope.url}" if row.envelope else ""
        result = "sent" if row.envelope_id else "error" if row.error else "waiting"
        cells = [harmless(str(row.values.get(column, ""))) for column in bulk.columns]
        writer.writerow([row.number, *cells, result, harmless(row.error), link])
    return out.getvalue()


def counts(bulk: BulkSend) -> dict[str, int]:
    """How many rows were sent, could not be, and wait."""
    rows = bulk.rows.all()
    return {
        "total": rows.count(),
        "sent": rows.filter(envelope__isnull=False).count(),
        "failed": rows.exclude(error="").count(),
        "waiting": rows.filter(done_at=None).count(),
    }


@job(name="signing.bulk_send", queue="long", retries=0)
def _send_rows(run: JobRun, bulk_id: str) -> None:
    """Send the rows that have no envelope yet, each in a transaction of its own."""
    bulk = BulkSend.objects.select_related("version__template", "template").get(pk=bulk_id)
    assert bulk.version is not None
    mapper = Mapper(bulk.version.content, bulk.mapping)
    actor = run.actor
    total = bulk.rows.count()
    done = bulk.rows.exclude(done_at=None).count()
    waiting = bulk.rows.filter(done_at=None).values_list("number", flat=True)
    try:
        with remembering(), keep_organization():
            for number in waiting:
                check_cancelled(run)
                send_row(actor, bulk, mapper, number)
                done += 1
                progress(run, done, total, f"{done} of {total} rows")
    except (JobCancelled, Interrupted):
        raise
    except Exception as error:
        reason = error.message if isinstance(error, DealwrightError) else "It failed unexpectedly."
        _end(actor, bulk, reason)
        raise
    _end(actor, bulk)
    told = counts(bulk)
    finish(
        run,
        f"{told['sent']} sent, {told['failed']} not.",
        url=f"/bulk-sends/{bulk.pk}",
    )


def send_row(actor: Actor, bulk: BulkSend, mapper: Mapper, number: int) -> None:
    """Make and send the envelope of one row, or note why it cannot be; a row that is done stays
    as it is. Raises Unavailable where nothing can be sent now."""
    try:
        with change(actor):
            row = BulkSendRow.objects.select_for_update().get(bulk_send=bulk, number=number)
            if row.done_at is not None:
                return
            assert bulk.version is not None
            envelope = make_envelope(
                actor, bulk.version, mapper.filling(row.values), source="bulk", source_id=bulk.pk
            )
            send_envelope(actor, envelope.pk)
            row.envelope, row.done_at = envelope, timezone.now()
            row.save(update_fields=["envelope", "done_at"])
    except (Invalid, Conflict) as error:
        BulkSendRow.objects.filter(bulk_send=bulk, number=number, done_at=None).update(
            error=error.message[:2_000], done_at=timezone.now()
        )


def _write_rows(bulk: BulkSend, mapper: Mapper) -> None:
    """Keep every row of the table, the bad ones with what is wrong."""
    now = timezone.now()
    with opened(bulk) as table:
        made = []
        for row in table.rows():
            problem = row.problem or mapper.problem(row.values)
            values = {key: value.replace("\x00", "\ufffd") for key, value in row.values.items()}
            made.append(
                BulkSendRow(
                    bulk_send=bulk,
                    number=row.number,
                    values=values,
                    error=problem,
                    done_at=now if problem else None,
                )
            )
        BulkSendRow.objects.bulk_create(made, batch_size=1_000)


def _waiting(actor: Actor, bulk_id: Any) -> BulkSend:
    bulk = get_bulk_send(actor, bulk_id, lock=True)
    if bulk.started_at is not None:
        raise Conflict("This bulk send was started already.", code="started")
    return bulk


def _end(actor: Actor, bulk: BulkSend, reason: str = "") -> None:
    told = counts(bulk)
    now = timezone.now()
    if not reason and not told["sent"]:
        reason = "No row could be sent."
    event: BulkSendFailed | BulkSendCompleted = BulkSendCompleted(
        bulk_send_id=bulk.pk,
        template_id=bulk.template_id,
        sent=told["sent"],
        failed=told["failed"],
    )
    if reason:
        event = BulkSendFailed(
            bulk_send_id=bulk.pk,
            template_id=bulk.template_id,
            reason=reason,
            sent=told["sent"],
            failed=told["failed"],
        )
    with change(actor):
        bulk.error = reason
        bulk.failed_at, bulk.finished_at = (now, None) if reason else (None, now)
        bulk.save(update_fields=["error", "failed_at", "finished_at"])
        record_event(actor, event, object=OBJECT, record_id=bulk.template_id)
