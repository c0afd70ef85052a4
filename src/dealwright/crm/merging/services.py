"""Two records that are one: merged with a choice per field, and taken apart again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, get_changeable, visible_records
from dealwright.base.errors import Conflict, Invalid, NotFound
from dealwright.base.events import record_event
from dealwright.base.objects.fields import Field
from dealwright.base.objects.registry import object_type
from dealwright.base.objects.values import attribute_of
from dealwright.base.records.services import bin_record, save_changes
from dealwright.crm.merging.events import RecordsMerged, RecordsUnmerged
from dealwright.crm.merging.models import MergeEvent
from dealwright.crm.merging.preferences import (
    prefer_again,
    resting_trigger,
    rows_as_json,
    rows_to_clear,
)
from dealwright.crm.merging.tables import Reference, references_to

MERGEABLE = ("account", "contact")


def merge_records(
    actor: Actor,
    object_key: str,
    survivor_id: Any,
    merged_id: Any,
    *,
    choices: Mapping[str, str] | None = None,
) -> MergeEvent:
    """Merge one record into another of the same object.

    ``choices`` says per field key whose value stays: "survivor" or "merged"; where nothing
    is said the survivor's stays unless it is empty. Lists are united. Everything in the house
    that points at the merged record points at the survivor afterwards; what would double a
    row of the survivor's (the same campaign twice) is dropped. The merged record rests in
    the bin, and ``unmerge_records`` brings all of it back.

    Raises Invalid for an object that cannot be merged or an unknown choice, NotAllowed where
    the actor may not change both.
    """
    if object_key not in MERGEABLE:
        raise Invalid(f"Only {' and '.join(f'{key}s' for key in MERGEABLE)} can be merged.")
    if as_uuid(survivor_id) == as_uuid(merged_id):
        raise Invalid("Choose two different records.")
    of = object_type(object_key)
    with change(actor):
        # In the order of their ids, so that two merges at once cannot wait for each other.
        both = {
            key: get_changeable(actor, object_key, key)
            for key in sorted([as_uuid(survivor_id), as_uuid(merged_id)])
        }
        survivor, merged = both[as_uuid(survivor_id)], both[as_uuid(merged_id)]
        values = _chosen_values(object_key, survivor, merged, choices or {})
        event = MergeEvent(
            object=object_key,
            survivor_id=survivor.pk,
            merged_id=merged.pk,
            survivor_before=_row(of.model._meta.db_table, survivor.pk),
            merged_before=_row(of.model._meta.db_table, merged.pk),
            by=actor.user,
        )
        with resting_trigger():
            changed = rows_to_clear(object_key, merged.pk)
            bin_record(actor, merged)
            for reference in references_to(of.model):
                _move(reference, object_key, survivor.pk, merged.pk, event)
            survivor.refresh_from_db()
            save_changes(actor, survivor, _without_own_parent(survivor, values))
            event.dropped = [*changed, *event.dropped, *prefer_again(object_key, survivor)]
        event.survivor_after = _row(of.model._meta.db_table, survivor.pk)
        event.save(force_insert=True)
        record_event(
            actor,
            RecordsMerged(
                object=object_key,
                survivor_id=survivor.pk,
                merged_id=merged.pk,
                merge_id=event.pk,
            ),
            object=object_key,
            record_id=survivor.pk,
        )
        return event


def merge_fields(object_key: str) -> Sequence[Field]:
    """The fields that a person chooses between when merging."""
    of = object_type(object_key)
    return [field for field in of.all_fields() if field.editable and "__" not in field.column]


def merged_into(object_key: str, record_id: Any) -> UUID | None:
    """The record that a merged one became, through any number of merges; None for none."""
    found: UUID | None = None
    current = as_uuid(record_id)
    for _ in range(50):
        row = (
            MergeEvent.objects.filter(object=object_key, merged_id=current, undone_at__isnull=True)
            .order_by("-at")
            .first()
        )
        if row is None:
            return found
        found = current = row.survivor_id
    return found


def _chosen_values(
    object_key: str, survivor: Any, merged: Any, choices: Mapping[str, str]
) -> dict[str, Any]:
    """What of the survivor's changes, by attribute."""
    of = object_type(object_key)
    fields = {field.key: field for field in merge_fields(object_key)}
    wrong = {
        key: ["Choose “survivor” or “merged”."]
        for key, choice in choices.items()
        if key not in fields or choice not in ("survivor", "merged")
    }
    if wrong:
        raise Invalid(f"There is nothing to choose for {', '.join(wrong)}.", fields=wrong)
    values: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for key, field in fields.items():
        if field.custom:
            own, other = survivor.custom.get(key), merged.custom.get(key)
        else:
            attribute = attribute_of(of, field)
            own, other = getattr(survivor, attribute), getattr(merged, attribute)
        choice = choices.get(key) or ("merged" if own in (None, "", []) else "survivor")
        if choice == "merged" and own != other:
            if field.custom:
                custom[key] = other
            else:
                values[attribute_of(of, field)] = other
    if custom:
        values["custom"] = custom
    values["access_keys"] = sorted({*survivor.access_keys, *merged.access_keys})
    if object_key == "account":
        domain = values.get("domain", survivor.domain)
        known = {*survivor.other_domains, *merged.other_domains, merged.domain, survivor.domain}
        values["other_domains"] = sorted(known - {"", domain})
    return values


def _without_own_parent(survivor: Any, values: dict[str, Any]) -> dict[str, Any]:
    """A record that hung below the other one must not come to hang below itself."""
    for attribute in ("parent_id", "reports_to_id"):
        if hasattr(survivor, attribute):
            if values.get(attribute) == survivor.pk:
                values.pop(attribute)
            if getattr(survivor, attribute) == survivor.pk:
                values[attribute] = None
    return values


