"""The published lists of events and of who acts on them, as the docs show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dealwright.base.events.feed import describe_event
from dealwright.base.events.registry import RECORD_ACTIONS, RecordChanged, published_events
from dealwright.base.events.subscribers import Subscriber, subscribers
from dealwright.base.objects.registry import object_types

GENERATED = "<!-- Written by `bin/dealwright docs`; change the code it tells of, then run that. -->"


def events_document() -> str:
    """``docs/events.md``: every event with its meaning and its data, in Markdown."""
    return "\n".join([*_introduction(), *_record_events(), *_own_events()]) + "\n"


def flows_document() -> str:
    """``docs/flows.md``: EVENT -> what is done about it and where that is written, in Markdown."""
    return "\n".join([*_flows_introduction(), *_flows()]) + "\n"


def documents() -> Mapping[str, str]:
    """What the docs hold that the code knows: name of the file, text."""
    return {"events.md": events_document(), "flows.md": flows_document()}


def _flows_introduction() -> Iterable[str]:
    yield GENERATED
    yield ""
    yield "# Flows"
    yield ""
    yield (
        "What is done when something happens. The rooms do not call each other: one tells an "
        "[event](events.md), and what stands here is done about it in the worker, after the change "
        "is committed, in order per record, and exactly once in the database. What fails is tried "
        "again with growing waits while all else goes on; an administrator sees it under "
        "*Settings → Events*. An event that is not named here is told all the same: to the change "
        "feed, to webhooks and to open pages."
    )
    yield ""


def _flows() -> Iterable[str]:
    yield "| Event | Room | What it does | Where |"
    yield "| --- | --- | --- | --- |"
    for each in subscribers():
        room, _, what = each.name.split(":")[0].partition(".")
        effect = f"{each.summary} (`{what}`)"
        yield f"| `{each.event}` | {room} | {effect} | {_source(each)} |"


def _source(subscriber: Subscriber) -> str:
    path = subscriber.function.__module__.replace(".", "/")
    return f"[{path.removeprefix('dealwright/')}.py](../src/{path}.py)"


def _introduction() -> Iterable[str]:
    yield GENERATED
    yield ""
    yield "# Events"
    yield ""
    yield (
        "What happens in Dealwright is told as events: to subscribers inside, to the change feed "
        "(`GET /api/v1/changes`), to webhooks and to the live stream. An event is written in the "
        "transaction of the change it tells of, and told after it is committed. Events about one "
        "record come in the order they happened. Who may see the record may see the event. What "
        "the house itself does about each stands under [flows](flows.md)."
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
