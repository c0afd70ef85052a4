"""What a deal would pay, and a payee's what-if; nothing typed here is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from dealwright.base.access.actor import Actor
from dealwright.base.errors import DealwrightError, Invalid
from dealwright.base.people.models import User
from dealwright.base.web.formats import format_percent
from dealwright.base.web.pages import actor_of, page, render
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.access import get_payee, manages_pay
from dealwright.compensation.given import given_day, given_id, given_optional_amount
from dealwright.compensation.plans.models import PlanVersion
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.simulation.estimate import Estimate, estimate_deal, get_open_deal
from dealwright.compensation.simulation.pay_curve import (
    ImaginedDeal,
    Place,
    pay_curve,
    plans_of,
    what_if,
)

MOST_ROWS = 6


@page
def estimate(request: HttpRequest, opportunity_id: UUID) -> HttpResponse:
    """What winning a deal would pay, with figures to try; a change swaps the result in."""
    actor = actor_of(request)
    today = timezone.localdate()
    opportunity = get_open_deal(actor, opportunity_id)
    found, message, errors = _estimated(actor, opportunity_id, request.GET, today)
    swapped = getattr(request, "htmx", False) and request.GET.get("part") == "1"
    return render(
        request,
        "compensation/simulation/estimate_part.html"
        if swapped
        else ("compensation/simulation/estimate.html"),
        {
            "tab": "",
            "manages": manages_pay(actor.user),
            "opportunity": opportunity,
            "estimate": found,
            "message": message,
            "errors": errors,
            "given": {
                name: request.GET.get(name, "") for name in ("amount", "on", "margin", "quantity")
            },
            "today": today,
        },
    )


@page
def estimate_in_panel(request: HttpRequest, opportunity_id: UUID) -> HttpResponse:
    """The same in short, for the deal's page."""
    actor = actor_of(request)
    get_open_deal(actor, opportunity_id)
    found, message, _ = _estimated(actor, opportunity_id, QueryDict(), timezone.localdate())
    return render(
        request,
        "compensation/simulation/panel_rows.html",
        {"estimate": found, "message": message, "record_id": opportunity_id},
    )


def _estimated(
    actor: Actor, opportunity_id: UUID, given: QueryDict, today: date
) -> tuple[Estimate | None, str, dict[str, list[str]]]:
    """The estimate, or the sentence about what is wrong and the fields it is wrong in."""
    try:
        on = given_day(given["on"], "on") if given.get("on") else today
        quantity = given_optional_amount(given.get("quantity"), "quantity")
        found = estimate_deal(
            actor,
            opportunity_id,
            on=on,
            amount=given_optional_amount(given.get("amount"), "amount"),
            margin=given_optional_amount(given.get("margin"), "margin"),
            quantity=quantity,
        )
    except Invalid as error:
        return None, error.message, dict(error.fields)
    return found, "", {}


@page
def mine(request: HttpRequest) -> HttpResponse:
    """My what-if: deals that I imagine, and where they take me."""
    actor = actor_of(request)
    context = _context(request, actor)
    swapped = getattr(request, "htmx", False) and request.GET.get("part") == "1"
    name = "what_if_part" if swapped else "what_if"
    return render(request, f"compensation/simulation/{name}.html", context)


@page
def curve(request: HttpRequest) -> HttpResponse:
    """Pay over attainment, and the pay at a point of it."""
    actor = actor_of(request)
    payee = _payee(actor, request)
    on = _day(request.GET.get("day"))
    version = _version(payee, on, request.GET.get("plan", ""))
    places: list[Place] = []
    component = ""
    if version is not None:
        component, places = pay_curve(
            actor, payee.pk, version.plan_id, on, by=_by(payee, request.GET.get("by", ""))
        )
    clause = read_plan(version.text).component(component) if version and component else None
    last = len(places) - 1
    here = max((at for at, each in enumerate(places) if not each.ahead), default=0)
    at = whole_number(request.GET.get("at", ""), most=max(last, 0))
    return render(
        request,
        "compensation/simulation/curve.html",
        {
            "places": places,
            "labels": [format_percent(each.attainment) for each in places],
            "behind": [None if each.ahead else each.pay for each in places],
            "ahead": [each.pay if at_ >= here else None for at_, each in enumerate(places)],
            "here": here,
            "at": here if at is None else at,
            "component": getattr(clause, "label", "") or component,
            "currency": version.plan.currency if version else "",
            "payee": payee,
            "plan_id": version.plan_id if version else "",
            "day": on,
            "by": request.GET.get("by", ""),
        },
    )


