"""Requests of customers and the promises on how soon they are met."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import LIVING


class Priority(models.TextChoices):
    LOW = "low", "Low"
    NORMAL = "normal", "Normal"
    HIGH = "high", "High"
    URGENT = "urgent", "Urgent"


class SlaTarget(models.Model):
    """How many business minutes a case of a priority may wait for its first answer and its
    resolution."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    priority = models.CharField(max_length=6, choices=Priority, unique=True)
    response_minutes = models.PositiveIntegerField()
    resolution_minutes = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.get_priority_display()


class Case(Record):
    """A request or complaint. Due times are set from the SLA target of its priority."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        OPEN = "open", "In work"
        WAITING = "waiting", "Waiting for customer"
        SOLVED = "solved", "Solved"
        CLOSED = "closed", "Closed"

    class Origin(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        WEB = "web", "Web"
        CHAT = "chat", "Chat"
        OTHER = "other", "Other"

    class Kind(models.TextChoices):
        QUESTION = "question", "Question"
        PROBLEM = "problem", "Problem"
        REQUEST = "request", "Request"
        COMPLAINT = "complaint", "Complaint"

    number = models.CharField(max_length=40, unique=True)
    subject = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.NEW)
    priority = models.CharField(max_length=6, choices=Priority, default=Priority.NORMAL)
    kind = models.CharField(max_length=10, choices=Kind, blank=True)
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.OTHER)
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="cases"
    )
    is_escalated = models.BooleanField(default=False)
    response_due_at = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)
    waiting_since = models.DateTimeField(null=True, blank=True)
    satisfaction = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("case"),
            models.Index(
                fields=["status", "-created_at", "-id"], name="case_status", condition=LIVING
            ),
            models.Index(fields=["account"], name="case_account", condition=LIVING),
            models.Index(fields=["contact"], name="case_contact", condition=LIVING),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(satisfaction__isnull=True)
                | models.Q(satisfaction__range=(1, 5)),
                name="case_satisfaction_one_to_five",
            ),
            models.CheckConstraint(
                condition=~models.Q(status__in=["solved", "closed"])
                | models.Q(resolved_at__isnull=False),
                name="case_solved_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"
