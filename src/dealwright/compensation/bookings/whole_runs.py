"""A plan over everything that was won: from its text to what each sales rep earns."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Sum

from dealwright.base.access.actor import change, system
from dealwright.base.people.models import Profile, User
from dealwright.compensation.bookings.services import run_plan_over_opportunities
from dealwright.compensation.engine.periods import pay_periods, period_at
from dealwright.compensation.ledger.models import NOT_EARNED, Account, Posting
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.plans.services import (
    activate_version,
    assign_payees,
    create_plan,
    text_hash,
    write_version,
)
from dealwright.compensation.quotas.services import import_quotas


def run_for_all_reps(text: str, first: date, last: date, quotas: str = "") -> list[dict[str, Any]]:
    """Pay every sales rep by a plan for the deals won in these days.

    Makes the plan, or a version of it where the text is new, active from the period of the
    first day; puts all sales reps on it; sets the quotas given as CSV. All or nothing.
    Returns a row per payee and period.
    """
    actor = system("command line", via="cli")
    definition = read_plan(text)
    with change(actor):
        plan = CompensationPlan.objects.filter(key=definition.id).first()
        begin = period_at(first, definition.calendar, definition.fiscal_year_starts)
        known = (
            plan is not None
            and plan.versions.filter(hash=text_hash(text), activated_at__isnull=False).exists()
        )
        if not known:
            version = (
                create_plan(actor, text) if plan is None else write_version(actor, plan.pk, text)
            )
            activate_version(actor, version.pk, begin.start)
            plan = version.plan
        assert plan is not None
        reps = User.objects.filter(is_active=True, profile=Profile.REP)
        assign_payees(actor, plan.pk, reps, begin.start)
        if quotas:
            import_quotas(actor, quotas)
        run_plan_over_opportunities(actor, plan, first, last)
        return _earned(plan, first, last)


def _earned(plan: CompensationPlan, first: date, last: date) -> list[dict[str, Any]]:
    numbers = [
        each.number for each in pay_periods(first, last, plan.calendar, plan.fiscal_year_starts)
    ]
    rows = (
        Posting.objects.filter(
            plan=plan, account=Account.PAYABLE, earned_period__number__in=numbers
        )
        .exclude(kind__in=NOT_EARNED)
        .values("payee__name", "earned_period__label", "earned_period__number", "currency")
        .annotate(sum=Sum("amount"))
        .order_by("payee__name", "earned_period__number")
    )
    return [
        {
            "payee": row["payee__name"],
            "period": row["earned_period__label"],
            "amount": f"{-row['sum']:.2f}",
            "currency": row["currency"],
        }
        for row in rows
    ]
