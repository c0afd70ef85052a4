"""Templates of contracts: typed clause trees with variables, in versions that never change."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes


class ContractKind(models.TextChoices):
    """What an agreement is, in the field's usual terms."""

    ORDER_FORM = "order_form", "Order form"
    MASTER_AGREEMENT = "msa", "Master agreement"
    SERVICES = "services", "Services agreement"
    NDA = "nda", "Non-disclosure agreement"
    RESELLER = "reseller", "Reseller agreement"
    AMENDMENT = "amendment", "Amendment"
    OTHER = "other", "Other"


class ContractTemplate(Record):
    """A template; ``current`` is the version that new contracts are made from."""

    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=12, choices=ContractKind, default=ContractKind.ORDER_FORM)
    description = models.TextField(blank=True)
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta(Record.Meta):
        indexes: ClassVar = record_indexes("contract_template")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True, deleted_at__isnull=True),
                name="contract_template_one_default",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def current(self) -> TemplateVersion:
        return self.versions.order_by("-number")[0]


class TemplateVersion(models.Model):
    """The text of a template at one time: see ``library.clauses`` for the shape of ``body``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    template = models.ForeignKey(
        ContractTemplate, on_delete=models.CASCADE, related_name="versions"
    )
    number = models.PositiveIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "number"], name="template_version_once")
        ]
        # Which templates have a clause of the library.
        indexes: ClassVar = [
            GinIndex(fields=["body"], opclasses=["jsonb_path_ops"], name="template_version_body")
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.number}"
