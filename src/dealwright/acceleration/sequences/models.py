"""Sequences: planned steps towards a person, and who is on which step."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes


class Sequence(Record):
    """Steps one after the other. It is sent on weekdays between ``opens`` and ``closes`` in the
    person's time zone, where ``any_time`` does not lift that."""

    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    any_time = models.BooleanField(default=False)
    opens = models.TimeField(default="08:00")
    closes = models.TimeField(default="18:00")
    stop_for_account = models.BooleanField(default=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("sequence")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")), name="sequence_opens_first"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SequenceStep(models.Model):
    """One step, ``wait_days`` working days after the one before (0: at once).

    ``subject`` and ``body`` are Liquid templates over contact, account, sender. A mail
    without a subject answers in the thread of the mail before.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        TASK = "task", "Task"
        CALL = "call", "Call"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sequence = models.ForeignKey(Sequence, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.EMAIL)
    wait_days = models.PositiveIntegerField(default=0)
    subject = models.CharField(max_length=250, blank=True)
    body = models.TextField(blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sequence", "position"],
                condition=models.Q(archived_at__isnull=True),
                name="sequence_step_position_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.subject or self.get_kind_display()}"


class Enrollment(Record):
    """A person on a sequence. The owner sends. ``due_at`` is when the next step is due, NULL
    once nothing is to come; ``held_because`` says why a due step waits."""

    class StopReason(models.TextChoices):
        REPLIED = "replied", "Replied"
        ACCOUNT_REPLIED = "account_replied", "Someone at the company replied"
        BOUNCED = "bounced", "Mail bounced"
        OPTED_OUT = "opted_out", "Opted out"
        MEETING = "meeting", "Meeting held"
        WON = "won", "Deal won"
        BY_HAND = "by_hand", "Stopped by hand"
        NO_ADDRESS = "no_address", "No address"

    sequence = models.ForeignKey(Sequence, on_delete=models.PROTECT, related_name="enrollments")
    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="enrollments")
    lead = models.ForeignKey(
        "crm.Lead", null=True, blank=True, on_delete=models.SET_NULL, related_name="enrollments"
    )
    opportunity = models.ForeignKey(
        "crm.Opportunity", null=True, blank=True, on_delete=models.SET_NULL,
        related_name="enrollments",
    )  # fmt: skip
    next_position = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField(null=True, blank=True)
    held_because = models.CharField(max_length=250, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(max_length=16, choices=StopReason, blank=True)
    status = models.GeneratedField(
        expression=models.Case(
            models.When(stopped_at__isnull=False, then=models.Value("stopped")),
            models.When(finished_at__isnull=False, then=models.Value("finished")),
            models.When(paused_until__isnull=False, then=models.Value("paused")),
            default=models.Value("active"),
        ),
        output_field=models.CharField(
            max_length=8,
            choices=[
                ("active", "Active"),
                ("paused", "Paused"),
                ("finished", "Finished"),
                ("stopped", "Stopped"),
            ],
        ),
        db_persist=True,
    )

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("enrollment"),
            models.Index(
                fields=["due_at"],
                name="enrollment_due",
                condition=models.Q(
                    due_at__isnull=False, stopped_at__isnull=True, finished_at__isnull=True
                ),
            ),
            models.Index(fields=["contact"], name="enrollment_contact"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sequence", "contact"],
                condition=models.Q(
                    stopped_at__isnull=True, finished_at__isnull=True, deleted_at__isnull=True
                ),
                name="enrollment_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(stopped_at__isnull=True, stop_reason="")
                | (models.Q(stopped_at__isnull=False) & ~models.Q(stop_reason="")),
                name="enrollment_stop_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} on {self.sequence}"


class StepExecution(models.Model):
    """The ledger of steps done: one row per enrollment and step, whoever tries twice."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, related_name="executions")
    step = models.ForeignKey(SequenceStep, on_delete=models.PROTECT, related_name="executions")
    at = models.DateTimeField(default=timezone.now)
    message_id = models.UUIDField(null=True)
    activity_id = models.UUIDField(null=True)
    replied_at = models.DateTimeField(null=True)
    bounced_at = models.DateTimeField(null=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enrollment", "step"], name="step_execution_once")
        ]
        indexes: ClassVar = [models.Index(fields=["message_id"], name="step_execution_message")]

    def __str__(self) -> str:
        return f"{self.enrollment_id} {self.step_id}"
