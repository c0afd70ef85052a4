"""What Prometheus reads at ``/metrics``.

Where several processes serve pages, ``PROMETHEUS_MULTIPROC_DIR`` names a folder, emptied at
start, in which they share their counters.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from dealwright.base.events.models import EventDelivery
from dealwright.base.events.webhooks.models import WebhookMessage
from dealwright.base.jobs.state import QueueLength, last_heartbeat, queue_lengths

REQUESTS = Counter("dealwright_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram(
    "dealwright_request_seconds",
    "Time from the first byte in to the answer ready.",
    ["method", "route"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2.5, 5, 10),
)
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}


class MetricsMiddleware:
    """Counts and times every request by its route, which is one of a known few."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in _METHODS else "other"
        match = request.resolver_match
        route = f"/{match.route}" if match is not None else "none"
        REQUESTS.labels(method, route, response.status_code).inc()
        SECONDS.labels(method, route).observe(time.perf_counter() - started)
        return response


class HouseCollector(Collector):
    """Figures that live in the database, read when asked for."""

    def collect(self) -> Iterator[Metric]:
        queues = queue_lengths()
        yield from _per_queue(queues)
        oldest = [each.oldest_waiting for each in queues if each.oldest_waiting]
        now = timezone.now()
        age = (now - min(oldest)).total_seconds() if oldest else 0
        yield GaugeMetricFamily(
            "dealwright_jobs_oldest_seconds", "Age of the job that waits longest.", value=age
        )
        beat = last_heartbeat()
        yield GaugeMetricFamily(
            "dealwright_worker_silence_seconds",
            "Since a worker last gave a sign of life; -1 where none is registered.",
            value=(now - beat).total_seconds() if beat else -1,
        )
        yield GaugeMetricFamily(
            "dealwright_event_deliveries_open",
            "Events not yet told to a subscriber.",
            value=EventDelivery.open.count(),
        )
        yield GaugeMetricFamily(
            "dealwright_event_deliveries_given_up",
            "Events that a subscriber failed to take.",
            value=EventDelivery.objects.filter(gave_up_at__isnull=False).count(),
        )
        yield GaugeMetricFamily(
            "dealwright_webhook_messages_open",
            "Webhook messages to be sent.",
            value=WebhookMessage.objects.filter(next_attempt_at__isnull=False).count(),
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_database_size(current_database()), "
                "(select count(*) from pg_stat_activity where datname = current_database())"
            )
            size, connections = cursor.fetchone()
        yield GaugeMetricFamily("dealwright_database_bytes", "Size of the database.", value=size)
        yield GaugeMetricFamily(
            "dealwright_database_connections", "Open connections.", value=connections
        )


def _per_queue(queues: Sequence[QueueLength]) -> Iterator[Metric]:
    for name, text in (
        ("waiting", "Jobs that could run now."),
        ("running", "Jobs that run."),
        ("failed", "Jobs that failed for good."),
    ):
        jobs = GaugeMetricFamily(f"dealwright_jobs_{name}", text, labels=["queue"])
        for each in queues:
            jobs.add_metric([each.queue], getattr(each, name))
        yield jobs


def exposition() -> bytes:
    """All metrics in Prometheus' text format."""
    house = CollectorRegistry()
    house.register(HouseCollector())
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(house)  # type: ignore[no-untyped-call]
        return generate_latest(house)
    return generate_latest(REGISTRY) + generate_latest(house)
