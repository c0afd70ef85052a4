"""Deals, the pipelines they run through and everything that hangs on a deal."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Round
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import User
from dealwright.base.records.models import Record, record_indexes
from dealwright.crm.columns import (
    LIVING,
    currency_column,
    fraction,
    is_fraction,
    not_negative,
    optional_money,
    search_index,
)
from dealwright.crm.products.models import Line


class StageCategory(models.TextChoices):
    """Whether a deal in a stage still runs."""

    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class ForecastCategory(models.TextChoices):
    """How surely a deal is counted on."""

    PIPELINE = "pipeline", "Pipeline"
    BEST_CASE = "best_case", "Best case"
    COMMIT = "commit", "Commit"
    OMITTED = "omitted", "Omitted"
    CLOSED = "closed", "Closed"


class Pipeline(models.Model):
    """A way in which deals are won, made of ordered stages."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=120, unique=True)
    is_default = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=1)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="pipeline_one_default",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a pipeline.

    ``probability`` is a fraction. ``rot_days`` is how long a deal may rest here before it
    shows as ageing. ``required_fields`` are keys of opportunity fields that must be filled
    to enter; ``exit_criteria`` is an expression of the house's language over the
    opportunity's fields that must hold to go on to a later stage.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pipeline = models.ForeignKey(Pipeline, on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField()
    category = models.CharField(max_length=4, choices=StageCategory, default=StageCategory.OPEN)
    probability = fraction()
    forecast_category = models.CharField(
        max_length=9, choices=ForecastCategory, default=ForecastCategory.PIPELINE
    )
    rot_days = models.PositiveIntegerField(null=True, blank=True)
    required_fields = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    exit_criteria = models.TextField(blank=True)
    guidance = models.TextField(blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["pipeline", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pipeline", "name"],
                condition=models.Q(archived_at__isnull=True),
                name="stage_name_once",
            ),
            *is_fraction("probability", table="stage"),
            models.CheckConstraint(
                condition=~models.Q(category="won") | models.Q(probability=1),
                name="stage_won_is_certain",
            ),
            models.CheckConstraint(
                condition=~models.Q(category="lost") | models.Q(probability=0),
                name="stage_lost_is_impossible",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Opportunity(Record):
    """A possible sale.

    ``status`` and ``pipeline`` follow ``stage`` by a database trigger, which also writes
    the StageHistory, so that bulk imports keep both. ``amount`` is NULL while unknown;
    ``amount_source`` says whether lines or a person set it. ``close_date`` is the expected
    day while open and the actual one after.
    """

    class Kind(models.TextChoices):
        NEW = "new", "New business"
        EXPANSION = "expansion", "Expansion"
        RENEWAL = "renewal", "Renewal"

    class AmountSource(models.TextChoices):
        MANUAL = "manual", "By hand"
        LINES = "lines", "From line items"

    class ProbabilitySource(models.TextChoices):
        STAGE = "stage", "From stage"
        MANUAL = "manual", "By hand"
        MODEL = "model", "Predicted"

    class LostReason(models.TextChoices):
        PRICE = "price", "Price"
        COMPETITOR = "competitor", "Lost to a competitor"
        NO_DECISION = "no_decision", "No decision"
        TIMING = "timing", "Timing"
        PRODUCT = "product", "Product does not fit"
        NO_BUDGET = "no_budget", "No budget"
        UNRESPONSIVE = "unresponsive", "No answer"
        OTHER = "other", "Other"

    name = models.CharField(max_length=250)
    account = models.ForeignKey(
        "crm.Account", null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities"
    )
    contact = models.ForeignKey(
        "crm.Contact", null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities"
    )
    pipeline = models.ForeignKey(Pipeline, on_delete=models.PROTECT, related_name="opportunities")
    stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="opportunities")
    status = models.CharField(
        max_length=4, choices=StageCategory, default=StageCategory.OPEN, editable=False
    )
    stage_entered_at = models.DateTimeField(default=timezone.now)
    amount = optional_money()
    currency = currency_column()
    amount_source = models.CharField(
        max_length=6, choices=AmountSource, default=AmountSource.MANUAL
    )
    probability = fraction(default=0)
    probability_source = models.CharField(
        max_length=6, choices=ProbabilitySource, default=ProbabilitySource.STAGE
    )
    expected_revenue = models.GeneratedField(
        expression=Round(models.F("amount") * models.F("probability"), 2),
        output_field=models.DecimalField(max_digits=18, decimal_places=2, null=True),
        db_persist=True,
    )
    engaged_on = models.DateField(null=True, blank=True)
    close_date = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    forecast_category = models.CharField(
        max_length=9, choices=ForecastCategory, default=ForecastCategory.PIPELINE
    )
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.NEW)
    product = models.ForeignKey(
        "crm.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="opportunities"
    )
    mrr = optional_money()
    arr = optional_money()
    tcv = optional_money()
    contract_term_months = models.PositiveIntegerField(null=True, blank=True)
    next_step = models.CharField(max_length=250, blank=True)
    next_step_on = models.DateField(null=True, blank=True)
    lead_source = models.CharField(max_length=60, blank=True)
    campaign = models.ForeignKey(
        "crm.Campaign",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="opportunities",
    )
    lost_reason = models.CharField(max_length=12, choices=LostReason, blank=True)
    lost_detail = models.TextField(blank=True)
    competitor = models.CharField(max_length=160, blank=True)
    description = models.TextField(blank=True)

    class Meta(Record.Meta):
        verbose_name_plural = "opportunities"
        indexes: ClassVar = [
            *record_indexes("opportunity"),
            search_index("name", table="opportunity"),
            models.Index(
                fields=["stage", "-created_at", "-id"], name="opportunity_stage", condition=LIVING
            ),
            models.Index(
                fields=["account", "-created_at"], name="opportunity_account", condition=LIVING
            ),
            models.Index(fields=["contact"], name="opportunity_contact", condition=LIVING),
            models.Index(
                fields=["status", "close_date"], name="opportunity_close", condition=LIVING
            ),
            models.Index(fields=["product"], name="opportunity_product", condition=LIVING),
            # What half a million deals are sorted by: a page is read off the end of the index.
            *(
                models.Index(fields=[column, "id"], name=f"opportunity_by_{name}", condition=LIVING)
                for name, column in (
                    ("name", "name"),
                    ("amount", "amount"),
                    ("close", "close_date"),
                )
            ),
        ]
        constraints: ClassVar = [
            *is_fraction("probability", table="opportunity"),
            *not_negative("amount", "mrr", "arr", "tcv", table="opportunity"),
            models.CheckConstraint(
                condition=~models.Q(status="open") | models.Q(closed_at__isnull=True),
                name="opportunity_open_is_not_closed",
            ),
            models.CheckConstraint(
                condition=models.Q(status="open") | models.Q(closed_at__isnull=False),
                name="opportunity_closed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StageHistory(models.Model):
    """One move of a deal, written by a database trigger; ``from_stage`` is NULL for its first.

    ``amount``, ``close_date`` and ``probability`` are as they were right after the move.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="stage_history"
    )
    from_stage = models.ForeignKey(Stage, null=True, on_delete=models.PROTECT, related_name="+")
    to_stage = models.ForeignKey(Stage, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    amount = optional_money()
    currency = models.CharField(max_length=3)
    close_date = models.DateField(null=True)
    probability = fraction()

    class Meta:
        verbose_name_plural = "stage history"
        ordering: ClassVar = ["at", "id"]
        indexes: ClassVar = [
            models.Index(fields=["opportunity", "at"], name="stage_history_opportunity"),
            models.Index(fields=["to_stage", "at"], name="stage_history_to"),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage_id} → {self.to_stage_id}"


class OpportunityContactRole(models.Model):
    """A person of the buying committee and the part the person plays. Whom to talk to first
    is ``Opportunity.contact``."""

    class Role(models.TextChoices):
        DECISION_MAKER = "decision_maker", "Decision maker"
        ECONOMIC_BUYER = "economic_buyer", "Economic buyer"
        CHAMPION = "champion", "Champion"
        INFLUENCER = "influencer", "Influencer"
        EVALUATOR = "evaluator", "Evaluator"
        USER = "user", "User"
        LEGAL = "legal", "Legal"
        PROCUREMENT = "procurement", "Procurement"
        SIGNER = "signer", "Signer"
        BLOCKER = "blocker", "Blocker"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="contact_roles"
    )
    contact = models.ForeignKey(
        "crm.Contact", on_delete=models.CASCADE, related_name="opportunity_roles"
    )
    role = models.CharField(max_length=16, choices=Role, default=Role.INFLUENCER)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["opportunity", "contact"], name="opportunity_contact_role_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.role}"


class OpportunityTeamMember(models.Model):
    """A colleague on the deal. ``split_percent`` is the fraction of the credit (0.7 is 70 %);
    the splits of a deal sum to 1, or nobody has one and the owner gets all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="team_members"
    )
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=80, blank=True)
    split_percent = fraction(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["opportunity", "user"], name="opportunity_team_member_once"
            ),
            *is_fraction("split_percent", table="opportunity_team_member"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.split_percent}"


class OpportunityLineItem(Line):
    """What the deal is about, in pieces and money of the deal's currency."""

    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.CASCADE, related_name="line_items"
    )
