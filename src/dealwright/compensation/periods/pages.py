"""Running pay in the browser: calculate, submit, approve, close, pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.compensation.access import manages_pay, visible_pay
from dealwright.compensation.accounting.payroll_queries import batch_rows
from dealwright.compensation.calculation.comparison import (
    compare_runs,
    get_run,
    runs_to_compare,
)
from dealwright.compensation.calculation.services import calculate_period
from dealwright.compensation.given import given_day, given_id, given_moment
from dealwright.compensation.holds.queries import held_for
from dealwright.compensation.ledger.services import balances_to_pay, pay_period
from dealwright.compensation.periods import queries, services
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.statements.history import period_changes_since
from dealwright.compensation.statements.overview import payees_of_period
from dealwright.compensation.statements.queries import line_rows

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)


@page(profiles=RUNNERS)
def listing(request: HttpRequest) -> HttpResponse:
    return _list(request, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def open_period(request: HttpRequest) -> HttpResponse:
    """Make the period of a plan's calendar that a day is in."""
    form = Form(request)
    with form:
        plan = CompensationPlan.objects.filter(pk=given_id(form["plan"])).first()
        if plan is None:
            raise Invalid("Choose a plan.", fields={"plan": ["Choose a plan."]})
        period = services.open_period(actor_of(request), plan, given_day(form["day"], "day"))
        return done(request, f"/compensation/periods/{period.pk}")
    return _list(request, form)


def _list(request: HttpRequest, form: Form) -> HttpResponse:
    return form.page(
        "compensation/periods/list.html",
        {
            "tab": "periods",
            "manages": True,
            "rows": queries.list_periods(),
            "plans": [
                (each.pk, each.name)
                for each in CompensationPlan.objects.filter(archived_at__isnull=True)
            ],
        },
    )


@page(profiles=RUNNERS)
def show(request: HttpRequest, period_id: UUID) -> HttpResponse:
    """A period: totals, payees, runs, what can be done next."""
    return _show(request, _period(period_id), Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def act(request: HttpRequest, period_id: UUID, action: str) -> HttpResponse:
    """Take the period a step further, or back."""
    actor = actor_of(request)
    form = Form(request)
    verbs: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
        "calculate": (calculate_period, "Calculated."),
        "submit": (services.submit_period, "Submitted for approval."),
        "return": (services.return_period, "Sent back."),
        "approve": (services.approve_period, "Approved."),
        "close": (services.close_period, "Closed and sealed."),
        "pay": (pay_period, "Marked as paid; the payroll file is below."),
    }
    if action not in verbs:
        raise NotFound("There is nothing at this address.")
    verb, said = verbs[action]
    with form:
        verb(actor, period_id)
        return done(request, f"/compensation/periods/{period_id}", said)
    return _show(request, _period(period_id), form)


@page(profiles=RUNNERS)
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """One calculation with its hashes and what it changed."""
    actor = actor_of(request)
    found = get_run(actor, run_id)
    lines = found.lines.filter(visible_pay(actor)).order_by("id").values_list("id", "sign")[:200]
    return render(
        request,
        "compensation/periods/run.html",
        {
            "tab": "periods",
            "manages": manages_pay(actor.user),
            "run": found,
            "others": [
                (each.pk, f"{date_format(localtime(each.created_at), 'Y-m-d H:i')} {each.cause}")
                for each in runs_to_compare(found)
            ],
            "lines": line_rows(list(lines)),
        },
    )


@page(profiles=RUNNERS)
def compare(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What is different after another run: payee by payee, and the runs between."""
    actor = actor_of(request)
    comparison = compare_runs(actor, run_id, given_id(request.GET.get("with", "")))
    labels: dict[str, str] = {}
    for each in (comparison.before, comparison.after):
        definition = read_plan(each.version.text)
        labels |= {component.id: component.label for component in definition.components}
    return render(
        request,
        "compensation/periods/compare.html",
        {"tab": "periods", "manages": True, "comparison": comparison, "labels": labels},
    )


def _show(request: HttpRequest, period: PayPeriod, form: Form) -> HttpResponse:
    actor = actor_of(request)
    as_of = given_moment(request.GET.get("as_of"))
    owed = balances_to_pay(period) if period.approved_at and as_of is None else []
    return form.page(
        "compensation/periods/show.html",
        {
            "tab": "periods",
            "manages": True,
            "period": period,
            "totals": queries.component_totals(period, as_of),
            "payees": payees_of_period(actor, period, as_of=as_of),
            "as_of": as_of,
            "later": period_changes_since(actor, period, as_of) if as_of else [],
            "runs": queries.runs_of(period),
            "batches": batch_rows(period),
            "owed": [row for row in owed if row["balance"] > 0],
            "held": held_for(actor, period) if as_of is None else [],
            "carried": [row for row in owed if row["balance"] < 0],
            "sealed": services.verify_period(period) if period.closed_at else None,
        },
    )


def _period(period_id: UUID) -> PayPeriod:
    period = PayPeriod.objects.filter(pk=period_id).first()
    if period is None:
        raise NotFound("This period does not exist.")
    return period
