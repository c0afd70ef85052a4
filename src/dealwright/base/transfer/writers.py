"""Writing imported rows in batches: match what exists, create, change, remember how it was."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import changeable_by, check_create
from dealwright.base.database.copying import copy_rows, copy_values
from dealwright.base.errors import DealwrightError
from dealwright.base.events import About, RecordChanged, record_events
from dealwright.base.events.records import changed_keys
from dealwright.base.objects.fields import Field
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.objects.values import attribute_of
from dealwright.base.records.models import ExternalId
from dealwright.base.transfer.choices import Choices
from dealwright.base.transfer.making import Maker
from dealwright.base.transfer.models import ImportRow
from dealwright.base.transfer.plan import EXTERNAL_ID, TablePlan
from dealwright.base.transfer.relations import uuid_in
from dealwright.base.transfer.report import Report

BATCH = 1000


@dataclass(slots=True)
class Prepared:
    """One row ready to be written: cleaned attributes, what matches it, and the raw cells."""

    number: int
    attributes: dict[str, Any]
    raw: Mapping[str, str]
    extras: dict[str, Any] = field(default_factory=dict)
    external_key: str = ""
    match_value: Any = None
    later: Sequence[Any] = ()


@dataclass(slots=True)
class Outcome:
    """What became of one row; ``before`` holds former values of what changed."""

    row: Prepared
    action: str  # created, updated, unchanged, rejected
    record: Any = None
    before: dict[str, Any] | None = None
    problem: str = ""


class LogLine(NamedTuple):
    """What undo has to know of one record that was made or changed: a row of ``ImportRow``."""

    model: str
    record_id: Any
    action: str
    row_number: int = 0
    before: dict[str, Any] | None = None
    version: int = 1


class Writer:
    """Writes rows of one object. A room overrides it where a row is more than a record.

    ``extra_fields`` are fields that exist only in imports (the product of an opportunity's
    one line); their values arrive in ``Prepared.extras``. ``prepare`` may change a row
    before it is written; ``after_write`` adds what belongs to the records. Of a choice that
    is ``decisive`` a row needs one that there is: without it the row is left out.
    """

    extra_fields: Sequence[Field] = ()
    decisive: frozenset[str] = frozenset()

    def __init__(self, actor: Actor, plan: TablePlan, report: Report) -> None:
        self.actor = actor
        self.plan = plan
        self.report = report

    @cached_property
    def object_type(self) -> ObjectType:
        return object_type(self.plan.object)

    @cached_property
    def _maker(self) -> Maker:
        return Maker(self.object_type.model)

    def check(self) -> None:
        """Raises NotAllowed where the actor may not import this object."""
        check_create(self.actor, self.plan.object)

    def fields(self) -> Sequence[Field]:
        """All fields a column can go to."""
        own = [each for each in self.object_type.all_fields() if each.importable]
        return [*own, *self.extra_fields]

    def suggest_choice(self, field: Field, choices: Choices, text: str) -> str:
        """The stored value that a word without a match may mean, or ""."""
        return choices.suggest(text)

    def keep_unread(self, attributes: dict[str, Any], field: Field, text: str) -> None:
        """What becomes of a word that is none of the choices; nothing by default."""

    def prepare(self, rows: Sequence[Prepared]) -> None:
        """Last changes to a batch before it is matched and written."""

    def after_write(self, outcomes: Sequence[Outcome]) -> Sequence[LogLine]:
        """What belongs to the records just written; returns lines of what it made itself."""
        return ()

    def write(self, rows: Sequence[Prepared]) -> Sequence[Outcome]:
        """Write one batch. A batch the database refuses is tried row by row, so that one bad
        row is named and the others stand."""
        self.prepare(rows)
        try:
            with transaction.atomic():
                return self._write(rows)
        except (IntegrityError, DataError) as error:
            if len(rows) == 1:
                return [Outcome(rows[0], "rejected", problem=_reason(error))]
        except DealwrightError as error:
            if len(rows) == 1:
                return [Outcome(rows[0], "rejected", problem=error.message)]
        outcomes: list[Outcome] = []
        for row in rows:
            outcomes.extend(self.write([row]))
        return outcomes

    def _write(self, rows: Sequence[Prepared]) -> Sequence[Outcome]:
        existing = self.match(rows)
        now = timezone.now()
        columns: set[str] = set()
        outcomes, new, changed = [], [], []
        for row in rows:
            record = existing.get(row.number)
            if record is None:
                record = self.build(row, now)
                new.append(record)
                outcomes.append(Outcome(row, "created", record))
                continue
            before = self.change(record, row)
            if not before:
                outcomes.append(Outcome(row, "unchanged", record))
                continue
            record.version += 1
            record.updated_at, record.updated_by = now, self.actor.user
            changed.append(record)
            columns.update(before)
            outcomes.append(Outcome(row, "updated", record, before))
        model: Any = self.object_type.model
        if new:
            self.insert(new)
            self._remember_keys([each for each in outcomes if each.action == "created"])
        if changed:
            model.everything.bulk_update(
                changed, [*columns, "version", "updated_at", "updated_by"], batch_size=BATCH
            )
        return outcomes

    def match(self, rows: Sequence[Prepared]) -> Mapping[int, Any]:
        """The existing records by row number, locked."""
        if self.plan.match_by == EXTERNAL_ID:
            keys = {row.external_key for row in rows if row.external_key}
            ids = dict(
                ExternalId.objects.filter(
                    object=self.plan.object, system=self.plan.system, key__in=keys
                ).values_list("key", "record_id")
            )
            for key in keys - ids.keys():
                if own := uuid_in(key):  # an export of ours comes back
                    ids[key] = own
            records = self._locked(pk__in=ids.values())
            by_id = {record.pk: record for record in records}
            return {
                row.number: by_id[ids[row.external_key]]
                for row in rows
                if ids.get(row.external_key) in by_id
            }
        if self.plan.match_by:
            attribute = attribute_of(self.object_type, self.object_type.field(self.plan.match_by))
            values = {row.match_value for row in rows if row.match_value not in (None, "")}
            found: dict[Any, Any] = {}
            for record in self._locked(**{f"{attribute}__in": values}):
                found.setdefault(getattr(record, attribute), record)
            return {row.number: found[row.match_value] for row in rows if row.match_value in found}
        return {}

    def _locked(self, **conditions: Any) -> Any:
        model: Any = self.object_type.model
        rows = model.everything.filter(**conditions).order_by("created_at", "pk")
        if not self.actor.is_system:
            rows = rows.filter(changeable_by(self.actor.require_user(), self.plan.object))
        return rows.select_for_update(of=("self",))

    def build(self, row: Prepared, now: Any) -> Any:
        """A new, unsaved record."""
        user_id = self.actor.user.pk if self.actor.user else None
        own = {
            "owner_id": user_id,
            "created_by_id": user_id,
            "updated_by_id": user_id,
            "created_at": now,
            "updated_at": now,
        }
        return self._maker.make({**own, **row.attributes})

    def insert(self, records: Sequence[Any]) -> None:
        """Write the new records of a batch."""
        copy_rows(records)

    def change(self, record: Any, row: Prepared) -> dict[str, Any]:
        """Set what differs; returns the former values. A record in the bin comes back."""
        before: dict[str, Any] = {}
        for name, value in row.attributes.items():
            was = getattr(record, name)
            value = {**was, **value} if name == "custom" else value
            if was != value:
                before[name] = was
                setattr(record, name, value)
        if record.deleted_at is not None:
            before["deleted_at"] = record.deleted_at
            record.deleted_at = None
        return before

    def _remember_keys(self, outcomes: Sequence[Outcome]) -> None:
        of, system = self.plan.object, self.plan.system
        copy_values(
            ExternalId,
            ("object", "record_id", "system", "key"),
            [
                (of, each.record.pk, system, each.row.external_key)
                for each in outcomes
                if each.row.external_key
            ],
        )

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        """Record the events of a batch: created and updated, as any door does."""
        of, key = self.object_type, self.plan.object
        events: dict[tuple[str, ...], RecordChanged] = {}
        told = []
        for each in outcomes:
            if each.action not in (ImportRow.CREATED, ImportRow.UPDATED):
                continue
            what = (each.action, *(each.before or ()))
            event = events.get(what)
            if event is None:
                changed = changed_keys(of, each.before or ())
                event = events[what] = RecordChanged(
                    object=key, action=each.action, changed=changed
                )
            told.append(About(event, key, each.record.pk))
        record_events(self.actor, told)

    def log(self, outcomes: Sequence[Outcome]) -> Sequence[LogLine]:
        """The lines undo reads."""
        encode = DjangoJSONEncoder().encode
        return [
            LogLine(
                model=each.record._meta.label,
                record_id=each.record.pk,
                action=each.action,
                row_number=each.row.number,
                before=json.loads(encode(each.before)) if each.before else None,
                version=each.record.version,
            )
            for each in outcomes
            if each.action in (ImportRow.CREATED, ImportRow.UPDATED)
        ]


_writers: dict[str, type[Writer]] = {}


def register_writer(object_key: str, writer: type[Writer]) -> None:
    """Rows of this object are written by a writer of its own room."""
    _writers[object_key] = writer


def writer_for(object_key: str) -> type[Writer]:
    """The writer of an object; raises NotFound for an unknown one."""
    known = _writers.get(object_key)
    if known is None:
        object_type(object_key)
        known = Writer
    return known


def importable_objects() -> dict[str, str]:
    """Object keys and labels that a table can become."""
    from dealwright.base.objects.registry import object_types

    known = {each.key: each.label_plural for each in object_types() if each.creatable}
    return {**{key: key.replace("_", " ").title() for key in _writers}, **known}


def _reason(error: Exception) -> str:
    diagnostic = getattr(error.__cause__, "diag", None)
    detail = getattr(diagnostic, "message_detail", None) or getattr(
        diagnostic, "message_primary", None
    )
    return f"The database refused the row: {detail or error}."
