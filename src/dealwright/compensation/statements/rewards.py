"""Rewards on statements: how many of what, and their taxable value; never part of a total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from dealwright.base.people.models import User
from dealwright.compensation.calculation.models import RunLine
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import CompensationPlan


@dataclass(frozen=True, slots=True)
class RewardPart:
    """``quantity`` of ``unit`` on a statement; ``taxable`` is in the plan's currency."""

    quantity: Decimal
    unit: str
    taxable: Decimal

    @property
    def text(self) -> str:
        """As it is read: ``150 points``."""
        return f"{self.quantity:,.0f} {self.unit}"


def rewards_on_statement(
    plan: CompensationPlan,
    definition: Plan,
    payee: User,
    period: PayPeriod,
    as_of: datetime | None = None,
) -> Mapping[str, RewardPart]:
    """Component -> what it gives in a period, for the components that give rewards; as known at
    a moment (now)."""
    if not definition.rewards:
        return {}
    own = {"plan": plan, "payee": payee, "posted_period": period}
    lines = RunLine.objects.filter(**own, component__in=definition.rewards)
    postings = Posting.objects.filter(**own, account=Account.POINTS)
    if as_of is not None:
        lines = lines.filter(run__created_at__lte=as_of)
        postings = postings.filter(created_at__lte=as_of)
    quantities = dict(lines.values_list("component").annotate(sum=Sum(F("sign") * F("payout"))))
    taxable = dict(postings.values_list("component").annotate(sum=-Sum("amount")))
    return {
        each.id: RewardPart(
            quantities.get(each.id, Decimal(0)),
            each.reward.unit,
            taxable.get(each.id, Decimal(0)),
        )
        for each in definition.components
        if each.reward is not None
    }
