"""Contract costs, their journal, and what the general ledger calls things.

The journal stands beside the commission ledger: that one knows payees and pay periods of any
calendar, this one months and costs that outlive every period. Both have the same guards.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from dealwright.base.identifiers import uuid7
from dealwright.base.people.models import Profile, Team, User
from dealwright.compensation.columns import money


class JournalAccount(models.TextChoices):
    """Accounts of the journal; debits are positive. Each is mapped to a number of the general
    ledger."""

    ASSET = "deferred_asset", "Capitalised contract costs"
    COMMISSION = "commission_expense", "Commission expense"
    TAX = "payroll_tax_expense", "Payroll tax on commissions"
    AMORTISATION = "amortisation_expense", "Amortisation of contract costs"
    IMPAIRMENT = "impairment_expense", "Impairment of contract costs"
    ACCRUED = "accrued_commission", "Accrued commissions"
    RECEIVABLE = "payee_receivable", "Owed by payees: draws and clawbacks"
    REWARDS = "reward_liability", "Rewards owed beside pay"
    CLEARING = "payroll_clearing", "Payroll clearing"


class CostPolicy(models.Model):
    """How commissions are capitalised from a day on (ASC 340-40), until the next policy's day.

    ``components`` lists what is incremental, as ``{"plan", "component", "commensurate"}``;
    everything else is expensed. ``months`` is the fixed period of benefit, also where a term is
    not known. ``basis``: the fixed months; the contract's term; or the term for components
    whose renewal commission is commensurate and the fixed months for the others. Renewals are
    amortised over the renewal's term. ``expedient``: what would take 12 months or less is
    expensed as incurred (340-40-25-4).
    """

    class Basis(models.TextChoices):
        FIXED = "fixed", "A fixed number of months"
        TERM = "term", "The contract's term"
        BENEFIT = "benefit", "The term where renewals pay alike, else the fixed months"

    class Convention(models.TextChoices):
        MONTH = "month", "Full months, the first one included"
        DAYS = "days", "By days"

    class Method(models.TextChoices):
        PROSPECTIVE = "prospective", "Over the months that are left"
        CATCH_UP = "catch_up", "Made good at once for the months gone by"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    starts_on = models.DateField(unique=True)
    components = models.JSONField(default=list)
    basis = models.CharField(max_length=7, choices=Basis, default=Basis.FIXED)
    months = models.PositiveSmallIntegerField()
    expedient = models.BooleanField(default=True)
    convention = models.CharField(max_length=5, choices=Convention, default=Convention.MONTH)
    method = models.CharField(max_length=11, choices=Method, default=Method.PROSPECTIVE)
    tax_rate = models.DecimalField(max_digits=7, decimal_places=6, default=0)
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["-starts_on"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(months__gte=1, months__lte=600), name="cost_policy_months"
            ),
            models.CheckConstraint(
                condition=models.Q(tax_rate__gte=0, tax_rate__lt=1), name="cost_policy_tax"
            ),
        ]

    def __str__(self) -> str:
        return f"From {self.starts_on}"


class ContractCost(models.Model):
    """What one component pays one payee for one deal, as a cost of obtaining the contract.

    Its amounts stand in the journal only. Until a month of it is sealed it follows the policy
    and the deal; from then on its terms stay. One with ``is_expensed`` fell under the practical
    expedient and has no asset.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(
        "compensation.CreditEvent", on_delete=models.PROTECT, related_name="contract_costs"
    )
    plan = models.ForeignKey(
        "compensation.CompensationPlan", on_delete=models.PROTECT, related_name="+"
    )
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    component = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    policy = models.ForeignKey(CostPolicy, on_delete=models.PROTECT, related_name="costs")
    starts_on = models.DateField()
    months = models.PositiveSmallIntegerField()
    because = models.CharField(max_length=120)  # why so many months
    is_expensed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["event", "payee", "component"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["event", "plan", "payee", "component"], name="contract_cost_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.component}"


class CostDecision(models.Model):
    """What a person decided about a deal's costs, with the reason; kept for ever.

    ``ended``: the customer left on a day. ``impairment``: a test found the carrying amount
    (``carrying``) above what is still expected from the customer less the costs of serving
    (340-40-35-3); ``amounts`` is the write-down of each cost by its id. ``period``: the
    contract will serve ``months`` in all. ``withdrawn``: takes another decision back.
    """

    class Kind(models.TextChoices):
        ENDED = "ended", "The customer left"
        IMPAIRMENT = "impairment", "Impairment test"
        PERIOD = "period", "Another period of benefit"
        WITHDRAWN = "withdrawn", "Taken back"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    event = models.ForeignKey(
        "compensation.CreditEvent", on_delete=models.PROTECT, related_name="cost_decisions"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    on = models.DateField()
    months = models.PositiveSmallIntegerField(null=True)
    consideration = money(null=True)
    costs = money(null=True)
    carrying = money(null=True)
    amounts = models.JSONField(default=dict)
    withdraws = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="withdrawn_by"
    )
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"


class AccountingRun(models.Model):
    """One bringing of the journal up to the truth, as far as ``month``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    month = models.DateField()
    cost_count = models.PositiveIntegerField(default=0)
    line_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class MonthClose(models.Model):
    """A month and all before it are sealed: the root of their lines stands in the evidence."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    month = models.DateField(unique=True)
    merkle_root = models.CharField(max_length=64)
    line_count = models.PositiveIntegerField()
    closed_at = models.DateTimeField(db_default=Now())
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class JournalLine(models.Model):
    """One leg of a journal entry, in a month (its first day).

    Triggers of the database hold: the legs of an entry sum to zero, none goes into a sealed
    month, none changes. ``cost`` is set for what concerns a capitalised cost.
    """

    class Kind(models.TextChoices):
        ACCRUAL = "accrual", "Accrual"
        PAYMENT = "payment", "Payment"
        CAPITALISATION = "capitalisation", "Capitalisation"
        AMORTISATION = "amortisation", "Amortisation"
        IMPAIRMENT = "impairment", "Impairment"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.UUIDField()
    run = models.ForeignKey(AccountingRun, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=14, choices=Kind)
    month = models.DateField()
    cost = models.ForeignKey(
        ContractCost, null=True, on_delete=models.PROTECT, related_name="lines"
    )
    payee = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(
        "compensation.CompensationPlan", null=True, on_delete=models.PROTECT, related_name="+"
    )
    cost_centre = models.CharField(max_length=40, blank=True)
    account = models.CharField(max_length=20, choices=JournalAccount)
    amount = money()
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(month__day=1), name="journal_line_month")
        ]
        indexes: ClassVar = [
            models.Index(fields=["month", "account"], name="journal_month"),
            models.Index(fields=["cost", "month"], name="journal_cost"),
            models.Index(fields=["entry"], name="journal_entry"),
            models.Index(fields=["payee", "month"], name="journal_payee"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.account} {self.amount} {self.currency}"


class AccountNumber(models.Model):
    """The general ledger's number of an account of the journal."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.CharField(max_length=20, choices=JournalAccount, unique=True)
    number = models.CharField(max_length=40)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.account}: {self.number}"


class CostCentre(models.Model):
    """The cost centre of a person, a team, a profile, or of everybody else; the nearest counts,
    of several teams the first by name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=40)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE, related_name="+")
    profile = models.CharField(max_length=20, choices=Profile, blank=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "team", "profile"],
                nulls_distinct=False,
                name="cost_centre_once",
            )
        ]

    def __str__(self) -> str:
        return self.code


class PlanRate(models.Model):
    """A rate that plans use from a day on instead of the market's (``rates: plan`` in a plan):
    one unit of ``base`` counts ``rate`` units of ``quote``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    starts_on = models.DateField()
    source = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        ordering: ClassVar = ["base", "quote", "-starts_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["base", "quote", "starts_on"], name="plan_rate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="plan_rate_above_zero"),
            models.CheckConstraint(
                condition=~models.Q(base=models.F("quote")), name="plan_rate_of_two_currencies"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate.normalize():f} {self.quote} from {self.starts_on}"
