"""Backtests and forecasts in the browser: started, watched, opened down to what made them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from secrets import randbelow
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.jobs.runs import visible_runs
from dealwright.base.periods import period_of
from dealwright.base.web.formats import format_number
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.access import manages_pay, require_pay_manager
from dealwright.compensation.engine.periods import period_at
from dealwright.compensation.given import given_day, given_id
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.queries import get_plan
from dealwright.compensation.simulation import queries
from dealwright.compensation.simulation.files import (
    backtest_csv,
    backtest_xlsx,
    forecast_csv,
    forecast_xlsx,
)
from dealwright.compensation.simulation.forecasting import DRAWS
from dealwright.compensation.simulation.forecasts import MOST_SEED
from dealwright.compensation.simulation.jobs import start_backtest, start_forecast
from dealwright.compensation.simulation.reopening import has_moved, reopen

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
AT_ONCE = 50


@page
def home(request: HttpRequest) -> HttpResponse:
    """What can be tried, and what was."""
    return _home(request, Form(request, _first_values()))


@page(methods=["POST"])
def new_forecast(request: HttpRequest) -> HttpResponse:
    """Have the pipeline's commission forecast; somebody may watch."""
    actor = actor_of(request)
    require_pay_manager(actor)
    form = Form(request, _first_values())
    with form:
        seed, draws = (
            whole_number(form["seed"], most=MOST_SEED),
            whole_number(form["draws"], most=DRAWS[-1]),
        )
        if seed is None:
            said = _("Give a whole number.")
            raise Invalid(said, fields={"seed": [said]})
        found = start_forecast(
            actor, ends_on=given_day(form["ends_on"], "ends_on"), seed=seed, draws=draws or 0
        )
        return done(request, f"/compensation/forecasts/{found.pk}")
    return _home(request, form)


def _first_values() -> dict[str, Any]:
    today = timezone.localdate()
    quarter = period_of(today, "quarter")
    return {"ends_on": quarter.next.end.isoformat(), "draws": "500", "seed": str(randbelow(10**6))}


def _home(request: HttpRequest, form: Form) -> HttpResponse:
    actor = actor_of(request)
    return form.page(
        "compensation/simulation/home.html",
        {
            "tab": "simulation",
            "manages": manages_pay(actor.user),
            "backtests": queries.list_backtests(actor),
            "forecasts": queries.list_forecasts(actor),
            "plans": queries.plan_choices(actor),
            "draws": [(str(each), format_number(each)) for each in DRAWS],
        },
    )


