"""Who listens to what."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from dealwright.base.access.actor import Actor
from dealwright.base.events.registry import Event

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one subscriber."""

    event_id: uuid.UUID
    name: str
    object: str
    record_id: uuid.UUID | None
    occurred_at: datetime
    actor_id: uuid.UUID | None
    actor_name: str
    request_id: str
    attempt: int

    @property
    def actor(self) -> Actor:
        """The product, acting because of the event: with the request id of what caused it."""
        label = f"Dealwright (after {self.actor_name})" if self.actor_name else "Dealwright"
        if self.actor_name.startswith("Dealwright"):
            label = self.actor_name
        return Actor(user=None, via="job", request_id=self.request_id, label=label[:200])


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A function that is told of an event after it happened."""

    name: str
    event: str
    function: Callable[[Delivery, Any], None]

    @property
    def summary(self) -> str:
        return (self.function.__doc__ or "").strip().split("\n")[0]


_by_name: dict[str, Subscriber] = {}
_by_event: dict[str, list[Subscriber]] = {}


def subscribe(*events: type[Event] | str, name: str) -> Callable[[F], F]:
    """Tell a function of events, after the change that caused them is committed.

    ``events`` are published classes, or names for what the generic record services tell
    (``"account.created"``). ``name`` is lasting and tells room and effect
    (``contracts.draft_contract``); with several events it gets the event's name appended.

    The function runs in one transaction with the mark that it ran, so what it writes to the
    database happens exactly once per event. Per record, events come in the order they
    happened. When it raises, it is tried again with growing waits, while other subscribers
    and other records go on.
    """

    def register(function: F) -> F:
        for each in events:
            event_name = each if isinstance(each, str) else each.event_name
            if not event_name:
                raise RuntimeError(f"{each!r} is not published: decorate it with @event.")
            own = name if len(events) == 1 else f"{name}:{event_name}"
            if own in _by_name:
                raise RuntimeError(f"Subscriber {own!r} is defined twice.")
            subscriber = Subscriber(own, event_name, function)
            _by_name[own] = subscriber
            _by_event.setdefault(event_name, []).append(subscriber)
        return function

    return register


def subscribers() -> list[Subscriber]:
    """All subscribers, by event and name."""
    return sorted(_by_name.values(), key=lambda each: (each.event, each.name))


def subscribers_of(event_name: str) -> list[Subscriber]:
    """Who listens to an event, in the order they subscribed."""
    return list(_by_event.get(event_name, ()))


def subscriber_named(name: str) -> Subscriber | None:
    """The subscriber, or None where a newer version no longer has it."""
    return _by_name.get(name)
