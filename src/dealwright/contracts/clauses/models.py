"""The clause library: texts that templates and contracts are put together from, in versions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes


class ClauseTopic(models.TextChoices):
    """What a clause is about, in the order in which agreements usually have it."""

    PARTIES = "parties", "Parties"
    SCOPE = "scope", "Services"
    FEES = "fees", "Fees and payment"
    TERM = "term", "Term and renewal"
    TERMINATION = "termination", "Termination"
    CONFIDENTIALITY = "confidentiality", "Confidentiality"
    DATA = "data", "Data protection"
    PROPERTY = "property", "Intellectual property"
    WARRANTY = "warranty", "Warranty"
    LIABILITY = "liability", "Liability"
    LAW = "law", "Law and disputes"
    GENERAL = "general", "General"


class ClausePosition(models.TextChoices):
    """Whether we begin with it or give way to it."""

    PREFERRED = "preferred", "Preferred"
    FALLBACK = "fallback", "Fallback"


class ClauseStatus(models.TextChoices):
    IN_USE = "in_use", "In use"
    RETIRED = "retired", "Retired"


class Clause(Record):
    """One clause. ``name`` is its heading in print; ``name`` and ``text`` are those of the
    newest version, whose number is ``edition``. ``guidance`` tells who drafts when to use it
    and never goes to the other side. A retired clause stays where it is used and is offered
    no more."""

    name = models.CharField(max_length=160)
    topic = models.CharField(max_length=16, choices=ClauseTopic, default=ClauseTopic.GENERAL)
    position = models.CharField(
        max_length=10, choices=ClausePosition, default=ClausePosition.PREFERRED
    )
    text = models.TextField()
    edition = models.PositiveIntegerField(default=1)
    guidance = models.TextField(blank=True)
    is_locked = models.BooleanField(default=False)
    retired_at = models.DateTimeField(null=True, blank=True)
    status = models.GeneratedField(
        expression=models.Case(
            models.When(retired_at__isnull=False, then=models.Value("retired")),
            default=models.Value("in_use"),
        ),
        output_field=models.CharField(max_length=10, choices=ClauseStatus),
        db_persist=True,
    )

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("clause")

    def __str__(self) -> str:
        return self.name


class ClauseVersion(models.Model):
    """Heading and text at one time, and what was changed. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clause = models.ForeignKey(Clause, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=160)
    text = models.TextField()
    note = models.CharField(max_length=250, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["clause", "number"], name="clause_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