@page
def new_backtest(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Choose the text to try, the one to compare it with, and the days."""
    actor = actor_of(request)
    require_pay_manager(actor)
    plan = get_plan(actor, plan_id)
    versions = list(plan.versions.order_by("-number"))
    draft = next((each for each in versions if each.activated_at is None), None)
    shown = draft or (versions[0] if versions else None)
    starts_on, ends_on = _last_year(plan, versions)
    form = Form(
        request,
        {
            "text": shown.text if shown else "",
            "against": "",
            "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(),
        },
    )
    if request.method == "POST":
        with form:
            text = str(form["text"]).replace("\r\n", "\n").replace("\r", "\n")
            found = start_backtest(
                actor,
                plan.pk,
                text=text,
                label=_label(text, versions),
                starts_on=given_day(form["starts_on"], "starts_on"),
                ends_on=given_day(form["ends_on"], "ends_on"),
                base=_chosen(form["against"], versions),
            )
            return done(request, f"/compensation/backtests/{found.pk}")
    return form.page(
        "compensation/simulation/new_backtest.html",
        {
            "tab": "plans",
            "manages": True,
            "plan": plan,
            "draft": draft,
            "against": [("", _("What was active in each period"))]
            + [
                (str(each.number), _("Version %(number)s") % {"number": each.number})
                for each in versions
            ],
            "earlier": queries.list_backtests(actor, plan.pk),
        },
    )


def _last_year(plan: CompensationPlan, versions: list[PlanVersion]) -> tuple[date, date]:
    """Most likely wanted: the twelve months that are over, as far as the plan paid in them."""
    calendar, fiscal = plan.calendar, plan.fiscal_year_starts
    ends = period_at(timezone.localdate(), calendar, fiscal).start - timedelta(days=1)
    active = [each for each in versions if each.activated_at and each.starts_on]
    stopped = [each.ends_on for each in active]
    if stopped and all(stopped):
        ends = min(ends, max(each for each in stopped if each))
    begun = min((each.starts_on for each in active if each.starts_on), default=ends)
    starts = period_at(ends - timedelta(days=364), calendar, fiscal).start
    return max(starts, begun), max(ends, begun)


def _label(text: str, versions: list[PlanVersion]) -> str:
    for each in versions:
        if each.text == text:
            named = (
                _("Draft, version %(number)s")
                if each.activated_at is None
                else _("Version %(number)s")
            )
            return named % {"number": each.number}
    return _("Edited text")


def _chosen(number: Any, versions: list[PlanVersion]) -> PlanVersion | None:
    if not str(number or ""):
        return None
    for each in versions:
        if str(each.number) == str(number):
            return each
    said = _("There is no such version.")
    raise Invalid(said, fields={"against": [said]})


@page
def backtest(request: HttpRequest, backtest_id: UUID) -> HttpResponse:
    """Both costs, winners and losers, spread; while it is calculated, how far it is."""
    actor = actor_of(request)
    found = queries.get_backtest(actor, backtest_id)
    summary = queries.summary(found) if found.finished_at else None
    shows_all = request.GET.get("all") == "1"
    return render(
        request,
        "compensation/simulation/backtest.html",
        _context(actor, found.job_id)
        | {
            "backtest": found,
            "summary": summary,
            "columns": [
                (
                    f"{format_number(each.low)} – {format_number(each.high)}",
                    [each.before, each.after],
                )
                for each in (summary.bins if summary else ())
            ],
            "most": None if shows_all else AT_ONCE,
        },
    )


def _range(low: Decimal, high: Decimal) -> str:
    return f"{format_number(low)} – {format_number(high)}"


@page
def backtest_payee(request: HttpRequest, backtest_id: UUID, payee_id: UUID) -> HttpResponse:
    """One payee in a backtest: components by period, and the lines under both texts."""
    actor = actor_of(request)
    found = queries.get_backtest(actor, backtest_id)
    payee, kept = queries.pay_of(found, payee_id)
    now = reopen(found, payee_id)
    before = sum((each.before for each in kept), Decimal(0))
    after = sum((each.after for each in kept), Decimal(0))
    return render(
        request,
        "compensation/simulation/backtest_payee.html",
        _context(actor, None)
        | {
            "backtest": found,
            "payee": payee,
            "before": before,
            "after": after,
            "rows": [each for each in now if each.before or each.after],
            "label": queries.component_labels(found),
            "moved": has_moved(kept, now),
        },
    )


@page
def backtest_file(request: HttpRequest, backtest_id: UUID, kind: str) -> HttpResponse:
    """Every row as CSV or as a workbook."""
    found = queries.get_backtest(actor_of(request), backtest_id)
    made = {"csv": backtest_csv, "xlsx": backtest_xlsx}
    if kind not in made or not found.finished_at:
        raise NotFound("There is no such file.")
    return _file(made[kind](found), f"{found.plan.key}-backtest-{found.starts_on}", kind)


@page
def forecast(request: HttpRequest, forecast_id: UUID) -> HttpResponse:
    """Expected cost with its spread by period; each figure opens to plans, payees and deals."""
    actor = actor_of(request)
    found = queries.get_forecast(actor, forecast_id)
    chosen: dict[str, Any] = {"period": request.GET.get("period", "")[:12]}
    plan, payee = request.GET.get("plan", ""), request.GET.get("payee", "")
    chosen["plan_id"] = given_id(plan) if plan else None
    chosen["payee_id"] = given_id(payee) if payee else None
    figures = queries.figure_of(found, **chosen)
    shares, count = queries.shares_of(found, **chosen)
    periods = queries.periods_of(found)
    return render(
        request,
        "compensation/simulation/forecast.html",
        _context(actor, found.job_id)
        | {
            "forecast": found,
            "figures": figures,
            "currencies": sorted({each.currency for each in periods}),
            "periods": periods,
            "breakdown": []
            if payee
            else queries.breakdown(found, period=chosen["period"], plan_id=chosen["plan_id"]),
            "shares": shares,
            "more": count - len(shares),
            "chosen": chosen,
            "is_part": bool(chosen["period"] or plan or payee),
            "title": _figure_title(figures, chosen),
        },
    )


def _figure_title(figures: Any, chosen: dict[str, Any]) -> str:
    first = figures[0] if figures else None
    names = [chosen["period"] or _("All periods")]
    if first is not None and first.plan is not None:
        names.append(first.plan.name)
    if first is not None and first.payee is not None:
        names.append(first.payee.name)
    return " · ".join(names)


@page
def forecast_file(request: HttpRequest, forecast_id: UUID, kind: str) -> HttpResponse:
    """Every figure as CSV, with the deals as a workbook."""
    found = queries.get_forecast(actor_of(request), forecast_id)
    made = {"csv": forecast_csv, "xlsx": forecast_xlsx}
    if kind not in made or not found.finished_at:
        raise NotFound("There is no such file.")
    return _file(made[kind](found), f"commission-forecast-{found.as_of}", kind)


def _context(actor: Actor, job_id: UUID | None) -> dict[str, Any]:
    return {
        "tab": "simulation",
        "manages": manages_pay(actor.user),
        "run": visible_runs(actor).filter(pk=job_id).first() if job_id else None,
    }


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=_TYPES[kind])
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.{kind}") or ""
    return response
