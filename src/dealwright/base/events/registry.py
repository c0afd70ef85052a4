"""Which events there are, what they carry, and who listens.

An event is a frozen dataclass named in the past tense. Its fields are plain values, so that
it can be written, sent and read again years later: UUID, str, int, Decimal, date, datetime,
bool, an optional one of these, or a list of one.
"""

from __future__ import annotations

import dataclasses
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, TypeVar, Union

from dealwright.base.errors import NotFound

RECORD_ACTIONS = ("created", "updated", "deleted", "restored")

_SCALARS: tuple[type, ...] = (uuid.UUID, str, int, bool, Decimal, date, datetime)

E = TypeVar("E", bound="Event")


class Event:
    """The base of everything the house tells about itself."""

    event_name: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Slot:
    """One field of an event's payload."""

    name: str
    type: type
    optional: bool = False
    many: bool = False

    def __str__(self) -> str:
        name = {uuid.UUID: "uuid", Decimal: "decimal", str: "text", bool: "yes or no"}.get(
            self.type, self.type.__name__
        )
        name = f"list of {name}" if self.many else name
        return f"{name} or none" if self.optional else name


_events: dict[str, type[Event]] = {}
_slots: dict[type[Event], tuple[Slot, ...]] = {}


def event(name: str) -> Callable[[type[E]], type[E]]:
    """Publish a frozen dataclass as the event ``name`` (``opportunity.won``).

    Raises TypeError at once for a class or a field type that cannot be sent.
    """

    def register(cls: type[E]) -> type[E]:
        if not (issubclass(cls, Event) and dataclasses.is_dataclass(cls)):
            raise TypeError(f"{cls.__qualname__} must be a dataclass and an Event.")
        if not cls.__dataclass_params__.frozen:
            raise TypeError(f"{cls.__qualname__} must be frozen: dataclass(frozen=True).")
        if name in _events:
            raise RuntimeError(f"Event {name!r} is defined twice.")
        _slots[cls] = tuple(_slots_of(cls))
        cls.event_name = name
        _events[name] = cls
        return cls

    return register


@dataclass(frozen=True)
class RecordChanged(Event):
    """A record of any object was created, updated, deleted (put in the bin) or restored.

    Named ``<object>.<action>``. ``changed`` holds the keys of the fields that an update
    changed.
    """

    object: str
    action: str
    changed: list[str] = dataclasses.field(default_factory=list)


def name_of(event: Event) -> str:
    """The event's published name."""
    if isinstance(event, RecordChanged):
        return f"{event.object}.{event.action}"
    if not event.event_name:
        raise RuntimeError(f"{type(event).__qualname__} is not published: decorate it with @event.")
    return event.event_name


def class_of(name: str) -> type[Event]:
    """The class published under a name; raises NotFound."""
    if name in _events:
        return _events[name]
    if name.rpartition(".")[2] in RECORD_ACTIONS:
        return RecordChanged
    raise NotFound(f"There is no event “{name}”.", code="unknown_event")


def published_events() -> Mapping[str, type[Event]]:
    """Every event by name, those of the generic record services included."""
    from dealwright.base.objects.registry import object_types

    generic: dict[str, type[Event]] = {
        f"{of.key}.{action}": RecordChanged for of in object_types() for action in RECORD_ACTIONS
    }
    return dict(sorted({**generic, **_events}.items()))


def slots_of(cls: type[Event]) -> tuple[Slot, ...]:
    """What an event's payload holds."""
    return _slots[cls]


def encode(event: Event) -> dict[str, Any]:
    """The payload as JSON holds it; raises TypeError for a value of another type than declared."""
    return {
        slot.name: _encode(type(event), slot, getattr(event, slot.name))
        for slot in _slots[type(event)]
    }


def decode(name: str, payload: Mapping[str, Any]) -> Event:
    """The event again. Keys it no longer knows are left out, those it gained need a default."""
    cls = class_of(name)
    values = {
        slot.name: _decode(slot, payload[slot.name]) for slot in _slots[cls] if slot.name in payload
    }
    return cls(**values)


def _slots_of(cls: type[Event]) -> typing.Iterator[Slot]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        yield _slot(cls, field.name, hints[field.name])


def _slot(cls: type[Event], name: str, hint: Any) -> Slot:
    optional = False
    if typing.get_origin(hint) in (Union, types.UnionType):
        members = [each for each in typing.get_args(hint) if each is not types.NoneType]
        optional = True
        hint = members[0] if len(members) == 1 else None
    many = typing.get_origin(hint) in (list, tuple)
    if many:
        inner = [each for each in typing.get_args(hint) if each is not Ellipsis]
        hint = inner[0] if len(inner) == 1 else None
    if hint not in _SCALARS:
        raise TypeError(
            f"{cls.__qualname__}.{name} must be one of UUID, str, int, Decimal, date, datetime, "
            "bool, an optional one or a list of one."
        )
    return Slot(name, hint, optional, many)


def _encode(cls: type[Event], slot: Slot, value: Any) -> Any:
    if value is None and slot.optional:
        return None
    if slot.many:
        return [_encode_one(cls, slot, each) for each in value]
    return _encode_one(cls, slot, value)


def _encode_one(cls: type[Event], slot: Slot, value: Any) -> Any:
    # A bool is an int and a datetime a date to isinstance, but not to a reader of the payload.
    swapped = (slot.type is int and isinstance(value, bool)) or (
        slot.type is date and isinstance(value, datetime)
    )
    if swapped or not isinstance(value, slot.type):
        raise TypeError(
            f"{cls.__qualname__}.{slot.name} holds {slot.type.__name__}, "
            f"not {type(value).__name__}."
        )
    if isinstance(value, datetime) and value.tzinfo is None:
        raise TypeError(f"{cls.__qualname__}.{slot.name} needs a time with its zone.")
    return encode_value(value)


def encode_value(value: Any) -> Any:
    """One value as JSON holds it: times in UTC, decimals and ids as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, str) else value


def _decode(slot: Slot, value: Any) -> Any:
    if value is None:
        return None
    if slot.many:
        return [_decode_one(slot.type, each) for each in value]
    return _decode_one(slot.type, value)


def _decode_one(kind: type, value: Any) -> Any:
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    if kind in (uuid.UUID, Decimal):
        return kind(value)
    return value


_slots[RecordChanged] = tuple(_slots_of(RecordChanged))
