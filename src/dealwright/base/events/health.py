"""What doctor says of events and webhooks."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dealwright.base.database.doctor import Finding, register_check
from dealwright.base.events.models import EventDelivery
from dealwright.base.events.webhooks.models import WebhookEndpoint

LONGEST_WAIT = timedelta(hours=1)


def check_events() -> Finding:
    """Whether what happens reaches who listens."""
    given_up = EventDelivery.objects.filter(gave_up_at__isnull=False, done_at__isnull=True).count()
    if given_up:
        return Finding(
            False,
            f"{given_up:,} events could not be told to a subscriber.",
            "See /settings/events for the errors; mend the cause, then press “Try now”.",
        )
    late = EventDelivery.open.filter(
        event__occurred_at__lt=timezone.now() - LONGEST_WAIT, attempts=0
    ).count()
    if late:
        return Finding(
            False,
            f"{late:,} events have waited for over an hour.",
            "See /settings/jobs whether a worker runs; start more with “work”.",
        )
    return Finding(True, "Every event reached everyone who listens, or is on its way.")


def check_webhooks() -> Finding:
    """Whether addresses were switched off because they did not answer."""
    off = [
        endpoint
        for endpoint in WebhookEndpoint.objects.filter(disabled_at__isnull=False)
        if endpoint.disabled_reason != "Switched off."
    ]
    if off:
        return Finding(
            False,
            f"{len(off)} webhooks were switched off; {off[0].url}: {off[0].disabled_reason}",
            "Mend the receiver, then switch it on at /settings/webhooks, or remove it there.",
        )
    return Finding(True, f"{WebhookEndpoint.objects.count()} webhooks, none in trouble.")


register_check("events", check_events)
register_check("webhooks", check_webhooks)
