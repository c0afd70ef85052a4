"""The published list of events, as the docs show it."""

from __future__ import annotations

from collections.abc import Iterable

from dealwright.base.events.feed import describe_event
from dealwright.base.events.registry import RECORD_ACTIONS, RecordChanged, published_events
from dealwright.base.objects.registry import object_types


def events_document() -> str:
    """``docs/events.md``: every event with its meaning and its data, in Markdown."""
    return "\n".join([*_introduction(), *_record_events(), *_own_events()]) + "\n"


def _introduction() -> Iterable[str]:
    yield "# Events"
    yield ""
    yield (
        "What happens in Dealwright is told as events: to subscribers inside, to the change feed "
        "(`GET /api/v1/changes`), to webhooks and to the live stream. An event is written in the "
        "transaction of the change it tells of, and told after it is committed. Events about one "
        "record come in the order they happened. Who may see the record may see the event."
    )
    yield ""
    yield (
        "Ids and decimals are text, times are UTC (`2027-01-31T10:00:00Z`). A reader must ignore "
        "data it does not know: later versions may add to an event, never take away."
    )
    yield ""


def _record_events() -> Iterable[str]:
    yield "## Of every object"
    yield ""
    names = ", ".join(f"`<object>.{action}`" for action in RECORD_ACTIONS)
    yield f"{names}: {_plain(RecordChanged.__doc__)}"
    yield ""
    yield "| Data | Type |"
    yield "| --- | --- |"
    first = next(iter(object_types()), None)
    for slot in describe_event(f"{first.key if first else 'record'}.updated")["data"]:
        yield f"| `{slot['name']}` | {slot['type']} |"
    yield ""
    yield "Objects: " + ", ".join(sorted(f"`{of.key}`" for of in object_types())) + "."
    yield ""


def _own_events() -> Iterable[str]:
    yield "## Of their own"
    for name, cls in published_events().items():
        if cls is RecordChanged:
            continue
        described = describe_event(name)
        yield ""
        yield f"### `{name}`"
        yield ""
        yield described["about"]
        if described["data"]:
            yield ""
            yield "| Data | Type |"
            yield "| --- | --- |"
            for slot in described["data"]:
                yield f"| `{slot['name']}` | {slot['type']} |"


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
