"""Statements in the browser: whose pay, which component, which line, and down to the deal."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.http import content_disposition_header

from dealwright.base.errors import NotFound
from dealwright.base.people.models import User
from dealwright.base.web.pages import actor_of, page, render
from dealwright.compensation.acceptance.queries import acceptances_of
from dealwright.compensation.access import get_payee, manages_pay, payee_ids
from dealwright.compensation.accounting.payroll_queries import payment_state
from dealwright.compensation.analytics.queries import attainment_distribution
from dealwright.compensation.calculation.nothing import why_component, why_statement
from dealwright.compensation.given import given_id, given_moment, given_start
from dealwright.compensation.periods.models import PayPeriod
from dealwright.compensation.plans.english import clause_of
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.statements import overview, queries
from dealwright.compensation.statements.files import statement_pdf, statement_xlsx
from dealwright.compensation.statements.history import changes_since


@page
def home(request: HttpRequest) -> HttpResponse:
    """My statement of now; whoever may see more pay than their own sees the payees as well."""
    actor = actor_of(request)
    user = actor.require_user()
    visible = payee_ids(actor)
    sees_others = visible is None or len(visible) > 1
    own_periods = overview.periods_of(user)
    period = _period(request, actor, user if own_periods and not sees_others else None)
    mine = None
    if own_periods:
        own = period if period is not None and period in own_periods else own_periods[0]
        mine = queries.statement(actor, user.pk, own.pk)
    context: dict[str, Any] = {
        "tab": "overview",
        "manages": manages_pay(user),
        "mine": mine,
        "period": period,
        "periods": PayPeriod.objects.order_by("-starts_on", "calendar")[:60]
        if sees_others
        else own_periods,
        "sees_others": sees_others,
        "own_periods": own_periods[:12],
    }
    if not sees_others:
        context["earned"] = overview.earned_by_period(actor, user, own_periods[:12])
    if sees_others and period is not None:
        after = request.GET.get("after", "")
        rows = overview.payees_of_period(actor, period, after=after, limit=101)
        context |= {
            "payees": rows[:100],
            "next": rows[99].name if len(rows) > 100 else "",
            "distribution": attainment_distribution(actor, period),
        }
    return render(request, "compensation/statements/home.html", context)


def _period(request: HttpRequest, actor: Any, payee: User | None) -> PayPeriod | None:
    chosen = request.GET.get("period", "")
    if chosen:
        return queries.get_period(given_id(chosen))
    return overview.period_for(actor, payee, timezone.localdate())


@page
def latest(request: HttpRequest, payee_id: UUID) -> HttpResponse:
    """The statement of the period that is asked for, else of now."""
    actor = actor_of(request)
    payee = get_payee(actor, payee_id)
    chosen = request.GET.get("period", "")
    period = (
        queries.get_period(given_id(chosen))
        if chosen
        else overview.period_for(actor, payee, timezone.localdate())
    )
    if period is None:
        return render(
            request,
            "compensation/statements/none.html",
            {"payee": payee, "tab": "overview", "manages": manages_pay(actor.user)},
        )
    return HttpResponseRedirect(f"/compensation/statements/{payee.pk}/{period.pk}")


@page
def show(request: HttpRequest, payee_id: UUID, period_id: UUID) -> HttpResponse:
    """One statement, its components with the plan's clauses."""
    actor = actor_of(request)
    as_of = given_moment(request.GET.get("as_of"))
    found = queries.statement(actor, payee_id, period_id, as_of=as_of)
    return render(
        request,
        "compensation/statements/show.html",
        {
            "as_of": as_of,
            "then": f"?as_of={quote(request.GET['as_of'])}" if as_of else "",
            "later": changes_since(found.payee, found.period, as_of) if as_of else [],
            "now": queries.statement(actor, payee_id, period_id) if as_of else found,
            "tab": "overview",
            "manages": manages_pay(actor.user),
            "statement": found,
            "me": actor.user,
            "paid_state": "" if as_of else payment_state(found.payee.pk, found.period.pk),
            "acceptances": {
                part.plan.pk: acceptances_of(found.payee, part.plan) for part in found.parts
            },
            "periods": overview.periods_of(found.payee),
            "base": f"/compensation/statements/{payee_id}/{period_id}",
        },
    )


