"""One's own pay of the newest periods, on the home page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum

from dealwright.base.people.models import User
from dealwright.base.web.home import Card
from dealwright.compensation.ledger.models import Account, Posting
from dealwright.compensation.plans.models import PlanAssignment

SHOWN = 3


def my_pay(user: User) -> Mapping[str, Any] | None:
    """What the newest statements of the person come to, as the statements say it; None for
    who is on no plan."""
    if not PlanAssignment.objects.filter(user=user).exists():
        return None
    rows = (
        Posting.objects.filter(payee=user, account=Account.PAYABLE)
        .exclude(kind=Posting.Kind.PAYMENT)
        .values("posted_period_id", "currency")
        .annotate(
            sum=Sum("amount"),
            label=F("posted_period__label"),
            closed_at=F("posted_period__closed_at"),
        )
        .order_by("-posted_period__starts_on", "currency")[: SHOWN * 2]
    )
    periods: dict[Any, dict[str, Any]] = {}
    totals: dict[Any, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        periods.setdefault(row["posted_period_id"], dict(row))
        totals[row["posted_period_id"]][row["currency"]] = -row["sum"]
    return {
        "payee": user.pk,
        "statements": [
            row | {"id": key, "totals": totals[key].items()}
            for key, row in list(periods.items())[:SHOWN]
        ],
    }


PAY_CARD = Card(
    key="pay",
    label="My pay",
    template="compensation/statements/card.html",
    query=my_pay,
    url="/compensation",
    position=25,
)
