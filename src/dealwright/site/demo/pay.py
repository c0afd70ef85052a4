"""Half a year of pay: months that are closed, one in approval, one open, a question."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.utils import timezone

from dealwright.base.access.actor import Actor, system
from dealwright.base.people.models import Profile, User
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.disputes.services import open_dispute, propose_adjustment
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.periods.services import (
    approve_period,
    close_period,
    open_period,
    submit_period,
)
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.services import activate_version, assign_payee, create_plan
from dealwright.compensation.quotas.services import set_quota

MONTHS = 6
PLAN = """
plan: field-sales
currency: USD
calendar: month
components:
  - tiered: {id: commission, quota: bookings, bands: [[0, 5%], [100%, 7%]]}
clawback: {trigger: termination, schedule: [[3, 100%], [12, 50%]]}
"""


def make_plan(robot: Actor, reps: Sequence[User]) -> None:
    """The plan, the reps on it, and what each is to sell in a month."""
    start, end = _first_of(MONTHS - 1), date(timezone.localdate().year + 1, 12, 31)
    version = create_plan(robot, PLAN)
    activate_version(robot, version.pk, start)
    for rep in reps:
        assign_payee(robot, version.plan_id, rep, start)
        set_quota(robot, rep, "bookings", Decimal(30000), starts_on=start, ends_on=end, per="month")


def go_through_months(people: Sequence[User]) -> None:
    """Finance calculates and submits each month, the administrator approves and closes it;
    the last one waits for approval and a rep asks about pay."""
    admin = Actor(user=people[0], via="cli")
    finance = Actor(user=next(u for u in people if u.profile == Profile.FINANCE), via="cli")
    plan = CompensationPlan.objects.get()
    months = [open_period(finance, plan, _first_of(back)) for back in range(MONTHS - 1, -1, -1)]
    for month in months:
        calculate_period(system("Demo"), month.pk)
    for month in months[:-1]:
        submit_period(finance, month.pk)
    for month in months[:-2]:
        approve_period(admin, month.pk)
        close_period(admin, month.pk)
    _ask(people, finance, plan, months[-1])


def _ask(people: Sequence[User], finance: Actor, plan: CompensationPlan, month: PayPeriod) -> None:
    rep = next(user for user in people if user.profile == Profile.REP)
    open_dispute(
        Actor(user=rep, via="cli"),
        payee_id=rep.pk,
        period_id=month.pk,
        plan_id=plan.pk,
        component="commission",
        body="I helped with Halcyon as well. Should I not be in its split?",
    )
    propose_adjustment(
        finance,
        payee_id=rep.pk,
        period_id=month.pk,
        plan_id=plan.pk,
        component="commission",
        amount=Decimal("150.00"),
        reason="Trade fair on a Sunday, as agreed",
    )


def _first_of(months_back: int) -> date:
    today = timezone.localdate()
    year, month = divmod(today.year * 12 + today.month - 1 - months_back, 12)
    return date(year, month + 1, 1)
