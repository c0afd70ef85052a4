"""What the generic record services tell: created, updated, deleted and restored records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dealwright.base.access.actor import Actor
from dealwright.base.events.outbox import record_event
from dealwright.base.events.registry import RecordChanged
from dealwright.base.objects.registry import ObjectType, object_types
from dealwright.base.objects.values import attribute_of


def tell_record_changed(
    actor: Actor, record: Any, action: str, attributes: Iterable[str] = ()
) -> None:
    """Record that a registered object's record changed; ``attributes`` are the changed columns,
    custom fields as ``custom.<key>``. A record of no registered object is not told of."""
    of = next((each for each in object_types() if each.model is type(record)), None)
    if of is not None:
        changed = RecordChanged(object=of.key, action=action, changed=changed_keys(of, attributes))
        record_event(actor, changed, object=of.key, record_id=record.pk)


def changed_keys(of: ObjectType, attributes: Iterable[str]) -> list[str]:
    """Public field keys; a column that is no field (who may see the record) keeps its name."""
    known = {attribute_of(of, field).removesuffix("_id"): field.key for field in of.fields}
    names = (name.removeprefix("custom.").removesuffix("_id") for name in attributes)
    return sorted({known.get(name, name) for name in names})
