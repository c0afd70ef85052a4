"""Giving a person's records to someone else."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import CharField, Count, Value

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Conflict, DealwrightError
from dealwright.base.jobs import check_cancelled, finish, job, progress, start_long_job
from dealwright.base.jobs.models import JobRun
from dealwright.base.objects.registry import ObjectType, object_types
from dealwright.base.people.models import User
from dealwright.base.people.rules import get_user
from dealwright.base.records.models import Record
from dealwright.base.records.services import save_changes

AT_ONCE = 200


def records_owned(user: User) -> list[tuple[ObjectType, int]]:
    """How many living records of each object the user owns; objects without any are left out.

    One statement, however many objects there are.
    """
    types = {of.key: of for of in _owned_types()}
    first, *others = (
        model.objects.filter(owner=user)
        .order_by()
        .values(owned_kind=Value(key, output_field=CharField()))
        .annotate(owned_number=Count("pk"))
        for key, model in ((key, _model(of)) for key, of in types.items())
    )
    counted = {row["owned_kind"]: row["owned_number"] for row in first.union(*others, all=True)}
    return [(of, counted[key]) for key, of in types.items() if counted[key]]


def transfer_records(actor: Actor, user_id: uuid.UUID, to_id: uuid.UUID) -> JobRun:
    """Start a long job that gives all a person owns to an active colleague."""
    actor.require_administrator()
    source, target = get_user(user_id), get_user(to_id)
    if source.pk == target.pk:
        raise Conflict("Choose another person to give the records to.")
    if not target.is_active:
        raise Conflict(f"{target.name} is not active and cannot own records.")
    return start_long_job(
        actor,
        _transfer,
        f"Transfer of records from {source.name} to {target.name}",
        source=str(source.pk),
        target=str(target.pk),
    )


@job(name="people.transfer_records", queue="long", retries=0)
def _transfer(run: JobRun, source: str, target: str) -> None:
    """Give all records of one person to another, a few hundred per transaction."""
    total = sum(count for _, count in records_owned(get_user(source)))
    done = refused = 0
    for of in _owned_types():
        model: Any = of.model
        last = uuid.UUID(int=0)
        while True:
            check_cancelled(run)
            with change(run.actor):
                rows = list(
                    model.objects.filter(owner_id=source, pk__gt=last)
                    .select_for_update(of=("self",))
                    .order_by("pk")[:AT_ONCE]
                )
                refused += sum(not _give(run.actor, of, each, uuid.UUID(target)) for each in rows)
            done += len(rows)
            progress(run, done, max(total, done), f"{of.label_plural}: {done} of {total} records.")
            if len(rows) < AT_ONCE:
                break
            last = rows[-1].pk
    kept = f" {refused} could not be given." if refused else ""
    finish(run, f"{done - refused} records have a new owner.{kept}", url="/settings/users")


def _give(actor: Actor, of: ObjectType, record: Any, target: uuid.UUID) -> bool:
    """Through the object's own rules, which may refuse (a record that is closed)."""
    try:
        with change(actor):
            if of.update is not None:
                of.update(actor, record, {"owner_id": target})
            else:
                save_changes(actor, record, {"owner_id": target})
    except DealwrightError:
        return False
    return True


def _model(of: ObjectType) -> Any:
    return of.model


def _owned_types() -> list[ObjectType]:
    return [of for of in object_types() if issubclass(of.model, Record)]
