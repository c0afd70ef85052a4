"""The forecast: open deals of a period by category, per person, rolled up along the role tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Count, Q, Sum

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.people.models import User

CATEGORIES = (
    ("closed", "Won"),
    ("commit", "Commit"),
    ("best_case", "Best case"),
    ("pipeline", "Pipeline"),
)
ZERO = Decimal(0)


@dataclass(slots=True)
class Line:
    """One person's forecast: amounts and numbers of deals per category, and what is weighed by
    probability. ``closed`` and ``commit`` are what is counted on."""

    user_id: object
    name: str
    amounts: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    deals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    weighted: Decimal = ZERO

    @property
    def expected(self) -> Decimal:
        return self.amounts["closed"] + self.amounts["commit"]


@dataclass(frozen=True, slots=True)
class Forecast:
    since: date
    until: date
    currency: str
    lines: Sequence[Line]
    total: Line


def forecast(actor: Actor, since: date, until: date, *, currency: str) -> Forecast:
    """Deals that the actor may see and that close in the period; their lines sum to the total.

    Won deals count by the day they were won, open ones by their expected day, lost and
    omitted ones not at all.
    """
    rows = (
        visible_records(actor, "opportunity")
        .filter(currency=currency)
        .filter(
            Q(status="won", closed_at__date__gte=since, closed_at__date__lte=until)
            | Q(status="open", close_date__gte=since, close_date__lte=until)
        )
        .exclude(forecast_category="omitted")
        .values("owner_id", "forecast_category", "status")
        .annotate(amount=Sum("amount"), weighted=Sum("expected_revenue"), deals=Count("id"))
    )
    names = dict(User.objects.values_list("pk", "name"))
    lines: dict[object, Line] = {}
    total = Line(None, "All")
    for row in rows:
        owner = row["owner_id"]
        line = lines.setdefault(owner, Line(owner, names.get(owner, "Nobody")))
        category = "closed" if row["status"] == "won" else row["forecast_category"]
        for each in (line, total):
            each.amounts[category] += row["amount"] or ZERO
            each.deals[category] += row["deals"]
            each.weighted += row["weighted"] or ZERO
    ordered = sorted(lines.values(), key=lambda line: (-line.expected, line.name))
    return Forecast(since, until, currency, ordered, total)
