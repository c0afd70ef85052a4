"""Forecasting the commission of the pipeline: asked for, calculated, kept."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from dealwright.base.access.actor import Actor, change
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.exchange_rates import rate_on
from dealwright.compensation.access import require_pay_manager
from dealwright.compensation.calculation.services import carries_over, needs_everybody
from dealwright.compensation.calculation.snapshot import (
    PossibleEvent,
    add_possible,
    take_snapshot,
)
from dealwright.compensation.engine.periods import period_at, year_at
from dealwright.compensation.engine.results import ENGINE_VERSION
from dealwright.compensation.engine.scenarios import reads_keys
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.simulation.deals import possible_booking, withdrawn_bookings
from dealwright.compensation.simulation.forecasting import (
    DRAWS,
    Chance,
    Collected,
    Figure,
    Part,
    draw_outcomes,
)
from dealwright.compensation.simulation.models import Forecast, ForecastFigure, ForecastShare
from dealwright.compensation.simulation.services import Watch, one_moment
from dealwright.crm.models import Opportunity

MOST_DAYS = 2 * 366
MOST_SEED = 2_147_483_647
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class OpenDeal:
    """An open deal as a booking that may happen."""

    opportunity: Opportunity
    event: PossibleEvent

    @property
    def probability(self) -> Decimal:
        return Decimal(self.opportunity.probability)


def create_forecast(
    actor: Actor, *, ends_on: date, seed: int, draws: int = 500, as_of: date | None = None
) -> Forecast:
    """Note that the pipeline's commission shall be forecast up to a day; ``calculate_forecast``
    does it. Raises Invalid."""
    require_pay_manager(actor)
    as_of = as_of or timezone.localdate()
    wrong: dict[str, list[str]] = {}
    if not as_of <= ends_on or (ends_on - as_of).days > MOST_DAYS:
        wrong["ends_on"] = ["Choose a day from today on, at most two years ahead."]
    if draws not in DRAWS:
        wrong["draws"] = [f"Draw {', '.join(map(str, DRAWS[:-1]))} or {DRAWS[-1]} times."]
    if not 0 <= seed <= MOST_SEED:
        wrong["seed"] = [f"The seed is a whole number from 0 to {MOST_SEED}."]
    if wrong:
        raise Invalid(" ".join(said for row in wrong.values() for said in row), fields=wrong)
    with change(actor):
        forecast: Forecast = Forecast.objects.create(
            as_of=as_of, ends_on=ends_on, seed=seed, draws=draws, created_by=actor.user
        )
        return forecast


def calculate_forecast(actor: Actor, forecast_id: Any, watch: Watch | None = None) -> Forecast:
    """Draw the outcomes and keep what they cost; nothing is posted."""
    require_pay_manager(actor)
    forecast: Forecast | None = Forecast.objects.filter(pk=forecast_id).first()
    if forecast is None:
        raise NotFound("This forecast does not exist.")
    deals, left_out = open_deals(forecast.as_of, forecast.ends_on)
    texts = _texts(forecast)
    used: list[dict[str, Any]] = []
    hashes: list[str] = []
    with Collected(forecast.draws) as collected:
        for place, (version, plan) in enumerate(texts):
            hashes.append(
                _collect(
                    forecast, collected, version, plan, deals, left_out, (place, len(texts)), watch
                )
            )
            used.append(
                {
                    "plan_id": str(version.plan_id),
                    "plan": version.plan.name,
                    "version": version.number,
                    "hash": version.hash,
                }
            )
        figures, parts = collected.figures(), collected.parts()
    with change(actor):
        forecast.figures.all().delete()
        forecast.shares.all().delete()
        _keep_figures(forecast, figures)
        _keep_shares(forecast, figures, parts, {each.event.key: each for each in deals})
        forecast.plans = used
        forecast.left_out = list({each["id"] + each["why"]: each for each in left_out}.values())
        forecast.deal_count = len(deals)
        forecast.input_hash = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
        forecast.engine = f"duckdb {ENGINE_VERSION}"
        forecast.finished_at = timezone.now()
        forecast.save()
    return forecast


def open_deals(as_of: date, until: date) -> tuple[list[OpenDeal], list[dict[str, str]]]:
    """Open deals that may be won by a day, each on its close date or, where that has passed,
    on ``as_of``; and those that cannot be counted, with the reason."""
    rows = list(
        Opportunity.objects.filter(status="open")
        .select_related("account", "product", "owner")
        .prefetch_related("team_members")
        .order_by("pk")
    )
    before = withdrawn_bookings(rows)
    deals: list[OpenDeal] = []
    left_out: list[dict[str, str]] = []
    for row in rows:
        why = _why_not(row)
        if why:
            left_out.append({"id": str(row.pk), "name": row.name, "why": why})
            continue
        assert row.close_date is not None
        on = max(row.close_date, as_of)
        if on > until:
            continue
        event = possible_booking(row, on)
        earlier = before.get(event.key)
        if earlier is not None:
            event = replace(event, attributes={**earlier.attributes, **event.attributes})
        deals.append(OpenDeal(row, event))
    return deals, left_out


def _why_not(row: Opportunity) -> str:
    if row.forecast_category == "omitted":
        return "It is omitted from forecasts."
    if row.close_date is None:
        return "It has no close date."
    if not row.amount:
        return "It has no amount."
    return ""


def _texts(forecast: Forecast) -> list[tuple[PlanVersion, Plan]]:
    """The versions that pay from the forecast's day to its end."""
    found = []
    for plan in CompensationPlan.objects.filter(archived_at__isnull=True).order_by("name"):
        versions = plan.versions.filter(activated_at__isnull=False, starts_on__lte=forecast.ends_on)
        found += [
            (version, read_plan(version.text))
            for version in versions.order_by("starts_on")
            if version.ends_on is None or version.ends_on >= forecast.as_of
        ]
    return found


