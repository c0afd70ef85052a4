"""What can be asked about payroll: payments with their state, numbers, pay to try a layout on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from dealwright.base.people.models import User
from dealwright.compensation.accounting.payroll_models import (
    BatchReconciliation,
    PaymentDifference,
)
from dealwright.compensation.ledger.models import Account, PaymentBatch, Posting
from dealwright.compensation.periods.models import PayPeriod

MOST = 60  # payments that are listed


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A payment; ``state`` is reconciled, taken_in (payroll's file is there) or paid."""

    batch: PaymentBatch
    state: str
    totals: Mapping[str, Decimal]


def batch_rows(period: PayPeriod | None = None) -> Sequence[BatchRow]:
    """Payments of a period, or the latest of all, with what they came to and where they stand."""
    rows = PaymentBatch.objects.all()
    return _rows(rows if period is None else rows.filter(period=period))


def _rows(rows: QuerySet[PaymentBatch]) -> Sequence[BatchRow]:
    found = list(
        rows.select_related("period", "created_by").annotate(files=Count("returns"))[:MOST]
    )
    done = set(
        BatchReconciliation.objects.filter(batch__in=found).values_list("batch_id", flat=True)
    )
    totals: dict[UUID, dict[str, Decimal]] = {}
    for batch_id, currency, amount in (
        Posting.objects.filter(batch__in=found, account=Account.CASH)
        .values_list("batch_id", "currency")
        .annotate(sum=-Sum("amount"))
        .order_by("currency")
    ):
        totals.setdefault(batch_id, {})[currency] = amount
    return [
        BatchRow(
            each,
            "reconciled" if each.pk in done else "taken_in" if each.files else "paid",
            totals.get(each.pk, {}),
        )
        for each in found
    ]


def payment_state(payee_id: UUID, period_id: UUID) -> str:
    """Whether payroll's word for the payments of a payee's period is in: a sentence, or nothing
    where nothing was paid."""
    paid = Posting.objects.filter(payee_id=payee_id, batch__isnull=False).values("batch_id")
    states = {
        row.state for row in _rows(PaymentBatch.objects.filter(period_id=period_id, pk__in=paid))
    }
    if not states:
        return ""
    return _("Reconciled with payroll") if states == {"reconciled"} else _("Not reconciled yet")


def number_rows(*, start: int = 0, limit: int = 100) -> tuple[Sequence[Mapping[str, Any]], bool]:
    """Payees with their employee numbers, those without first."""
    rows = list(
        User.objects.filter(plan_assignments__isnull=False)
        .order_by("employee_number__number", "name")
        .values("pk", "name", "email", "employee_number__number")
        .distinct()[start : start + limit + 1]
    )
    return rows[:limit], len(rows) > limit


def rows_to_try() -> tuple[PayPeriod | None, Sequence[Mapping[str, Any]], PaymentBatch | None]:
    """The latest payment's people and amounts; before there is one, what the latest period
    earned."""
    batch = PaymentBatch.objects.select_related("period").first()
    if batch is not None:
        carried = PaymentDifference.objects.filter(batch=batch, entry__isnull=False)
        rows = batch.postings.filter(account=Account.CASH).exclude(
            entry__in=carried.values("entry")
        )
        period: PayPeriod | None = batch.period
    else:
        latest = (
            Posting.objects.filter(account=Account.PAYABLE)
            .select_related("posted_period")
            .order_by("-posted_period__ends_on")
            .first()
        )
        if latest is None:
            return None, [], None
        period = latest.posted_period
        rows = Posting.objects.filter(account=Account.PAYABLE, posted_period=period)
    due = rows.values("payee_id", "payee__name", "payee__email", "currency").annotate(
        balance=-Sum("amount")
    )
    return period, list(due.order_by("payee__name", "currency")[:12]), batch
