"""What can be asked of kept simulations, and whether a deal's estimate may be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import as_uuid
from dealwright.base.errors import NotFound
from dealwright.base.people.models import User
from dealwright.compensation.access import manages_pay, payee_ids
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.english import clause_of
from dealwright.compensation.plans.models import CompensationPlan, PlanAssignment
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.simulation.comparison import (
    PERCENTILES,
    Bin,
    Compared,
    histogram,
    percentile,
)
from dealwright.compensation.simulation.models import (
    Backtest,
    BacktestPay,
    Forecast,
    ForecastFigure,
    ForecastShare,
)
from dealwright.crm.models import Opportunity
from dealwright.crm.opportunities.team import splits_of

AT_ONCE = 50
MOST_SHARES = 100


@dataclass(frozen=True, slots=True)
class PayeeDifference(Compared):
    """What a payee gets under both texts."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Summary:
    """A backtest as a page shows it. ``percentiles`` are (percent, before, after,
    difference) over the payees."""

    payees: Sequence[PayeeDifference]
    components: Sequence[Compared]
    periods: Sequence[Compared]
    bins: Sequence[Bin]
    percentiles: Sequence[tuple[int, Decimal, Decimal, Decimal]]

    @property
    def winners(self) -> Sequence[PayeeDifference]:
        return [each for each in self.payees if each.difference > 0]

    @property
    def losers(self) -> Sequence[PayeeDifference]:
        """The greatest loser first."""
        return [each for each in reversed(self.payees) if each.difference < 0]

    @property
    def won(self) -> Decimal:
        return sum((each.difference for each in self.winners), Decimal(0))

    @property
    def lost(self) -> Decimal:
        return sum((each.difference for each in self.losers), Decimal(0))


def _run_by(actor: Actor) -> bool:
    return actor.is_system or manages_pay(actor.user)


def visible_backtests(actor: Actor) -> QuerySet[Backtest]:
    """All of them for finance and administrators, none for others."""
    rows = Backtest.objects.select_related("plan", "created_by")
    return rows if _run_by(actor) else rows.none()


def list_backtests(actor: Actor, plan_id: Any = None) -> Sequence[Backtest]:
    """The latest, of a plan or of all."""
    rows = visible_backtests(actor).defer("text", "base_text").order_by("-id")
    return list((rows.filter(plan_id=plan_id) if plan_id else rows)[:AT_ONCE])


def get_backtest(actor: Actor, backtest_id: Any) -> Backtest:
    """Raises NotFound alike for absent and hidden."""
    found = visible_backtests(actor).filter(pk=as_uuid(backtest_id)).first()
    if found is None:
        raise NotFound("This backtest does not exist, or you may not see it.")
    return found