def _move(
    reference: Reference, object_key: str, survivor_id: UUID, merged_id: UUID, event: MergeEvent
) -> None:
    """Let a column's rows point at the survivor; rows that cannot, since the survivor has the
    same already, are dropped and remembered."""
    table, column, key = reference.table, reference.column, reference.key
    only = f' and "{reference.object_column}" = %s' if reference.object_column else ""
    extra = [object_key] if reference.object_column else []
    # A record cannot point at itself: an account below the other one leaves the hierarchy.
    own = table == object_type(object_key).model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f'select "{key}"::text from "{table}" where "{column}" = %s{only} for update',
            [merged_id, *extra],
        )
        ids = [row_id for (row_id,) in cursor.fetchall()]
        if own and str(survivor_id) in ids:
            ids.remove(str(survivor_id))
            cursor.execute(
                f'update "{table}" set "{column}" = null where "{key}"::text = %s',
                [str(survivor_id)],
            )
    if not ids:
        return
    moved = ids if _update(reference, ids, survivor_id) else []
    if not moved:
        for row_id in ids:
            if _update(reference, [row_id], survivor_id):
                moved.append(row_id)
            elif reference.is_record:
                raise Conflict(
                    f"A row of {table} cannot be moved, since the other record has the same."
                )
            else:
                event.dropped.append({"table": table, "row": _drop(reference, row_id)})
    event.moved.append(
        {"table": table, "column": column, "key": key, "ids": moved, "stamp": reference.stamp}
    )


def _update(reference: Reference, ids: Sequence[str], record_id: UUID) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f'update "{reference.table}" set "{reference.column}" = %s{reference.stamp} '
                f'where "{reference.key}"::text = any(%s)',
                [record_id, list(ids)],
            )
    except IntegrityError:
        return False
    return True


def _drop(reference: Reference, row_id: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            f'with gone as (delete from "{reference.table}" t where "{reference.key}"::text = %s '
            "returning t.*) select to_jsonb(gone) from gone",
            [row_id],
        )
        (row,) = cursor.fetchone()
        return json.loads(row) if isinstance(row, str) else row


def _row(table: str, record_id: UUID) -> Any:
    (row,) = rows_as_json(table, "t.id = %s", record_id)
    return row


def _is_seen(actor: Actor, event: MergeEvent) -> bool:
    return visible_records(actor, event.object).filter(pk=event.survivor_id).exists()


def unmerge_records(actor: Actor, merge_id: Any) -> MergeEvent:
    """Take a merge apart: both records are as they were, and what had moved moves back unless
    someone moved it elsewhere since. What the survivor got later stays with it.

    Raises NotFound, Conflict where it was undone already, NotAllowed where the actor may not
    change the survivor.
    """
    with change(actor):
        event = MergeEvent.objects.select_for_update().filter(pk=as_uuid(merge_id)).first()
        if event is None or not _is_seen(actor, event):
            raise NotFound("This merge does not exist, or you may not see it.")
        if event.undone_at is not None:
            raise Conflict("This merge was undone already.")
        of = object_type(event.object)
        survivor = get_changeable(actor, event.object, event.survivor_id)
        table = of.model._meta.db_table
        with resting_trigger(), connection.cursor() as cursor:
            _restore_survivor(event, survivor, table)
            cursor.execute(
                f'update "{table}" set deleted_at = null, version = version + 1 where id = %s',
                [event.merged_id],
            )
            for moved in event.moved:
                cursor.execute(
                    f'update "{moved["table"]}" set "{moved["column"]}" = %s{moved["stamp"]} '
                    f'where "{moved["key"]}"::text = any(%s) and "{moved["column"]}" = %s',
                    [event.merged_id, moved["ids"], event.survivor_id],
                )
            for dropped in reversed(event.dropped):
                _put_back(cursor, dropped["table"], dropped["row"])
        event.undone_at = timezone.now()
        event.save(update_fields=["undone_at"])
        record_event(
            actor,
            RecordsUnmerged(
                object=event.object,
                survivor_id=event.survivor_id,
                merged_id=event.merged_id,
                merge_id=event.pk,
            ),
            object=event.object,
            record_id=event.survivor_id,
        )
        return event


def _restore_survivor(event: MergeEvent, survivor: Any, table: str) -> None:
    """Columns that still hold what the merge put there get back what they held before."""
    now_is = _row(table, survivor.pk)
    kept = ("id", "version", "created_at", "updated_at", "updated_by_id", "deleted_at")
    generated = {field.column for field in type(survivor)._meta.concrete_fields if field.generated}
    columns = [
        column
        for column, value in event.survivor_before.items()
        if column not in kept
        and column not in generated
        and event.survivor_after.get(column) != value
        and now_is.get(column) == event.survivor_after.get(column)
    ]
    if not columns:
        return
    assignments = ", ".join(f'"{column}" = before."{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f'update "{table}" t set {assignments}, version = t.version + 1, updated_at = %s '
            f'from jsonb_populate_record(null::"{table}", %s::jsonb) before where t.id = %s',
            [timezone.now(), json.dumps(event.survivor_before), survivor.pk],
        )


def _put_back(cursor: Any, table: str, row: Mapping[str, Any]) -> None:
    """Write a row as it was, over what became of it."""
    columns = ", ".join(f'"{column}"' for column in row)
    cursor.execute(f'delete from "{table}" where id = %s', [row["id"]])
    cursor.execute(
        f'insert into "{table}" ({columns}) '
        f'select {columns} from jsonb_populate_record(null::"{table}", %s::jsonb)',
        [json.dumps(row)],
    )
