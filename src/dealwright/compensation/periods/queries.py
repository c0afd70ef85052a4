"""What can be asked about periods."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum

from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.engine.periods import pay_periods
from dealwright.compensation.ledger.models import NOT_EARNED, Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period with what it comes to, by currency."""

    period: PayPeriod
    payees: int
    totals: Mapping[str, Decimal]


def list_periods(limit: int = 60) -> Sequence[PeriodRow]:
    """The newest periods with their totals, for those who run them."""
    periods = list(PayPeriod.objects.order_by("-starts_on", "calendar")[:limit])
    totals: dict[UUID, dict[str, Decimal]] = defaultdict(dict)
    payees: dict[UUID, int] = {}
    for row in (
        Posting.objects.filter(posted_period__in=periods, account=Account.PAYABLE)
        .exclude(kind__in=NOT_EARNED)
        .values("posted_period_id", "currency")
        .annotate(sum=Sum("amount"), payees=Count("payee_id", distinct=True))
    ):
        totals[row["posted_period_id"]][row["currency"]] = -row["sum"]
        payees[row["posted_period_id"]] = row["payees"]
    return [
        PeriodRow(period, payees.get(period.pk, 0), totals.get(period.pk, {})) for period in periods
    ]


def notes_on_closed(days: Iterable[date]) -> Sequence[str]:
    """What whoever changes events of these days must know where they lie in a period that is
    closed or frozen: a sentence per period; none where every period takes postings."""
    notes: list[str] = []
    for day in sorted(days):
        for period in PayPeriod.objects.filter(
            starts_on__lte=day, ends_on__gte=day, submitted_at__isnull=False
        ).order_by("calendar"):
            target = _takes_postings_after(period)
            said = (
                f"{period.label} is {period.state_label.lower()} and stays as it is: what this "
                f"changes of it is posted into {target}, marked as of {period.label}."
            )
            if said not in notes:
                notes.append(said)
    return notes


def _takes_postings_after(period: PayPeriod) -> str:
    """The label of the period into which something of this one is posted now."""
    later = PayPeriod.objects.filter(
        calendar=period.calendar,
        fiscal_year_starts=period.fiscal_year_starts,
        number__gt=period.number,
    ).order_by("number")
    found = later.filter(submitted_at__isnull=True).first()
    if found is not None:
        return str(found.label)
    following = (later.last() or period).ends_on + timedelta(days=1)
    (made,) = pay_periods(following, following, period.calendar, period.fiscal_year_starts)
    return made.label


@dataclass(frozen=True, slots=True)
class ComponentTotal:
    """What a component comes to for everybody."""

    plan: str
    label: str
    amount: Decimal
    prior: Decimal
    currency: str


def component_totals(period: PayPeriod, as_of: datetime | None = None) -> Sequence[ComponentTotal]:
    """By plan and component what a period comes to, and how much of it is of earlier ones, as
    known at a moment (now)."""
    labels: dict[tuple[UUID, str], str] = {}
    names: dict[UUID, str] = {}
    for plan in CompensationPlan.objects.filter(calendar=period.calendar):
        names[plan.pk] = plan.name
        for version in plan.versions.filter(activated_at__isnull=False).order_by("number"):
            for component in read_plan(version.text).components:
                labels[plan.pk, component.id] = component.label
    sums: dict[tuple[Any, str, str], list[Decimal]] = {}
    for row in (
        Posting.objects.filter(
            *([Q(created_at__lte=as_of)] if as_of else []),
            posted_period=period,
            account=Account.PAYABLE,
        )
        .exclude(kind__in=NOT_EARNED)
        .values("plan_id", "component", "currency", "earned_period_id")
        .annotate(sum=Sum("amount"))
    ):
        both = sums.setdefault(
            (row["plan_id"], row["component"], row["currency"]), [Decimal(0), Decimal(0)]
        )
        both[0] -= row["sum"]
        if row["earned_period_id"] != period.pk:
            both[1] -= row["sum"]
    return sorted(
        (
            ComponentTotal(
                names.get(plan_id, ""),
                labels.get((plan_id, component), component),
                amount,
                prior,
                currency,
            )
            for (plan_id, component, currency), (amount, prior) in sums.items()
        ),
        key=lambda row: (row.plan, row.label),
    )


def runs_of(period: PayPeriod, limit: int = 20) -> Sequence[CalculationRun]:
    """The latest calculations that reach into a period."""
    return list(
        CalculationRun.objects.filter(
            version__plan__calendar=period.calendar,
            starts_on__lte=period.ends_on,
            ends_on__gte=period.starts_on,
        )
        .select_related("version__plan", "created_by")
        .order_by("-id")[:limit]
    )
