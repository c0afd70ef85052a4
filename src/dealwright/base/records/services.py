"""What can be done with any record. Rooms with rules of their own call these from theirs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models
from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import as_uuid, check_create, get_changeable, get_visible
from dealwright.base.errors import Conflict, Invalid, NotAllowed, NotFound
from dealwright.base.events.records import tell_record_changed
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.objects.values import clean_values
from dealwright.base.records.models import ExternalId, Record

BIN_DAYS = 30


def create_record(
    actor: Actor, object_key: str, values: Mapping[str, Any], *, clean: bool = True
) -> Any:
    """Make a record from values by public field key, as any door would.

    Goes through the object's own ``create`` service where it has one. Raises Invalid with
    the sentences per field, NotAllowed, or Conflict for a value that must be unique.
    """
    of = object_type(object_key)
    check_create(actor, object_key)
    cleaned = clean_values(of, values, creating=True, user=actor.user) if clean else dict(values)
    with change(actor):
        if of.create is not None:
            return of.create(actor, cleaned)
        return insert_record(actor, of, cleaned)


def update_record(
    actor: Actor,
    object_key: str,
    record_id: Any,
    values: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> Any:
    """Change fields of a record.

    Raises Conflict where ``expected_version`` is given and the record changed meanwhile,
    Invalid, NotAllowed or NotFound.
    """
    of = object_type(object_key)
    with change(actor):
        record = get_changeable(actor, object_key, record_id)
        require_version(of, record, expected_version)
        cleaned = clean_values(of, values, creating=False, user=actor.user)
        if of.update is not None:
            return of.update(actor, record, cleaned)
        return save_changes(actor, record, cleaned)


def insert_record(actor: Actor, of: ObjectType, values: Mapping[str, Any]) -> Any:
    """Write a new row from cleaned values; the piece that ``create`` services end in."""
    record = of.model()
    assert isinstance(record, Record)
    record.owner = actor.user
    record.created_by = record.updated_by = actor.user
    _assign(record, values)
    try:
        record.save(force_insert=True)
    except IntegrityError as error:
        raise _as_conflict(of, error) from error
    tell_record_changed(actor, record, "created")
    return record


def save_changes(actor: Actor, record: Any, values: Mapping[str, Any]) -> Any:
    """Write cleaned values to a locked row and count its version up; nothing to change writes
    nothing. The piece that ``update`` services end in."""
    custom_before = record.custom
    changed = _assign(record, values)
    if not changed:
        return record
    record.version += 1
    record.updated_at = timezone.now()
    record.updated_by = actor.user
    try:
        record.save(update_fields=[*changed, "version", "updated_at", "updated_by"])
    except IntegrityError as error:
        raise _as_conflict(_type_of(record), error) from error
    tell_record_changed(actor, record, "updated", _changed_columns(record, changed, custom_before))
    return record


def delete_record(
    actor: Actor, object_key: str, record_id: Any, *, expected_version: int | None = None
) -> None:
    """Put a record in the bin, from where ``restore_record`` brings it back for 30 days."""
    of = object_type(object_key)
    with change(actor):
        record = get_changeable(actor, object_key, record_id)
        require_version(of, record, expected_version)
        if of.delete is not None:
            of.delete(actor, record)
            return
        bin_record(actor, record)


def bin_record(actor: Actor, record: Any) -> None:
    """Mark a locked row as deleted; the piece that ``delete`` services end in."""
    record.deleted_at = timezone.now()
    record.version += 1
    record.updated_by = actor.user
    record.save(update_fields=["deleted_at", "version", "updated_by"])
    tell_record_changed(actor, record, "deleted")


def restore_record(actor: Actor, object_key: str, record_id: Any) -> Any:
    """Bring a record back from the bin.

    Raises NotFound where it is not in the bin or the actor may not change it, and Conflict
    where something else took its unique value meanwhile.
    """
    from dealwright.base.access.visibility import changeable_by

    of = object_type(object_key)
    model: Any = of.model
    with change(actor):
        rows = model.everything.filter(pk=as_uuid(record_id), deleted_at__isnull=False)
        if not actor.is_system:
            rows = rows.filter(changeable_by(actor.require_user(), object_key))
        record = rows.select_for_update(of=("self",)).first()
        if record is None:
            raise NotFound(f"This {of.label.lower()} is not in the bin.")
        record.deleted_at = None
        record.version += 1
        record.updated_by = actor.user
        try:
            record.save(update_fields=["deleted_at", "version", "updated_by"])
        except IntegrityError as error:
            raise _as_conflict(of, error) from error
        tell_record_changed(actor, record, "restored")
        return record


def empty_bin(*, older_than: timedelta = timedelta(days=BIN_DAYS)) -> int:
    """Erase what has rested in the bin longer than ``older_than``; returns how many rows went.

    A record that something living still points to stays.
    """
    from dealwright.base.objects.registry import object_types

    erased = 0
    for of in object_types():
        model: Any = of.model
        if not issubclass(of.model, Record):
            continue
        limit = timezone.now() - older_than
        for record in model.everything.filter(deleted_at__lt=limit).iterator():
            try:
                record.delete()
                erased += 1
            except (models.ProtectedError, IntegrityError):
                continue
    return erased


def share_record(
    actor: Actor, object_key: str, record_id: Any, grantee: uuid.UUID, *, may_write: bool = False
) -> None:
    """Show one record to a user, a team or a role."""
    from dealwright.base.access.models import RecordShare

    with change(actor):
        record = get_changeable(actor, object_key, record_id)
        RecordShare.objects.update_or_create(
            object=object_key,
            record_id=record.pk,
            grantee=grantee,
            defaults={"may_write": may_write, "shared_by": actor.user},
        )
        if grantee not in record.access_keys:
            save_changes(actor, record, {"access_keys": [*record.access_keys, grantee]})


def unshare_record(actor: Actor, object_key: str, record_id: Any, grantee: uuid.UUID) -> None:
    """Take a manual share back."""
    from dealwright.base.access.models import RecordShare

    with change(actor):
        record = get_changeable(actor, object_key, record_id)
        RecordShare.objects.filter(record_id=record.pk, grantee=grantee).delete()
        keys = [key for key in record.access_keys if key != grantee]
        save_changes(actor, record, {"access_keys": keys})


def set_external_id(object_key: str, record_id: uuid.UUID, system: str, key: str) -> None:
    """Remember the record's key in another system; raises Conflict where it names another."""
    row, _ = ExternalId.objects.get_or_create(
        object=object_key, system=system, key=key, defaults={"record_id": record_id}
    )
    if row.record_id != record_id:
        raise Conflict(f"“{key}” of {system} already names another record.")


