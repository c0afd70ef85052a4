"""Runs of the engine and the lines they found: kept for ever, changed never."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import exact, money


class CalculationRun(models.Model):
    """One calculation of a plan version, with the hashes by which it can be repeated.

    ``payees`` are those it was for, empty for all on the plan. ``line_count`` and ``total``
    are of the whole truth it found; ``delta_count`` and ``delta`` of what differed from
    before and was posted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.ForeignKey(
        "compensation.PlanVersion", on_delete=models.PROTECT, related_name="runs"
    )
    starts_on = models.DateField()
    ends_on = models.DateField()
    payees = ArrayField(models.UUIDField(), default=list)
    cause = models.CharField(max_length=200)
    plan_hash = models.CharField(max_length=64)
    input_hash = models.CharField(max_length=64)
    engine = models.CharField(max_length=40)
    result_hash = models.CharField(max_length=64)
    line_count = models.PositiveIntegerField()
    total = money()
    delta_count = models.PositiveIntegerField()
    delta = money()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.version_id} {self.created_at}"


class RunLine(models.Model):
    """One explanation line that a run found new (``sign`` 1) or no longer true (``sign`` -1).

    The lines whose signs sum to 1 under their ``hash`` are the truth of now; those up to a
    run are what was known then. ``payout`` times ``sign`` is what the ledger posted in
    ``posted_period`` for ``earned_period``.
    """

    id = models.BigAutoField(primary_key=True)
    # Those without an index of their own begin one below: each line is written into all of them.
    run = models.ForeignKey(
        CalculationRun, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    sign = models.SmallIntegerField()
    hash = models.CharField(max_length=64)
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    earned_period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="+"
    )
    posted_period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.PROTECT, related_name="+"
    )
    component = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    payout = exact()
    event = models.ForeignKey(
        "compensation.CreditEvent",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    cause = models.ForeignKey(
        "compensation.CreditEvent", null=True, on_delete=models.PROTECT, related_name="+"
    )
    via = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=80, blank=True)
    credit = exact(null=True)
    band = models.IntegerField(null=True)
    low = exact(null=True)
    high = exact(null=True)
    base = exact(null=True)
    rate = exact(null=True)
    balance = exact(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(sign__in=[-1, 1]), name="run_line_sign"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["plan", "payee", "earned_period"], name="run_line_truth"),
            models.Index(fields=["payee", "posted_period"], name="run_line_statement"),
            models.Index(fields=["event"], name="run_line_event"),
            models.Index(fields=["run"], name="run_line_run"),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.kind} {self.payout}"


class LineDigest(models.Model):
    """What the lines that hold for a payee and a period come to: where a calculation finds the
    same again, they need not be compared one by one.

    ``digest`` is what the engine compares (see ``difference``), ``hash`` SHA-256 over their
    content addresses in order. A missing row only costs time.
    """

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.CASCADE, related_name="+"
    )
    payee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    earned_period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.CASCADE, related_name="+"
    )
    digest = models.CharField(max_length=120)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "payee", "earned_period"], name="line_digest_once"
            )
        ]

    def __str__(self) -> str:
        return self.digest


class Attainment(models.Model):
    """What a payee has reached of a component's quota by the end of a period, as of now."""

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.CASCADE, related_name="+"
    )
    payee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    period = models.ForeignKey(
        "compensation.PayPeriod", on_delete=models.CASCADE, related_name="attainments"
    )
    component = models.CharField(max_length=60)
    reached = exact()
    quota = exact()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["plan", "payee", "period", "component"], name="attainment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reached} of {self.quota}"


class AttainmentVersion(models.Model):
    """What an attainment was known to be from a moment on (``since``) up to another (``until``,
    none for what is known now).

    Triggers write it, in the transaction that writes attainments and with its time, which is
    that of the run and of the postings as well; see the migration 0007.
    """

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.CASCADE, related_name="+"
    )
    payee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    period = models.ForeignKey("compensation.PayPeriod", on_delete=models.CASCADE, related_name="+")
    component = models.CharField(max_length=60)
    reached = exact()
    quota = exact()
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["plan", "payee", "period", "component"], name="attainment_versions"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reached} of {self.quota} from {self.since}"
