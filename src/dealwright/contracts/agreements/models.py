"""Contracts: what was agreed with whom, from the first draft to its end."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes
from dealwright.contracts.library.models import ContractKind, TemplateVersion


class ContractStatus(models.TextChoices):
    """Where a contract stands; the database derives it from what happened and when."""

    DRAFT = "draft", "Draft"
    IN_APPROVAL = "in_approval", "In approval"
    APPROVED = "approved", "Approved"
    SIGNING = "signing", "Out for signature"
    EXECUTED = "executed", "Executed"
    TERMINATED = "terminated", "Terminated"
    EXPIRED = "expired", "Expired"
    CANCELLED = "cancelled", "Cancelled"


class Renewal(models.TextChoices):
    NONE = "none", "Ends by itself"
    AUTO = "auto", "Renews by itself"


class Contract(Record):
    """One agreement.

    ``variables`` maps a key to ``{"value", "source", "source_value", "overridden"}``: the value
    in the text, where it came from, and what stood there then, so that drift is seen. ``body``
    is the contract's own clause tree, begun as a copy of the template version's.
    ``content_hash`` is of body and values; approval and signature count for one hash only.
    ``notice_by`` is the last day on which notice can be given, stored so that it can be asked.
    """

    number = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=250)
    kind = models.CharField(max_length=12, choices=ContractKind, default=ContractKind.ORDER_FORM)
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="contracts"
    )
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="contracts"
    )
    opportunity = models.ForeignKey(
        "crm.Opportunity", null=True, blank=True, on_delete=models.PROTECT, related_name="contracts"
    )
    quote = models.ForeignKey(
        "crm.Quote", null=True, blank=True, on_delete=models.PROTECT, related_name="contracts"
    )
    template_version = models.ForeignKey(
        TemplateVersion, null=True, on_delete=models.PROTECT, related_name="contracts"
    )
    body = models.JSONField(default=dict)
    variables = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    effective_on = models.DateField(null=True, blank=True)
    term_months = models.PositiveIntegerField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    renewal = models.CharField(max_length=4, choices=Renewal, default=Renewal.NONE)
    notice_days = models.PositiveIntegerField(null=True, blank=True)
    notice_by = models.DateField(null=True, blank=True)
    document_id = models.UUIDField(null=True, blank=True)
    document_sha256 = models.CharField(max_length=64, blank=True)
    envelope_id = models.UUIDField(null=True, blank=True)
    sealed_sha256 = models.CharField(max_length=64, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    executed_at = models.DateTimeField(null=True, blank=True)
    terminated_at = models.DateTimeField(null=True, blank=True)
    terminated_on = models.DateField(null=True, blank=True)
    termination_reason = models.TextField(blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    status = models.GeneratedField(
        expression=models.Case(
            models.When(cancelled_at__isnull=False, then=models.Value("cancelled")),
            models.When(terminated_at__isnull=False, then=models.Value("terminated")),
            models.When(expired_at__isnull=False, then=models.Value("expired")),
            models.When(executed_at__isnull=False, then=models.Value("executed")),
            models.When(sent_at__isnull=False, then=models.Value("signing")),
            models.When(approved_at__isnull=False, then=models.Value("approved")),
            models.When(submitted_at__isnull=False, then=models.Value("in_approval")),
            default=models.Value("draft"),
        ),
        output_field=models.CharField(max_length=12, choices=ContractStatus),
        db_persist=True,
    )

    class Meta(Record.Meta):
        indexes: ClassVar = [
            *record_indexes("contract"),
            models.Index(fields=["opportunity"], name="contract_opportunity"),
            models.Index(fields=["account"], name="contract_account"),
            models.Index(fields=["status", "-created_at"], name="contract_status"),
            # Which contracts have a clause of the library.
            GinIndex(fields=["body"], opclasses=["jsonb_path_ops"], name="contract_body"),
            models.Index(
                fields=["notice_by"],
                name="contract_notice",
                condition=models.Q(executed_at__isnull=False, terminated_at__isnull=True),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gte=0),
                name="contract_amount_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(terminated_at__isnull=True)
                | models.Q(executed_at__isnull=False, terminated_on__isnull=False),
                name="contract_terminated_was_executed",
            ),
            models.CheckConstraint(
                condition=models.Q(executed_at__isnull=True) | ~models.Q(sealed_sha256=""),
                name="contract_executed_is_sealed",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(effective_on__isnull=True)
                | models.Q(ends_on__gte=models.F("effective_on")),
                name="contract_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class ContractVersion(models.Model):
    """A text that was shown to someone: approved, sent or signed. Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    body = models.JSONField()
    variables = models.JSONField()
    document_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contract", "number"], name="contract_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.contract_id} {self.number}"
