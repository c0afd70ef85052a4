"""Long jobs that a person watches."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User


class JobRun(models.Model):
    """One run of a long job: who asked for it, how far it is, how it ended.

    ``total`` is None while nobody knows how much there is to do. ``result_file`` is the id
    of a stored file.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    title = models.CharField(max_length=200)
    job = models.CharField(max_length=120)
    values = models.JSONField(default=dict)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="job_runs"
    )
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    message = models.CharField(max_length=500, blank=True)
    error = models.TextField(blank=True)
    result_file = models.UUIDField(null=True, blank=True)
    result_url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user", "-created_at"], name="job_run_by_user"),
            models.Index(
                fields=["created_at"],
                name="job_run_open",
                condition=models.Q(
                    finished_at__isnull=True, cancelled_at__isnull=True, failed_at__isnull=True
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def actor(self) -> Actor:
        """Who the job acts as: the person who started it, through a job."""
        return Actor(user=self.user, via="job")

    @property
    def is_over(self) -> bool:
        return bool(self.finished_at or self.cancelled_at or self.failed_at)

    @property
    def status(self) -> str:
        """waiting, running, cancelling, done, cancelled or failed: read from the timestamps."""
        if self.finished_at:
            return "done"
        if self.cancelled_at:
            return "cancelled"
        if self.failed_at:
            return "failed"
        if self.cancel_requested_at:
            return "cancelling"
        return "running" if self.started_at else "waiting"

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1; None while the total is unknown."""
        if self.finished_at:
            return 1.0
        return min(self.done / self.total, 1.0) if self.total else None
