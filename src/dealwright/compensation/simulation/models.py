"""Simulations that are kept: plans tried on past periods, and what the pipeline will cost.

Nothing here is pay. A simulation is what two texts or a number of drawn outcomes come to on the
data of one moment, under hashes by which it can be repeated.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.compensation.columns import exact, in_order, money


class Backtest(models.Model):
    """A text of a plan over past periods, beside what held (or another text).

    ``base_text`` is empty where each period is compared with the version that was active in
    it; ``base_hash`` is then over the hashes of those. ``before`` and ``after`` are the totals
    in ``currency``, None until the calculation is over. ``job_id`` is the job that calculates.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.PROTECT, related_name="backtests"
    )
    text = models.TextField()
    text_hash = models.CharField(max_length=64)
    label = models.CharField(max_length=120)
    base_text = models.TextField(blank=True)
    base_hash = models.CharField(max_length=64, blank=True)
    base_label = models.CharField(max_length=120)
    starts_on = models.DateField()
    ends_on = models.DateField()
    input_hash = models.CharField(max_length=64, blank=True)
    engine = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    before = money(null=True)
    after = money(null=True)
    job_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [in_order("backtest_in_order")]

    def __str__(self) -> str:
        return f"{self.label} {self.starts_on} – {self.ends_on}"


class BacktestPay(models.Model):
    """What a component pays a payee in a period under the two texts."""

    id = models.BigAutoField(primary_key=True)
    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="pay")
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    number = models.IntegerField()  # the period's, see engine.periods
    period = models.CharField(max_length=12)
    component = models.CharField(max_length=60)
    before = money()
    after = money()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["backtest", "payee", "number", "component"], name="backtest_pay_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.before} → {self.after}"


class Forecast(models.Model):
    """The commission that open deals will probably cost, by ``draws`` drawn outcomes.

    The draws follow from ``seed`` and each deal's id, so that the same data give the same
    figures. ``plans`` are the texts used (plan, version, hash), ``left_out`` the deals that
    could not be counted, with the reason.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    as_of = models.DateField()
    ends_on = models.DateField()
    seed = models.PositiveIntegerField()
    draws = models.PositiveIntegerField()
    deal_count = models.PositiveIntegerField(default=0)
    plans = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    input_hash = models.CharField(max_length=64, blank=True)
    engine = models.CharField(max_length=40, blank=True)
    job_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("as_of")), name="forecast_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.as_of} – {self.ends_on}"


class ForecastFigure(models.Model):
    """One expected amount with its spread.

    Of a payee on a plan in a period; without payee of the plan; without plan of all plans in
    the currency; with an empty ``period`` of all periods. ``certain`` is what is earned
    without any open deal, ``everything`` what it would be if all were won.
    """

    id = models.BigAutoField(primary_key=True)
    forecast = models.ForeignKey(Forecast, on_delete=models.CASCADE, related_name="figures")
    currency = models.CharField(max_length=3)
    plan = models.ForeignKey(
        "compensation.CompensationPlan", null=True, on_delete=models.PROTECT, related_name="+"
    )
    payee = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=12, blank=True)
    starts_on = models.DateField(null=True)
    certain = money()
    expected = exact()
    p10 = money()
    p50 = money()
    p90 = money()
    everything = money()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(p10__lte=models.F("p50")) & models.Q(p50__lte=models.F("p90")),
                name="forecast_figure_spread",
            ),
            models.UniqueConstraint(
                fields=["forecast", "currency", "plan", "payee", "period"],
                name="forecast_figure_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.expected} {self.currency}"


class ForecastShare(models.Model):
    """What one open deal adds to an expected amount; without a deal, what no deal alone makes.

    The shares of a payee, plan and period and the certain part sum to what is expected.
    """

    id = models.BigAutoField(primary_key=True)
    forecast = models.ForeignKey(Forecast, on_delete=models.CASCADE, related_name="shares")
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.PROTECT, related_name="+"
    )
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=12)
    starts_on = models.DateField()
    opportunity_id = models.UUIDField(null=True)
    title = models.CharField(max_length=250, blank=True)
    amount = money(null=True)
    currency = models.CharField(max_length=3, blank=True)
    probability = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    closes_on = models.DateField(null=True)
    expected = exact()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["forecast", "period", "plan", "payee"], name="forecast_share_of")
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.expected}"
