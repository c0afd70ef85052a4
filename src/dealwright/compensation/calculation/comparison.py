"""Two calculations side by side: what the one knew and what the other knew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.calculation.models import CalculationRun
from dealwright.compensation.plans.reading import read_plan

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """What a component came to for a payee and period after the one run and after the other."""

    payee_id: UUID
    payee: str
    period_id: UUID
    period: str
    component: str
    before: Decimal
    after: Decimal

    @property
    def delta(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """``before`` and ``after`` are runs in the order of time; ``rows`` the largest differences,
    ``count`` and ``delta`` of all; ``between`` the runs after the first up to the second."""

    before: CalculationRun
    after: CalculationRun
    rows: Sequence[Difference]
    count: int
    delta: Decimal
    between: Sequence[CalculationRun]

    @property
    def same(self) -> Sequence[tuple[str, bool]]:
        """Which of the things that make a result are equal."""
        names = (
            ("Plan", "plan_hash"),
            ("Input", "input_hash"),
            ("Engine", "engine"),
            ("Result", "result_hash"),
        )
        return [
            (label, getattr(self.before, name) == getattr(self.after, name))
            for label, name in names
        ]


def get_run(actor: Actor, run_id: Any) -> CalculationRun:
    """A calculation, for those who manage pay; raises NotFound."""
    require_pay_manager(actor)
    found = (
        CalculationRun.objects.select_related("version__plan", "created_by")
        .filter(pk=run_id)
        .first()
    )
    if found is None:
        raise NotFound("This calculation does not exist.")
    return found


_COMPARE = """
with one as (
    select payee_id, earned_period_id, component, sum(sign * payout) as amount
      from compensation_runline where plan_id = %(one_plan)s and run_id <= %(one)s
     group by 1, 2, 3),
two as (
    select payee_id, earned_period_id, component, sum(sign * payout) as amount
      from compensation_runline where plan_id = %(two_plan)s and run_id <= %(two)s
     group by 1, 2, 3),
differing as (
    select coalesce(one.payee_id, two.payee_id) as payee_id,
           coalesce(one.earned_period_id, two.earned_period_id) as period_id,
           coalesce(one.component, two.component) as component,
           coalesce(one.amount, 0) as before, coalesce(two.amount, 0) as after
      from one full join two on one.payee_id = two.payee_id
       and one.earned_period_id = two.earned_period_id and one.component = two.component
     where coalesce(one.amount, 0) <> coalesce(two.amount, 0)
       and coalesce(one.component, two.component) <> all(%(without)s)),
totals as (select count(*) as number, sum(after - before) as delta from differing)
select payee.id, payee.name, period.id, period.label, differing.component,
       differing.before, differing.after, totals.number, totals.delta
  from differing cross join totals
  join base_user payee on payee.id = differing.payee_id
  join compensation_payperiod period on period.id = differing.period_id
 order by abs(differing.after - differing.before) desc, payee.name, period.number,
          differing.component
 limit %(most)s
"""


def compare_runs(actor: Actor, run_id: Any, other_id: Any) -> Comparison:
    """What is different between what was true after one run and after another, in whatever
    order they are named: of one plan the lines that came and went between them, of two plans
    what each paid. Raises NotFound, or Invalid for two currencies."""
    before, after = sorted((get_run(actor, run_id), get_run(actor, other_id)), key=lambda r: r.pk)
    if before.currency != after.currency:
        raise Invalid(
            f"One pays in {before.currency}, the other in {after.currency}: they do not compare."
        )
    rewards = {name for run in (before, after) for name in read_plan(run.version.text).rewards}
    with connection.cursor() as cursor:
        cursor.execute(
            _COMPARE,
            {
                "one_plan": before.version.plan_id,
                "one": before.pk,
                "two_plan": after.version.plan_id,
                "two": after.pk,
                "without": list(rewards),
                "most": MOST_ROWS,
            },
        )
        found = cursor.fetchall()
    between = CalculationRun.objects.filter(
        version__plan_id=after.version.plan_id, pk__gt=before.pk, pk__lte=after.pk
    ).select_related("created_by")
    return Comparison(
        before,
        after,
        [Difference(*row[:7]) for row in found],
        found[0][7] if found else 0,
        found[0][8] if found else Decimal(0),
        list(between.order_by("-pk")[:50]),
    )


def runs_to_compare(run: CalculationRun, limit: int = 50) -> Sequence[CalculationRun]:
    """Other runs of the same plan, the newest first."""
    return list(
        CalculationRun.objects.filter(version__plan_id=run.version.plan_id)
        .exclude(pk=run.pk)
        .order_by("-pk")[:limit]
    )