def _collect(
    forecast: Forecast,
    collected: Collected,
    version: PlanVersion,
    plan: Plan,
    deals: Sequence[OpenDeal],
    left_out: list[dict[str, str]],
    place: tuple[int, int],
    watch: Watch | None,
) -> str:
    """One version's pay in all draws; returns the hash of what was read."""
    row = version.plan
    assert version.starts_on is not None
    calendar, fiscal = row.calendar, row.fiscal_year_starts
    since = max(version.starts_on, period_at(forecast.as_of, calendar, fiscal).start)
    begins = (plan.effective or version.starts_on) if carries_over(plan) else since
    first = year_at(min(begins, since), calendar, fiscal).start
    last = period_at(forecast.ends_on, calendar, fiscal).end
    last = min(last, version.ends_on or last)
    with one_moment():
        snapshot = take_snapshot(row, plan, None, first=first, last=last)
    there = {each["event_id"] for each in snapshot.tables["events"]}
    chosen = []
    for each in deals:
        if each.event.date > last or each.event.key in there:
            continue
        why = _no_rate(each.event, plan)
        if why:
            left_out.append(
                {"id": str(each.opportunity.pk), "name": each.opportunity.name, "why": why}
            )
        else:
            chosen.append(each)
    add_possible(snapshot, plan, (each.event for each in chosen), first)
    drawn = draw_outcomes(
        [Chance(each.event.key, str(each.opportunity.pk), each.probability) for each in chosen],
        forecast.draws,
        forecast.seed,
    )

    def watched(done: int, total: int) -> None:
        if watch is not None:
            nth, count = place
            watch(nth * 100 + done * 100 // total, count * 100, f"{row.name}, {done} of {total}")

    return collected.add_plan(
        str(row.pk),
        str(version.pk),
        plan,
        snapshot.tables,
        drawn,
        first=first,
        last=last,
        counted_from=since,
        apart=needs_everybody(plan) or reads_keys(plan),
        watch=watched,
    )


def _no_rate(event: PossibleEvent, plan: Plan) -> str:
    """Why an amount cannot be brought into the plan's currency."""
    if event.currency == plan.currency:
        return ""
    try:
        rate_on(event.currency, plan.currency, event.date)
    except Invalid as error:
        return error.message
    return ""


def _keep_figures(forecast: Forecast, figures: Sequence[Figure]) -> None:
    ForecastFigure.objects.bulk_create(
        (
            ForecastFigure(
                forecast=forecast,
                currency=each.currency,
                plan_id=UUID(each.plan) if each.plan else None,
                payee_id=UUID(each.payee) if each.payee else None,
                period=each.period or "",
                starts_on=each.starts,
                certain=each.certain.quantize(_CENT),
                expected=each.expected,
                p10=each.p10.quantize(_CENT),
                p50=each.p50.quantize(_CENT),
                p90=each.p90.quantize(_CENT),
                everything=each.everything.quantize(_CENT),
            )
            for each in figures
        ),
        batch_size=2000,
    )


def _keep_shares(
    forecast: Forecast,
    figures: Sequence[Figure],
    parts: Sequence[Part],
    deals: dict[str, OpenDeal],
) -> None:
    """What each deal adds, and per payee and period what no deal alone makes."""
    rows = []
    added: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for part in parts:
        deal = deals[part.key]
        added[part.plan, part.payee, part.period] += part.expected
        rows.append(
            ForecastShare(
                forecast=forecast,
                plan_id=UUID(part.plan),
                payee_id=UUID(part.payee),
                period=part.period,
                starts_on=part.starts,
                opportunity_id=deal.opportunity.pk,
                title=deal.opportunity.name[:250],
                amount=deal.event.amount,
                currency=deal.event.currency,
                probability=deal.probability,
                closes_on=deal.event.date,
                expected=part.expected,
            )
        )
    for each in figures:
        if not (each.plan and each.payee and each.period):
            continue
        rest = each.expected - each.certain - added[each.plan, each.payee, each.period]
        if rest:
            assert each.starts is not None
            rows.append(
                ForecastShare(
                    forecast=forecast,
                    plan_id=UUID(each.plan),
                    payee_id=UUID(each.payee),
                    period=each.period,
                    starts_on=each.starts,
                    expected=rest,
                )
            )
    ForecastShare.objects.bulk_create(rows, batch_size=2000)
