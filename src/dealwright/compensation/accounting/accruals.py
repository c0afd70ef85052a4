"""What is earned and not yet paid at the end of a month, by payee, plan and cost centre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.base.people.models import User
from dealwright.compensation.accounting.costs import MONTH_SQL
from dealwright.compensation.accounting.journal import cost_centres
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.plans.models import CompensationPlan

ZERO = Decimal(0)
# What is owed to payees: now, when the customer pays, when there is room, when it is released.
LIABILITIES = (Account.PAYABLE, Account.HOLDBACK, Account.WITHHELD, Account.ON_HOLD)


@dataclass(frozen=True, slots=True)
class Accrued:
    """What one payee is owed of one plan at the end of a month; what is not payable yet (held
    back, withheld, on hold) is ``held`` of it."""

    payee_id: UUID
    payee: str
    plan_id: UUID | None
    plan: str
    cost_centre: str
    currency: str
    amount: Decimal
    held: Decimal


@dataclass(frozen=True, slots=True)
class AccruedTotal:
    """A group of them."""

    label: str
    currency: str
    amount: Decimal
    held: Decimal
    payee_id: UUID | None = None


def accrued(month: date) -> Sequence[Accrued]:
    """By payee and plan what is earned and unpaid at the end of a month.

    Payments name no plan: they settle the plan whose pay is oldest first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select payee_id, plan_id, currency, min(starts_on), sum(owed), sum(held), sum(paid)"
            " from (select posting.payee_id, posting.plan_id, posting.currency, earned.starts_on,"
            " case when posting.kind = %s then 0 else -posting.amount end as owed,"
            " case when posting.account = %s then 0 else -posting.amount end as held,"
            " case when posting.kind = %s then posting.amount else 0 end as paid,"
            f" case when batch.id is null then {MONTH_SQL.format(at='posting.created_at')}"
            " else date_trunc('month', batch.paid_at at time zone 'UTC')::date end as month"
            " from compensation_posting posting"
            " join compensation_payperiod posted on posted.id = posting.posted_period_id"
            " join compensation_payperiod earned on earned.id = posting.earned_period_id"
            " left join compensation_paymentbatch batch on batch.id = posting.batch_id"
            " where posting.account = any(%s)) moved where month <= %s"
            " group by payee_id, plan_id, currency order by 1, 3, 4, 2",
            [
                Posting.Kind.PAYMENT,
                Account.PAYABLE,
                Posting.Kind.PAYMENT,
                list(LIABILITIES),
                month,
            ],
        )
        rows = cursor.fetchall()
    by_payee: dict[tuple[UUID, str], list[tuple[Any, ...]]] = defaultdict(list)
    for payee_id, plan_id, currency, _since, owed, held, paid in rows:
        by_payee[payee_id, currency].append((plan_id, owed, held, paid))
    people = dict(User.objects.values_list("pk", "name"))
    plans = dict(CompensationPlan.objects.values_list("pk", "name"))
    centres = cost_centres()
    found = []
    for (payee_id, currency), parts in by_payee.items():
        for plan_id, amount, held in _settled(parts):
            found.append(
                Accrued(
                    payee_id,
                    people[payee_id],
                    plan_id,
                    plans[plan_id] if plan_id else "",
                    centres.get(payee_id, ""),
                    currency,
                    amount,
                    held,
                )
            )
    return sorted(found, key=lambda each: (each.payee, each.currency, each.plan))


def _settled(
    parts: Sequence[tuple[UUID | None, Decimal, Decimal, Decimal]],
) -> list[tuple[UUID | None, Decimal, Decimal]]:
    """(plan, still owed, held of it) after the payments, which settle in the order given."""
    paid = sum((part[3] for part in parts), ZERO)
    open_: list[list[Any]] = []
    for plan_id, owed, held, _paid in parts:
        payable = owed - held
        settled = min(max(payable, ZERO), paid) if paid > 0 else ZERO
        paid -= settled
        open_.append([plan_id, owed - settled, held])
    if paid and open_:
        open_[-1][1] -= paid  # paid in advance of what is owed
    return [(plan, owed, held) for plan, owed, held in open_ if owed or held]


def accrued_totals(month: date) -> Mapping[str, Decimal]:
    """What is accrued at the end of a month in each currency, without whose it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select currency, -sum(amount) from (select posting.currency, posting.amount,"
            f" case when batch.id is null then {MONTH_SQL.format(at='posting.created_at')}"
            " else date_trunc('month', batch.paid_at at time zone 'UTC')::date end as month"
            " from compensation_posting posting"
            " join compensation_payperiod posted on posted.id = posting.posted_period_id"
            " left join compensation_paymentbatch batch on batch.id = posting.batch_id"
            " where posting.account = any(%s)) moved where month <= %s"
            " group by currency having sum(amount) <> 0 order by currency",
            [list(LIABILITIES), month],
        )
        return dict(cursor.fetchall())


def grouped(rows: Sequence[Accrued], by: str) -> Sequence[AccruedTotal]:
    """Totals by ``payee``, ``plan`` or ``centre``, in the order of their names."""
    sums: dict[tuple[str, str, UUID | None], list[Decimal]] = {}
    for row in rows:
        label = {"plan": row.plan, "centre": row.cost_centre}.get(by, row.payee)
        key = (label, row.currency, row.payee_id if by == "payee" else None)
        both = sums.setdefault(key, [ZERO, ZERO])
        both[0] += row.amount
        both[1] += row.held
    return [
        AccruedTotal(label, currency, amount, held, payee_id)
        for (label, currency, payee_id), (amount, held) in sorted(
            sums.items(), key=lambda each: (each[0][0], each[0][1], str(each[0][2]))
        )
        if amount or held
    ]


def totals(rows: Sequence[Accrued]) -> Mapping[str, Decimal]:
    """What is accrued in each currency."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.currency] += row.amount
    return dict(sorted(found.items()))