def summary(backtest: Backtest) -> Summary:
    """Payees from the greatest winner to the greatest loser, components, periods, spread."""
    sums: dict[str, Any] = {"was": Sum("before"), "would": Sum("after")}
    rows: Any = backtest.pay
    payees = sorted(
        (
            PayeeDifference(row["payee__name"], row["was"], row["would"], row["payee_id"])
            for row in rows.values("payee_id", "payee__name").annotate(**sums)
        ),
        key=lambda each: (-each.difference, each.name),
    )
    label = component_labels(backtest)
    components = [
        Compared(label(row["component"]), row["was"], row["would"])
        for row in rows.values("component").annotate(**sums).order_by("component")
    ]
    periods = [
        Compared(row["period"], row["was"], row["would"])
        for row in rows.values("number", "period").annotate(**sums).order_by("number")
    ]
    before, after = [each.before for each in payees], [each.after for each in payees]
    differences = [each.difference for each in payees]
    return Summary(
        payees,
        components,
        periods,
        histogram(before, after, most=min(max(len(payees) // 2, 4), 12)),
        [
            (each, percentile(before, each), percentile(after, each), percentile(differences, each))
            for each in PERCENTILES
        ],
    )


def component_labels(backtest: Backtest) -> Any:
    """A component's name in the plan that was tried, else in the other."""
    plans: list[Plan] = [read_plan(backtest.text)]
    if backtest.base_text:
        plans.append(read_plan(backtest.base_text))
    else:
        plans += [
            read_plan(each.text)
            for each in backtest.plan.versions.filter(activated_at__isnull=False)
        ]

    def label(name: str) -> str:
        for plan in plans:
            clause = clause_of(plan, name)
            if clause is not None and clause.title:
                return clause.title
        return name.replace("_", " ")

    return label


def pay_of(backtest: Backtest, payee_id: Any) -> tuple[User, Sequence[BacktestPay]]:
    """A payee's rows; raises NotFound where the backtest has none."""
    rows = list(
        backtest.pay.filter(payee_id=as_uuid(payee_id))
        .select_related("payee")
        .order_by("number", "component")
    )
    if not rows:
        raise NotFound("This payee has no pay in this backtest.")
    return rows[0].payee, rows


def visible_forecasts(actor: Actor) -> QuerySet[Forecast]:
    """All of them for finance and administrators, none for others."""
    rows = Forecast.objects.select_related("created_by")
    return rows if _run_by(actor) else rows.none()


def list_forecasts(actor: Actor) -> Sequence[Forecast]:
    return list(visible_forecasts(actor).order_by("-id")[:AT_ONCE])


def get_forecast(actor: Actor, forecast_id: Any) -> Forecast:
    """Raises NotFound alike for absent and hidden."""
    found = visible_forecasts(actor).filter(pk=as_uuid(forecast_id)).first()
    if found is None:
        raise NotFound("This forecast does not exist, or you may not see it.")
    return found


def totals_of(forecast: Forecast) -> Sequence[ForecastFigure]:
    """Of all periods and plans, by currency."""
    return list(forecast.figures.filter(plan=None, payee=None, period="").order_by("currency"))


def periods_of(forecast: Forecast) -> Sequence[ForecastFigure]:
    """Of all plans, by currency and period."""
    rows = forecast.figures.filter(plan=None, payee=None).exclude(period="")
    return list(rows.order_by("currency", "starts_on", "period"))


def breakdown(
    forecast: Forecast, *, period: str = "", plan_id: UUID | None = None
) -> Sequence[ForecastFigure]:
    """What makes a figure: the plans of a period (or of all), or the payees of a plan."""
    rows = forecast.figures.filter(period=period).select_related("plan", "payee")
    if plan_id is None:
        rows = rows.filter(plan__isnull=False, payee=None)
    else:
        rows = rows.filter(plan_id=plan_id, payee__isnull=False)
    return list(rows.order_by("-expected", "plan__name", "payee__name"))


def shares_of(
    forecast: Forecast,
    *,
    period: str = "",
    plan_id: UUID | None = None,
    payee_id: UUID | None = None,
) -> tuple[Sequence[Mapping[str, Any]], int]:
    """The deals that make a figure, the greatest first, and how many there are; what no deal
    alone makes has no title."""
    rows = forecast.shares.all()
    for name, value in (("period", period), ("plan_id", plan_id), ("payee_id", payee_id)):
        if value:
            rows = rows.filter(**{name: value})
    names = ("opportunity_id", "title", "amount", "currency", "probability", "closes_on")
    found = rows.values(*names, "plan__currency").annotate(sum=Sum("expected"))
    return list(found.order_by("-sum", "title")[:MOST_SHARES]), found.count()


def figure_of(
    forecast: Forecast,
    *,
    period: str = "",
    plan_id: UUID | None = None,
    payee_id: UUID | None = None,
) -> Sequence[ForecastFigure]:
    """The figure itself, by currency; raises NotFound where there is none."""
    rows = forecast.figures.filter(period=period, plan_id=plan_id, payee_id=payee_id)
    found = list(rows.select_related("plan", "payee").order_by("currency"))
    if not found and (period or plan_id or payee_id):
        raise NotFound("This forecast has no such figure.")
    return found


def estimate_panel(user: User, record_id: UUID) -> Mapping[str, Any] | None:
    """The panel on an open deal; left out where the viewer may see the pay of nobody whom the
    deal could pay."""
    opportunity = Opportunity.objects.filter(pk=record_id, status="open").first()
    if opportunity is None:
        return None
    payees, _ = splits_of(opportunity)
    visible = payee_ids(Actor(user=user, via="web"))
    today = timezone.localdate()
    assigned = PlanAssignment.objects.filter(
        starts_on__lte=today, plan__archived_at__isnull=True
    ).exclude(ends_on__lt=today)
    # A manager is asked for as well: whoever stands above a payee sees that payee's pay.
    if visible is not None:
        assigned = assigned.filter(user_id__in=visible)
        if not visible & set(payees) and user.pk not in payees:
            return None
    if not assigned.exists():
        return None
    return {"record_id": record_id}


def plan_choices(actor: Actor) -> Sequence[CompensationPlan]:
    """The plans that can be tried."""
    if not _run_by(actor):
        return []
    return list(CompensationPlan.objects.filter(archived_at__isnull=True).order_by("name"))


def exported_shares(forecast: Forecast) -> QuerySet[ForecastShare]:
    """Every deal of every payee, plan and period."""
    return forecast.shares.select_related("plan", "payee").order_by(
        "starts_on", "plan__name", "payee__name", "-expected"
    )
