"""What happened, told to whoever listens: subscribers, change feed, live stream, webhooks."""

from dealwright.base.events.outbox import About, record_event, record_events
from dealwright.base.events.registry import Event, RecordChanged, event, published_events
from dealwright.base.events.subscribers import Delivery, Subscriber, subscribe, subscribers

__all__ = [
    "About",
    "Delivery",
    "Event",
    "RecordChanged",
    "Subscriber",
    "event",
    "published_events",
    "record_event",
    "record_events",
    "subscribe",
    "subscribers",
]
