"""Leads: work records that ask whether a person's interest is worth pursuing, and who gets them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.accounts.models import Account
from dealwright.crm.columns import LIVING


class AssignmentRule(models.Model):
    """Who gets the leads that match ``filter`` (a filter tree of leads; empty matches all).

    Rules are tried in order of ``position``; the first that matches and has room decides.
    With ``prefer_known_owner`` a member who owns the person or the account already gets the
    lead whoever's turn it is. ``response_minutes`` of business time are allowed until the
    first answer.
    """

    class Strategy(models.TextChoices):
        ROUND_ROBIN = "round_robin", "In turn"
        LEAST_LOADED = "least_loaded", "Whoever has the fewest open leads"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    position = models.PositiveIntegerField(default=1)
    filter = models.JSONField(default=dict, blank=True)
    strategy = models.CharField(max_length=12, choices=Strategy, default=Strategy.ROUND_ROBIN)
    prefer_known_owner = models.BooleanField(default=True)
    response_minutes = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["position", "created_at"]

    def __str__(self) -> str:
        return self.name


class AssignmentMember(models.Model):
    """A user who takes turns in a rule; ``capacity`` caps the open leads (NULL: no cap)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    rule = models.ForeignKey(AssignmentRule, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    capacity = models.PositiveIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    last_assigned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rule", "user"], name="assignment_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.rule_id}"


class Lead(Record):
    """One inquiry of one person. The person's data stay on the Contact; conversion links an
    opportunity and copies nothing."""

    class Status(models.TextChoices):
        NEW = "new", "New"
        WORKING = "working", "Working"
        NURTURING = "nurturing", "Nurturing"
        QUALIFIED = "qualified", "Qualified"
        DISQUALIFIED = "disqualified", "Disqualified"
        CONVERTED = "converted", "Converted"

    class Source(models.TextChoices):
        WEB = "web", "Web form"
        REFERRAL = "referral", "Referral"
        PHONE = "phone", "Phone"
        EMAIL = "email", "E-mail"
        EVENT = "event", "Event"
        PARTNER = "partner", "Partner"
        ADVERTISING = "advertising", "Advertising"
        OUTBOUND = "outbound", "Outbound"
        IMPORT = "import", "Import"
        OTHER = "other", "Other"

    class DisqualifiedReason(models.TextChoices):
        NO_FIT = "no_fit", "Does not fit"
        NO_BUDGET = "no_budget", "No budget"
        NO_INTEREST = "no_interest", "No interest"
        UNREACHABLE = "unreachable", "Cannot be reached"
        DUPLICATE = "duplicate", "Duplicate"
        SPAM = "spam", "Spam"
        OTHER = "other", "Other"

    contact = models.ForeignKey("crm.Contact", on_delete=models.PROTECT, related_name="leads")
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    campaign = models.ForeignKey(
        "crm.Campaign", null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    form = models.ForeignKey(
        "crm.WebForm", null=True, blank=True, on_delete=models.SET_NULL, related_name="leads"
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.NEW)
    source = models.CharField(max_length=12, choices=Source, default=Source.OTHER)
    source_detail = models.CharField(max_length=250, blank=True)
    utm_source = models.CharField(max_length=250, blank=True)
    utm_medium = models.CharField(max_length=250, blank=True)
    utm_campaign = models.CharField(max_length=250, blank=True)
    utm_term = models.CharField(max_length=250, blank=True)
    utm_content = models.CharField(max_length=250, blank=True)
    landing_page = models.CharField(max_length=1000, blank=True)
    referrer = models.CharField(max_length=1000, blank=True)
    message = models.TextField(blank=True)
    score = models.IntegerField(null=True, blank=True)
    grade = models.CharField(max_length=2, blank=True)
    rating = models.CharField(max_length=4, choices=Account.Rating, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    assignment_reason = models.CharField(max_length=400, blank=True)
    assignment_rule = models.ForeignKey(
        AssignmentRule, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    response_due_at = models.DateTimeField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    disqualified_reason = models.CharField(max_length=12, choices=DisqualifiedReason, blank=True)
    disqualified_detail = models.TextField(blank=True)
    disqualified_at = models.DateTimeField(null=True, blank=True)
    converted_opportunity = models.ForeignKey(
        "crm.Opportunity", null=True, blank=True, on_delete=models.PROTECT, related_name="leads"
    )
    converted_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("lead"),
            models.Index(fields=["contact", "-created_at"], name="lead_contact", condition=LIVING),
            models.Index(fields=["account"], name="lead_account", condition=LIVING),
            models.Index(
                fields=["status", "-created_at", "-id"], name="lead_status", condition=LIVING
            ),
            models.Index(
                fields=["response_due_at"],
                name="lead_response_due",
                condition=LIVING & models.Q(first_response_at__isnull=True),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(status="converted")
                | models.Q(converted_at__isnull=False, converted_opportunity__isnull=False),
                name="lead_converted_has_opportunity",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="disqualified")
                | (models.Q(disqualified_at__isnull=False) & ~models.Q(disqualified_reason="")),
                name="lead_disqualified_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.contact)