def find_by_external_id(actor: Actor, object_key: str, system: str, key: str) -> Any | None:
    """The record another system knows by ``key``, or None; hidden counts as absent."""
    row = ExternalId.objects.filter(object=object_key, system=system, key=key).first()
    if row is None:
        return None
    try:
        return get_visible(actor, object_key, row.record_id)
    except NotFound:
        return None


def upsert_record(
    actor: Actor, object_key: str, system: str, key: str, values: Mapping[str, Any]
) -> tuple[Any, bool]:
    """Create or update the record that ``system`` knows by ``key``; the flag says it is new."""
    with change(actor):
        known = ExternalId.objects.filter(object=object_key, system=system, key=key).first()
        if known is not None:
            return update_record(actor, object_key, known.record_id, values), False
        record = create_record(actor, object_key, values)
        set_external_id(object_key, record.pk, system, key)
        return record, True


def require_version(of: ObjectType, record: Any, expected: int | None) -> None:
    """Raises Conflict where the caller saw another version of the record."""
    if expected is not None and record.version != expected:
        raise Conflict(
            f"This {of.label.lower()} was changed meanwhile. "
            "Look at the new values, then save again.",
            code="version_conflict",
        )


def check_may_own(user: Any) -> None:
    """Raises NotAllowed where records may not be given to the user."""
    if user is not None and not user.is_active:
        raise NotAllowed(f"{user.name} is not active and cannot own records.")


def _assign(record: Any, values: Mapping[str, Any]) -> list[str]:
    """Set attributes; custom fields arrive under ``custom`` and merge. Returns changed columns."""
    changed = []
    for key, value in values.items():
        if key == "custom":
            merged = {**record.custom, **value}
            merged = {name: each for name, each in merged.items() if each is not None}
            if merged != record.custom:
                record.custom = merged
                changed.append("custom")
        elif getattr(record, key) != value:
            setattr(record, key, value)
            changed.append(key)
    return changed


def _changed_columns(
    record: Any, changed: list[str], custom_before: Mapping[str, Any]
) -> list[str]:
    """The columns, and in place of ``custom`` each of its keys that differs."""
    keys = {*record.custom, *custom_before}
    differ = [key for key in keys if record.custom.get(key) != custom_before.get(key)]
    return [*(name for name in changed if name != "custom"), *(f"custom.{key}" for key in differ)]


def _type_of(record: Any) -> ObjectType:
    from dealwright.base.objects.registry import object_types

    for of in object_types():
        if of.model is type(record):
            return of
    raise NotFound("This kind of record is not registered.")


def _as_conflict(of: ObjectType, error: IntegrityError) -> Conflict | Invalid:
    """A database refusal in a person's words."""
    diagnostic = getattr(error.__cause__, "diag", None)
    constraint = (getattr(diagnostic, "constraint_name", "") or "").lower()
    for field in of.fields:
        if (field.key in constraint and "uniq" in constraint) or constraint.endswith(
            f"{field.key}_once"
        ):
            return Conflict(
                f"Another {of.label.lower()} already has this {field.label.lower()}.",
                code="not_unique",
                fields={field.key: [f"Another {of.label.lower()} already has this value."]},
            )
    if diagnostic is not None and diagnostic.sqlstate == "23505":
        return Conflict(f"Another {of.label.lower()} like this exists already.", code="not_unique")
    return Invalid(
        f"This would break a rule of the {of.label.lower()}: {constraint or 'constraint'}."
    )