def _context(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    given = request.GET
    payee = _payee(actor, request)
    on = _day(given.get("day"))
    versions = plans_of(payee, on)
    version = _version(payee, on, given.get("plan", ""), versions)
    plan = read_plan(version.text) if version is not None else None
    reports = list(User.objects.filter(manager=payee, is_active=True).order_by("name")[:200])
    fields: Mapping[str, str] = plan.fields if plan is not None else {}
    rows = _typed_rows(given, fields)
    found, message = None, ""
    if version is not None:
        try:
            deals = [_deal(row, on, payee, at) for at, row in enumerate(rows) if row["amount"]]
            found = what_if(actor, payee.pk, version.plan_id, deals, on)
        except DealwrightError as error:
            message = error.message
    return {
        "tab": "what-if",
        "manages": manages_pay(actor.user),
        "payee": payee,
        "is_own": actor.user is not None and payee.pk == actor.user.pk,
        "versions": versions,
        "version": version,
        "reports": reports,
        "fields": fields,
        "rows": rows,
        "found": found,
        "message": message,
        "day": on,
    }


def _typed_rows(given: QueryDict, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of imagined deals as they were typed, and one empty one."""
    amounts, days = given.getlist("amount"), given.getlist("on")
    winners = given.getlist("by")
    values = {name: given.getlist(f"f_{name}") for name in fields}
    rows: list[dict[str, Any]] = []
    for at, amount in enumerate(amounts[:MOST_ROWS]):
        if amount.strip():
            rows.append(
                {
                    "amount": amount.strip()[:30],
                    "on": _of(days, at),
                    "by": _of(winners, at),
                    "fields": {name: _of(typed, at)[:80] for name, typed in values.items()},
                }
            )
    if len(rows) < MOST_ROWS:
        rows.append({"amount": "", "on": "", "by": "", "fields": {}})
    return rows


def _of(values: list[str], at: int) -> str:
    return values[at] if at < len(values) else ""


def _deal(row: dict[str, Any], day: date, payee: User, at: int) -> ImaginedDeal:
    amount = given_optional_amount(row["amount"], f"amount.{at}")
    on = given_day(row["on"], f"on.{at}") if row["on"] else day
    return ImaginedDeal(
        amount or Decimal(0),
        on,
        _by(payee, row["by"]),
        {name: value for name, value in row["fields"].items() if value},
    )


def _by(payee: User, given: str) -> UUID:
    """Who wins an imagined deal: the payee, or somebody who reports to the payee."""
    chosen = given_id(given) if given else payee.pk
    if chosen != payee.pk and not User.objects.filter(pk=chosen, manager=payee).exists():
        return payee.pk
    return chosen


def _payee(actor: Actor, request: HttpRequest) -> User:
    given = request.GET.get("payee", "")
    return get_payee(actor, given_id(given)) if given else actor.require_user()


def _day(given: str | None) -> date:
    """The day asked about, today where none or a wrong one is given."""
    try:
        day = date.fromisoformat(given or "")
    except ValueError:
        return timezone.localdate()
    return day if 1990 <= day.year <= 2190 else timezone.localdate()


def _version(
    payee: User, on: date, plan: str, versions: list[PlanVersion] | None = None
) -> PlanVersion | None:
    found = plans_of(payee, on) if versions is None else versions
    chosen = [each for each in found if str(each.plan_id) == plan]
    return next(iter(chosen or found), None)
