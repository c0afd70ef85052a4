"""Posting into the commission ledger and paying out of it.

Debits are positive. Earned pay debits the expense and credits what is payable; a holdback, a
withheld cap and a draw move between what is payable and their own accounts, and so do holds
(``holds.settling``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from dealwright.base.access.actor import Actor, change, system
from dealwright.base.database.copying import copy_rows
from dealwright.base.errors import Conflict, NotFound
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.accounting.payroll_files import payroll_file
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.disputes.models import Adjustment
from dealwright.compensation.engine.lines import taxable_value
from dealwright.compensation.holds.queries import held_for
from dealwright.compensation.holds.services import lock_holds
from dealwright.compensation.ledger.entries import double_entry
from dealwright.compensation.ledger.models import Account, PaymentBatch, Posting
from dealwright.compensation.ledger.payroll import PAYROLL
from dealwright.compensation.ledger.queries import counted_for, held_after
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import posting_period
from dealwright.compensation.plans.definition import Draw
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan

# The account against which a line's payout is payable; all other kinds are expense.
_AGAINST = {
    "hold": Account.HOLDBACK,
    "release": Account.HOLDBACK,
    "withheld": Account.WITHHELD,
    "released": Account.WITHHELD,
    "draw": Account.DRAW,
    "recovery": Account.DRAW,
    "owed": Account.CLAWBACK,
    "repaid": Account.CLAWBACK,
}


@dataclass(frozen=True, slots=True)
class Moved:
    """Lines of one kind that came, less those that went: ``times`` in number, ``payout`` and
    ``base`` in sum. Of rewards those of the same payout: ``each`` of them."""

    payee: str
    component: str
    kind: str
    earned_id: UUID
    posted_id: UUID
    each: Decimal | None
    times: int
    payout: Decimal
    base: Decimal


def post_moved(
    actor: Actor, run: CalculationRun, plan: CompensationPlan, moved: Iterable[Moved]
) -> int:
    """Post what a run found different: one entry per payee, component, period and account;
    returns how many postings were made."""
    definition = read_plan(run.version.text)
    guarantees = {
        each.id for each in definition.components if isinstance(each, Draw) and not each.recoverable
    }
    sums: dict[tuple[str, str, UUID, UUID, Account, Account], Decimal] = defaultdict(Decimal)
    for part in moved:
        if part.kind == "forgiven":
            # What is forgiven becomes cost: nothing is payable for it.
            legs, amount = (Account.EXPENSE, Account.DRAW), part.base
        elif part.each is not None:
            # A reward is no pay: what is owed is its taxable value, beside what is payable.
            legs = (Account.EXPENSE, Account.POINTS)
            amount = part.times * taxable_value(definition, part.component, part.each)
        else:
            against = _AGAINST.get(part.kind, Account.EXPENSE)
            if part.component in guarantees:
                against = Account.EXPENSE
            legs, amount = (against, Account.PAYABLE), part.payout
        sums[part.payee, part.component, part.earned_id, part.posted_id, *legs] += amount
    postings: list[Posting] = []
    for (payee, component, earned_id, posted_id, debit, credit), amount in sorted(sums.items()):
        if amount == 0:
            continue
        postings += double_entry(
            debit,
            credit,
            amount,
            kind=Posting.Kind.CALCULATION,
            run=run,
            payee_id=UUID(payee),
            plan=plan,
            component=component,
            earned_period_id=earned_id,
            posted_period_id=posted_id,
            currency=run.currency,
            created_by=actor.user,
        )
    copy_rows(postings)  # in one statement: the database judges whole entries
    return len(postings)


def post_adjustment(actor: Actor, adjustment: Adjustment) -> UUID:
    """Post an approved adjustment into the period that takes postings; returns the entry."""
    with change(actor):
        legs = double_entry(
            Account.EXPENSE,
            Account.PAYABLE,
            adjustment.amount,
            kind=Posting.Kind.ADJUSTMENT,
            adjustment=adjustment,
            payee_id=adjustment.payee_id,
            plan_id=adjustment.plan_id,
            component=adjustment.component,
            earned_period_id=adjustment.period_id,
            posted_period=posting_period(adjustment.period),
            currency=adjustment.currency,
            memo=adjustment.reason[:200],
            created_by=actor.user,
        )
        Posting.objects.bulk_create(legs)
        return legs[0].entry


def balances_to_pay(period: PayPeriod) -> Sequence[Mapping[str, Any]]:
    """Per payee and currency what is payable from this period and those before, less what was
    paid and what is on hold; in the order of names. Negative balances are carried, not paid.

    A hold that was placed after the period was submitted holds its pay as well; what is released
    or calculated after that is paid with a later period. What a later period's payment took is
    not paid again.
    """
    rows = list(
        Posting.objects.filter(counted_for(period), account=Account.PAYABLE)
        .values("payee_id", "payee__name", "payee__email", "currency")
        .annotate(balance=-Sum("amount"))
        .order_by("payee__name", "payee_id", "currency")
    )
    held = {
        (row["payee_id"], row["currency"]): row["sum"]
        for row in Posting.objects.filter(held_after(period), account=Account.PAYABLE)
        .values("payee_id", "currency")
        .annotate(sum=Sum("amount"))
    }
    for row in rows:  # a hold keeps from being paid; it makes nobody owe anything
        if row["balance"] > 0:
            kept = held.get((row["payee_id"], row["currency"]), Decimal(0))
            row["balance"] = max(row["balance"] - max(kept, Decimal(0)), Decimal(0))
    later = set(
        Posting.objects.filter(
            kind=Posting.Kind.PAYMENT,
            account=Account.CASH,
            earned_period__calendar=period.calendar,
            earned_period__fiscal_year_starts=period.fiscal_year_starts,
            earned_period__number__gt=period.number,
        )
        .values_list("payee_id", "currency")
        .distinct()
    )
    return [
        row
        for row in rows
        if row["balance"] != 0
        and not (row["balance"] > 0 and (row["payee_id"], row["currency"]) in later)
    ]


def pay_period(actor: Actor, period_id: Any, *, paid_at: datetime | None = None) -> PaymentBatch:
    """Mark what an approved or closed period owes as paid, with a payroll file (CSV) in the
    layout in use.

    Whoever owes more than is owed is left out and carries the balance on. The payments are
    posted into the period that takes postings now. Raises Conflict where nothing is to pay
    or the period is not approved.
    """
    from dealwright.base.files import store_file

    require_pay_manager(actor)
    with change(actor):
        lock_holds()
        period = PayPeriod.objects.select_for_update().filter(pk=period_id).first()
        if period is None:
            raise NotFound("This period does not exist.")
        if period.approved_at is None:
            raise Conflict(f"{period.label} is {period.state_label.lower()}: approve it first.")
        due = [row for row in balances_to_pay(period) if row["balance"] > 0]
        if not due:
            raise Conflict(f"There is nothing to pay for {period.label}.")
        batch = PaymentBatch.objects.create(
            period=period,
            paid_at=paid_at or timezone.now(),
            created_by=actor.user,
            payee_count=len(due),
        )
        posted = posting_period(period)
        postings: list[Posting] = []
        for row in due:
            postings += double_entry(
                Account.PAYABLE,
                Account.CASH,
                row["balance"],
                kind=Posting.Kind.PAYMENT,
                batch=batch,
                payee_id=row["payee_id"],
                earned_period=period,
                posted_period=posted,
                currency=row["currency"],
                memo=f"Paid for {period.label}",
                created_by=actor.user,
            )
        Posting.objects.bulk_create(postings)
        stored = store_file(
            system(actor.name),
            name=f"payroll-{period.label}.csv",
            content=payroll_file(period, batch, due, held_for(system(), period)),
            content_type="text/csv",
            generated=True,  # in whatever letters payroll reads
            object=PAYROLL,
            record_id=batch.pk,
            purpose="payroll",
        )
        batch.file_id = stored.pk
        batch.save(update_fields=["file_id"])
        return batch
