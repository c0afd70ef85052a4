"""Taking a change back: what was before, kept for a day, written only over what it made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import Conflict, DealwrightError, NotFound
from dealwright.base.objects.fields import in_sentence
from dealwright.base.objects.registry import ObjectType, object_type
from dealwright.base.records.queries import get_row
from dealwright.base.records.services import delete_record, restore_record, update_record
from dealwright.base.web.models import UndoStep

KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Undone:
    """How many records came back, and the sentences about those that did not."""

    object: str
    done: int
    sentences: Sequence[str]


def former_values(
    actor: Actor, of: ObjectType, record_id: Any, keys: Sequence[str]
) -> dict[str, Any]:
    """The present values of fields as JSON holds them and ``update_record`` takes them."""
    row = get_row(actor, of, record_id, list(keys))
    return {key: _plain(row.get(key)) for key in keys}


def keep_undo(actor: Actor, object_key: str, changes: Sequence[Mapping[str, Any]]) -> str:
    """Remember how to take changes back; returns the address that does it."""
    if not changes:
        return ""
    step = UndoStep.objects.create(
        user=actor.require_user(), object=object_key, changes=[dict(each) for each in changes]
    )
    return f"/undo/{step.pk}"


def take_back(actor: Actor, step_id: Any) -> Undone:
    """Undo one's own step, once; each record on its own, so that one refusal stops no other.

    Raises NotFound where there is no such step of this person and Conflict where it was used.
    """
    user = actor.require_user()
    step = UndoStep.objects.filter(
        pk=as_uuid(step_id), user=user, created_at__gt=timezone.now() - KEPT_FOR
    ).first()
    if step is None:
        raise NotFound(_("There is nothing to take back any more."))
    claimed = UndoStep.objects.filter(pk=step.pk, used_at=None).update(used_at=timezone.now())
    if not claimed:
        raise Conflict(_("This was taken back already."))
    sentences = []
    done = 0
    for change in step.changes:
        try:
            _undo_one(actor, step.object, change)
            done += 1
        except DealwrightError as error:
            sentences.append(error.message)
    return Undone(step.object, done, sentences)


def forget_old_steps() -> int:
    """Erase steps that can no longer be used; returns how many."""
    return UndoStep.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()[0]


def _undo_one(actor: Actor, object_key: str, change: Mapping[str, Any]) -> None:
    if change.get("restore"):
        restore_record(actor, object_key, change["id"])
    elif change.get("delete"):
        delete_record(actor, object_key, change["id"])
    else:
        update_record(
            actor,
            object_key,
            change["id"],
            change["values"],
            expected_version=change["version"],
        )


def undone_sentence(undone: Undone) -> str:
    """What the toast says."""
    of = object_type(undone.object)
    if undone.done == 1 and not undone.sentences:
        return _("Taken back.")
    text = _("%(count)s %(things)s as before.") % {
        "count": undone.done,
        "things": in_sentence(of.label if undone.done == 1 else of.label_plural),
    }
    return " ".join([text, *dict.fromkeys(undone.sentences)][:4])


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
