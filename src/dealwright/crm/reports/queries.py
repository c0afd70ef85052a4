"""Figures over deals: win rate, pipeline, funnel. Everything counts what the actor may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, DateField, DurationField, ExpressionWrapper, F, Max, Q, Sum
from django.db.models.functions import Cast, Coalesce

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import visible_records
from dealwright.base.errors import Invalid
from dealwright.crm.opportunities.models import Stage, StageCategory, StageHistory

Tree = dict[str, Any]
WON, LOST, OPEN = Q(status="won"), Q(status="lost"), Q(status="open")

# Grouping key -> (columns, label column, filter field of the list it opens)
GROUPINGS: Mapping[str, tuple[str, str, str]] = {
    "agent": ("owner_id", "owner__name", "owner"),
    "region": ("owner__region", "owner__region", "owner_region"),
    "product": ("product_id", "product__name", "product"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """Days that count, both ends included; None leaves an end open."""

    start: date | None = None
    end: date | None = None

    def condition(self, column: str) -> Q:
        condition = Q()
        if self.start:
            condition &= Q(**{f"{column}__gte": self.start})
        if self.end:
            condition &= Q(**{f"{column}__lte": self.end})
        return condition

    def trees(self, key: str) -> list[Tree]:
        """The same as conditions of a filter tree."""
        found: list[Tree] = []
        if self.start:
            found.append({"field": key, "op": "gte", "value": self.start.isoformat()})
        if self.end:
            found.append({"field": key, "op": "lte", "value": self.end.isoformat()})
        return found


@dataclass(frozen=True, slots=True)
class WinRate:
    """One row: deals closed in the period. ``rate`` is won over closed; ``amounts`` the won
    money by currency. The trees open the list of what each number counts."""

    label: str
    won: int
    lost: int
    amounts: Mapping[str, Decimal]
    won_tree: Tree
    lost_tree: Tree
    closed_tree: Tree

    @property
    def closed(self) -> int:
        return self.won + self.lost

    @property
    def rate(self) -> Decimal | None:
        return Decimal(self.won) / self.closed if self.closed else None


def win_rates(actor: Actor, *, by: str, period: Period) -> list[WinRate]:
    """Win rate per agent, region or product, most deals first; one statement. Raises Invalid
    for another grouping."""
    if by not in GROUPINGS:
        sentence = f"Group by one of {', '.join(GROUPINGS)}."
        raise Invalid(sentence, fields={"by": [sentence]})
    key_column, label_column, field_key = GROUPINGS[by]
    rows = (
        visible_records(actor, "opportunity")
        .filter(period.condition("close_date"), status__in=("won", "lost"))
        .order_by()
        .values("currency", group=F(key_column), label=F(label_column))
        .annotate(
            won=Count("id", filter=WON), lost=Count("id", filter=LOST),
            amount=Sum("amount", filter=WON),
        )
    )  # fmt: skip
    merged: dict[Any, dict[str, Any]] = {}
    for row in rows:
        key = row["group"] or None
        known = merged.setdefault(
            key, {"label": row["label"] or "", "won": 0, "lost": 0, "amounts": {}}
        )
        known["won"] += row["won"]
        known["lost"] += row["lost"]
        if row["amount"]:
            sums = known["amounts"]
            sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["amount"]
    found = [_win_rate(row, _group_tree(field_key, key), period) for key, row in merged.items()]
    return sorted(found, key=lambda each: (-each.closed, each.label))


def total_win_rate(rates: Sequence[WinRate], period: Period) -> WinRate:
    """The sum of all rows."""
    amounts: dict[str, Decimal] = {}
    for each in rates:
        for currency, amount in each.amounts.items():
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    row = {
        "label": "",
        "won": sum(each.won for each in rates),
        "lost": sum(each.lost for each in rates),
        "amounts": amounts,
    }
    return _win_rate(row, None, period)


def _win_rate(row: Mapping[str, Any], group: Tree | None, period: Period) -> WinRate:
    def tree(condition: Tree) -> Tree:
        parts = [*([group] if group else []), condition, *period.trees("close_date")]
        return {"all": parts}

    return WinRate(
        label=row["label"],
        won=row["won"],
        lost=row["lost"],
        amounts=row["amounts"],
        won_tree=tree({"field": "status", "op": "is", "value": "won"}),
        lost_tree=tree({"field": "status", "op": "is", "value": "lost"}),
        closed_tree=tree({"field": "status", "op": "in", "value": ["won", "lost"]}),
    )


def _group_tree(field_key: str, key: Any) -> Tree:
    if key is None:
        return {"field": field_key, "op": "empty"}
    return {"field": field_key, "op": "is", "value": str(key)}


@dataclass(frozen=True, slots=True)
class StageSum:
    """One open stage: how many deals, what they are worth and what they are worth weighted."""

    stage: str
    pipeline: str
    currency: str
    count: int
    amount: Decimal
    weighted: Decimal
    tree: Tree


def pipeline_by_stage(actor: Actor) -> list[StageSum]:
    """The open pipeline by stage and currency, in the order of the stages; one statement."""
    rows = (
        visible_records(actor, "opportunity")
        .filter(OPEN)
        .order_by()
        .values(
            "stage_id", "stage__name", "stage__position", "pipeline__name", "pipeline__position",
            "currency",
        )
        .annotate(count=Count("id"), worth=Sum("amount"), weighted=Sum("expected_revenue"))
    )  # fmt: skip
    ordered = sorted(
        rows,
        key=lambda row: (row["pipeline__position"], row["pipeline__name"], row["stage__position"]),
    )
    return [
        StageSum(
            stage=row["stage__name"],
            pipeline=row["pipeline__name"],
            currency=row["currency"],
            count=row["count"],
            amount=row["worth"] or Decimal(0),
            weighted=row["weighted"] or Decimal(0),
            tree={
                "all": [
                    {"field": "stage", "op": "is", "value": str(row["stage_id"])},
                    {"field": "currency", "op": "is", "value": row["currency"]},
                ]
            },
        )
        for row in ordered
    ]


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """How many deals came at least as far as a stage, and how many days they stayed on average."""

    stage: str
    count: int
    days: float | None


@dataclass(frozen=True, slots=True)
class Velocity:
    """How fast money comes in: deals times win rate times mean size over mean days."""

    deals: int
    win_rate: Decimal | None
    mean_amount: Decimal | None
    mean_days: float | None
    per_day: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """The way of the deals that began in a period."""

    steps: Sequence[FunnelStep]
    velocities: Sequence[Velocity] = field(default=())


def funnel(actor: Actor, *, pipeline_id: Any, period: Period) -> Funnel:
    """How far the deals of a pipeline came that began in the period; four statements.

    A deal begins on the day it was engaged, else the day it was made. A won deal came through
    every open stage, whether or not it rested in each.
    """
    deals = _begun(actor, pipeline_id, period)
    stages = list(
        Stage.objects.filter(pipeline=pipeline_id, archived_at__isnull=True).order_by("position")
    )
    open_stages = [stage for stage in stages if stage.category == StageCategory.OPEN]
    reached: dict[int, int] = {}
    won = 0
    for row in _furthest(deals):
        if row["status"] == StageCategory.WON:
            won += 1
        else:
            position = row["position"] or (open_stages[0].position if open_stages else 0)
            reached[position] = reached.get(position, 0) + 1
    days = _days_in_stages(deals)
    steps = [
        FunnelStep(
            stage.name,
            won + sum(count for position, count in reached.items() if position >= stage.position),
            days.get(stage.pk),
        )
        for stage in open_stages
    ]
    steps.append(FunnelStep("Won", won, None))
    return Funnel(steps, _velocities(deals))


def _begun(actor: Actor, pipeline_id: Any, period: Period) -> Any:
    began = Coalesce(F("engaged_on"), Cast("created_at", DateField()))
    deals = visible_records(actor, "opportunity").filter(pipeline=pipeline_id).annotate(began=began)
    return deals.filter(period.condition("began"))


def _furthest(deals: Any) -> Any:
    """Of each deal the last open stage it came to, by position."""
    return (
        deals.order_by()
        .values("status", "id")
        .annotate(
            position=Max(
                "stage_history__to_stage__position",
                filter=Q(stage_history__to_stage__category=StageCategory.OPEN),
            )
        )
    )


def deals_of_step(
    actor: Actor, *, pipeline_id: Any, period: Period, step: int, limit: int = 100
) -> Sequence[Mapping[str, Any]]:
    """The deals that a step of the funnel counts, the largest first; ``step`` counts from 0 and
    the one after the last open stage is "Won"."""
    deals = _begun(actor, pipeline_id, period)
    positions = list(
        Stage.objects.filter(
            pipeline=pipeline_id, archived_at__isnull=True, category=StageCategory.OPEN
        )
        .order_by("position")
        .values_list("position", flat=True)
    )
    if step >= len(positions):
        deals = deals.filter(WON)
    elif step > 0:
        came = _furthest(deals).filter(position__gte=positions[step]).values("id")
        deals = deals.filter(WON | Q(pk__in=came))
    return list(
        deals.order_by(F("amount").desc(nulls_last=True), "id").values(
            "id", "name", "stage__name", "amount", "currency", "began"
        )[:limit]
    )


def _days_in_stages(deals: Any) -> dict[Any, float]:
    """Mean days between entering a stage and leaving it, of stays that are over."""
    from django.db.models import Window
    from django.db.models.functions import Lead as NextRow

    moves = StageHistory.objects.filter(opportunity__in=deals.values("pk")).annotate(
        left=Window(
            NextRow("at"),
            partition_by=[F("opportunity_id")],
            order_by=[F("at").asc(), F("id").asc()],
        )
    )
    spent: dict[Any, list[float]] = {}
    for stage_id, at, left in moves.values_list("to_stage_id", "at", "left"):
        if left is not None:
            spent.setdefault(stage_id, []).append((left - at).total_seconds() / 86_400)
    return {stage_id: sum(each) / len(each) for stage_id, each in spent.items()}


def _velocities(deals: Any) -> list[Velocity]:
    length = ExpressionWrapper(F("close_date") - F("began"), output_field=DurationField())
    rows = (
        deals.order_by()
        .values("currency")
        .annotate(
            count=Count("id"),
            won=Count("id", filter=WON),
            lost=Count("id", filter=LOST),
            mean=Avg("amount", filter=WON),
            length=Avg(length, filter=WON & Q(close_date__gte=F("began"))),
        )
        .order_by("-count")
    )
    found = []
    for row in rows:
        closed = row["won"] + row["lost"]
        rate = Decimal(row["won"]) / closed if closed else None
        days = row["length"].total_seconds() / 86_400 if row["length"] else None
        per_day = None
        if rate is not None and row["mean"] is not None and days:
            per_day = row["count"] * rate * row["mean"] / Decimal(str(days))
        found.append(Velocity(row["count"], rate, row["mean"], days, per_day, row["currency"]))
    return found