@page
def component(
    request: HttpRequest, payee_id: UUID, period_id: UUID, plan_id: UUID, component: str
) -> HttpResponse:
    """The lines of a component; as a part of the statement or as a page of its own."""
    actor = actor_of(request)
    payee = get_payee(actor, payee_id)
    period = queries.get_period(period_id)
    start = given_start(request.GET.get("start", "0"))
    as_of = given_moment(request.GET.get("as_of"))
    lines, more = queries.statement_lines(
        actor, payee_id, period_id, plan_id, component, start=start, as_of=as_of
    )
    plan = CompensationPlan.objects.filter(pk=plan_id).first()
    version = queries.version_on(plan, period) if plan is not None else None
    clause = clause_of(read_plan(version.text), component) if version is not None else None
    fragment = bool(getattr(request, "htmx", False))
    template = "lines.html" if fragment else "component.html"
    return render(
        request,
        f"compensation/statements/{template}",
        {
            "tab": "overview",
            "manages": manages_pay(actor.user),
            "payee": payee,
            "period": period,
            "plan": plan,
            "version": version,
            "component": component,
            "clause": clause,
            "lines": lines,
            "start": start,
            "and_then": f"&as_of={quote(request.GET['as_of'])}" if as_of else "",
            "next": start + len(lines) if more else 0,
            "base": f"/compensation/statements/{payee_id}/{period_id}",
        },
    )


@page
def why(
    request: HttpRequest, payee_id: UUID, period_id: UUID, plan_id: UUID, component: str
) -> HttpResponse:
    """Why a component pays nothing, in one sentence."""
    actor = actor_of(request)
    payee = get_payee(actor, payee_id)
    period = queries.get_period(period_id)
    plan = CompensationPlan.objects.filter(pk=plan_id).first()
    if plan is None:
        raise NotFound("This plan does not exist.")
    sentence = why_component(payee, plan, queries.version_on(plan, period), period, component)
    return render(request, "compensation/statements/why.html", {"sentences": [sentence]})


@page
def why_all(request: HttpRequest, payee_id: UUID, period_id: UUID) -> HttpResponse:
    """Why a whole statement comes to nothing."""
    actor = actor_of(request)
    payee, period = get_payee(actor, payee_id), queries.get_period(period_id)
    sentences = why_statement(payee, period)
    return render(request, "compensation/statements/why.html", {"sentences": sentences})


@page
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    """What lies under one line; as a part of the statement or as a page of its own."""
    actor = actor_of(request)
    detail = queries.line_detail(actor, line_id)
    fragment = bool(getattr(request, "htmx", False))
    return render(
        request,
        f"compensation/statements/{'line' if fragment else 'line_page'}.html",
        {"tab": "overview", "manages": manages_pay(actor.user), "me": actor.user, "detail": detail},
    )


@page(methods=["GET"])
def as_pdf(request: HttpRequest, payee_id: UUID, period_id: UUID) -> HttpResponse:
    """The statement with all lines as PDF."""
    actor = actor_of(request)
    found = queries.statement(actor, payee_id, period_id)
    return _file(
        statement_pdf(actor, found), "application/pdf", f"{found.payee.name} {found.period}.pdf"
    )


@page(methods=["GET"])
def as_xlsx(request: HttpRequest, payee_id: UUID, period_id: UUID) -> HttpResponse:
    """The statement with all lines as a workbook whose sums are formulas."""
    actor = actor_of(request)
    found = queries.statement(actor, payee_id, period_id)
    return _file(
        statement_xlsx(actor, found),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        f"{found.payee.name} {found.period}.xlsx",
    )


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Cache-Control"] = "private, no-store"
    return response
