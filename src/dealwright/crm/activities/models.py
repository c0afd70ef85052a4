"""What people did or will do: tasks, calls, meetings, e-mails, notes, visits."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import LIVING


class Activity(Record):
    """One thing done or to do.

    The owner is who does it. ``account``, ``contact``, ``lead``, ``opportunity`` and
    ``case`` say what it is about; anything else is tied by ActivityLink. ``due_at`` is for
    tasks, ``starts_at`` and ``ends_at`` for what takes place at a time (in ``timezone``),
    ``happened_at`` is where it stands on a timeline. ``message_id`` is the e-mail in
    messaging that this activity stands for.
    """

    class Kind(models.TextChoices):
        TASK = "task", "Task"
        CALL = "call", "Call"
        MEETING = "meeting", "Meeting"
        EMAIL = "email", "E-mail"
        NOTE = "note", "Note"
        SMS = "sms", "Text message"
        VISIT = "visit", "Visit"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    class Priority(models.TextChoices):
        LOW = "low", "Low"
        NORMAL = "normal", "Normal"
        HIGH = "high", "High"

    class Direction(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"

    class Outcome(models.TextChoices):
        REACHED = "reached", "Reached"
        NO_ANSWER = "no_answer", "No answer"
        VOICEMAIL = "voicemail", "Left a voicemail"
        BUSY = "busy", "Busy"
        WRONG_NUMBER = "wrong_number", "Wrong number"
        CALLBACK = "callback", "Call back later"
        NO_SHOW = "no_show", "Did not show up"
        HELD = "held", "Held"

    kind = models.CharField(max_length=8, choices=Kind)
    subject = models.CharField(max_length=250)
    body = models.TextField(blank=True)
    status = models.CharField(max_length=9, choices=Status, default=Status.OPEN)
    priority = models.CharField(max_length=6, choices=Priority, default=Priority.NORMAL)
    direction = models.CharField(max_length=8, choices=Direction, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    all_day = models.BooleanField(default=False)
    timezone = models.CharField(max_length=64, default="UTC")
    rrule = models.CharField(max_length=250, blank=True)
    location = models.CharField(max_length=250, blank=True)
    duration_seconds = models.PositiveIntegerField(null=True, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    message_id = models.UUIDField(null=True, blank=True, editable=False)
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    lead = models.ForeignKey(
        "crm.Lead", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )
    opportunity = models.ForeignKey(
        "crm.Opportunity",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="activities",
    )
    case = models.ForeignKey(
        "crm.Case", null=True, blank=True, on_delete=models.PROTECT, related_name="activities"
    )

    class Meta(Record.Meta):
        verbose_name_plural = "activities"
        indexes: ClassVar = [
            *record_indexes("activity"),
            models.Index(
                fields=["owner", "due_at"],
                name="activity_open_tasks",
                condition=LIVING & models.Q(status="open"),
            ),
            models.Index(
                fields=["remind_at"],
                name="activity_reminders",
                condition=LIVING & models.Q(status="open", reminded_at__isnull=True),
            ),
            *(
                models.Index(
                    fields=[subject, "-created_at"], name=f"activity_{subject}", condition=LIVING
                )
                for subject in ("account", "contact", "lead", "opportunity", "case")
            ),
            models.Index(
                fields=["due_at", "id"],
                name="activity_by_due",
                condition=LIVING & models.Q(due_at__isnull=False),
            ),
            models.Index(fields=["message_id"], name="activity_message"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(status="completed") | models.Q(completed_at__isnull=False),
                name="activity_completed_has_time",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True)
                | models.Q(starts_at__isnull=True)
                | models.Q(ends_at__gte=models.F("starts_at")),
                name="activity_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class ActivityLink(models.Model):
    """Ties an activity to any further record by object key and id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="links")
    object = models.CharField(max_length=40)
    record_id = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["activity", "object", "record_id"], name="activity_link_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["record_id"], name="activity_link_record")]

    def __str__(self) -> str:
        return f"{self.object} {self.record_id}"


class ActivityParticipant(models.Model):
    """Who takes part: a contact, a colleague, or an address of someone unknown."""

    class Response(models.TextChoices):
        NEEDS_ACTION = "needs_action", "Not answered"
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        TENTATIVE = "tentative", "Maybe"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    activity = models.ForeignKey(Activity, on_delete=models.CASCADE, related_name="participants")
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    address = models.CharField(max_length=254, blank=True)
    response = models.CharField(max_length=12, choices=Response, default=Response.NEEDS_ACTION)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(contact__isnull=False)
                | models.Q(user__isnull=False)
                | ~models.Q(address=""),
                name="activity_participant_is_someone",
            )
        ]

    def __str__(self) -> str:
        return self.address or str(self.contact_id or self.user_id)
