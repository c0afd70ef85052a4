"""How payroll wants its file, what it calls people, and what it says it paid."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import money


class PayrollLayout(models.Model):
    """The shape of a payroll file; ``definition`` is read by ``payroll_layouts``. The one in
    use makes the files when a period is marked as paid."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    definition = models.JSONField(default=dict)
    in_use_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(in_use_since__isnull=False),
                name="payroll_layout_one_in_use",
            )
        ]

    def __str__(self) -> str:
        return self.name


class EmployeeNumber(models.Model):
    """What payroll calls a payee."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="employee_number")
    number = models.CharField(max_length=60, unique=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    def __str__(self) -> str:
        return self.number


class PayrollReturn(models.Model):
    """A file in which payroll says what it really paid of a batch. The same file counts once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(
        "compensation.PaymentBatch", on_delete=models.PROTECT, related_name="returns"
    )
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    file_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sha256"], name="payroll_return_file_once")
        ]

    def __str__(self) -> str:
        return self.name


class PayrollReturnLine(models.Model):
    """One row of it; ``payee`` is none where nobody here is called ``given``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    file = models.ForeignKey(PayrollReturn, on_delete=models.PROTECT, related_name="lines")
    row = models.PositiveIntegerField()
    given = models.CharField(max_length=254)
    payee = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    amount = money()
    currency = models.CharField(max_length=3)
    paid_on = models.DateField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["file", "row"]

    def __str__(self) -> str:
        return f"{self.given} {self.amount} {self.currency}"


class PaymentDifference(models.Model):
    """What was settled about a difference between batch and payroll; kept for ever.

    ``carried``: posted, so that what was short is owed again and what was too much is taken
    off the next pay (``entry`` in the ledger). ``explained``: nothing is posted, ``note`` says
    why the ledger is right.
    """

    class Kind(models.TextChoices):
        CARRIED = "carried", "Carried on"
        EXPLAINED = "explained", "Explained"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    batch = models.ForeignKey(
        "compensation.PaymentBatch", on_delete=models.PROTECT, related_name="differences"
    )
    payee = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    given = models.CharField(max_length=254, blank=True)
    currency = models.CharField(max_length=3)
    amount = money()  # paid by payroll, less what the batch said
    kind = models.CharField(max_length=9, choices=Kind)
    note = models.CharField(max_length=500, blank=True)
    entry = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"


class BatchReconciliation(models.Model):
    """A person has seen a batch and payroll's word agree, or every difference settled."""

    batch = models.OneToOneField(
        "compensation.PaymentBatch",
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="reconciliation",
    )
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    def __str__(self) -> str:
        return str(self.batch_id)
