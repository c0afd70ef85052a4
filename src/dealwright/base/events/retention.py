"""How long events are kept."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dealwright.base.events.models import EventDelivery, OutboxEvent
from dealwright.base.events.webhooks.models import WebhookMessage
from dealwright.base.jobs.queue import cron

EVENTS_KEPT = timedelta(days=90)
MESSAGES_KEPT = timedelta(days=30)


@cron("20 3 * * *", name="events.forget")
def forget_old_events() -> None:
    """Drop events after 90 days, once every subscriber is done, and webhook logs after 30."""
    now = timezone.now()
    old = OutboxEvent.objects.filter(occurred_at__lt=now - EVENTS_KEPT)
    still_open = EventDelivery.objects.filter(done_at__isnull=True, event__in=old)
    old.exclude(seq__in=still_open.values("event_id")).delete()
    closed = WebhookMessage.objects.filter(next_attempt_at__isnull=True)
    closed.filter(created_at__lt=now - MESSAGES_KEPT).delete()
