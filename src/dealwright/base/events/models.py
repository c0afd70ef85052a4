"""The outbox of events, and how far each has been delivered."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7


class OutboxEvent(models.Model):
    """One event, written in the transaction of the change it tells of.

    ``seq`` grows with the writing and gives the order per record. ``position`` is the place
    in the change feed: given after commit, so that no reader who went past a position ever
    misses an event (a transaction may commit later than one with a greater ``seq``).
    """

    seq = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    position = models.BigIntegerField(null=True, blank=True, unique=True)
    name = models.CharField(max_length=120)
    payload = models.JSONField(default=dict)
    object = models.CharField(max_length=40, blank=True)
    record_id = models.UUIDField(null=True, blank=True)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=200, blank=True)
    via = models.CharField(max_length=12, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    occurred_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["seq"],
                name="outbox_event_unplaced",
                condition=models.Q(position__isnull=True),
            ),
            models.Index(fields=["record_id", "seq"], name="outbox_event_record"),
            models.Index(fields=["name", "-seq"], name="outbox_event_name"),
            models.Index(fields=["occurred_at"], name="outbox_event_age"),
        ]

    def __str__(self) -> str:
        return self.name


class OpenDeliveries(models.Manager["EventDelivery"]):
    """Deliveries that are neither done nor given up."""

    def get_queryset(self) -> models.QuerySet[EventDelivery]:
        return super().get_queryset().filter(done_at__isnull=True, gave_up_at__isnull=True)


class EventDelivery(models.Model):
    """One event for one subscriber: open, done, or given up after too many attempts."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(OutboxEvent, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.CharField(max_length=160)
    record_id = models.UUIDField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    gave_up_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()
    open: ClassVar[OpenDeliveries] = OpenDeliveries()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "subscriber"], name="event_delivery_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["record_id", "id"],
                name="event_delivery_open",
                condition=models.Q(done_at__isnull=True, gave_up_at__isnull=True),
            ),
            models.Index(
                fields=["next_attempt_at"],
                name="event_delivery_due",
                condition=models.Q(
                    done_at__isnull=True, gave_up_at__isnull=True, next_attempt_at__isnull=False
                ),
            ),
            models.Index(
                fields=["-id"],
                name="event_delivery_trouble",
                condition=models.Q(done_at__isnull=True, attempts__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber} ({self.status})"

    @property
    def status(self) -> str:
        """done, given up, failing or waiting: read from the timestamps."""
        if self.done_at:
            return "done"
        if self.gave_up_at:
            return "given up"
        return "failing" if self.attempts else "waiting"
