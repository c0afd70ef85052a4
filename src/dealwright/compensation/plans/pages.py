"""Plans in the browser: read as text and as English side by side, with who is on them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dealwright.base.errors import Invalid
from dealwright.base.jobs import start_long_job
from dealwright.base.people.models import User
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.compensation.access import manages_pay, require_pay_manager
from dealwright.compensation.bookings.jobs import run_plan
from dealwright.compensation.given import given_day, given_id, given_optional_amount
from dealwright.compensation.plans import queries, services
from dealwright.compensation.plans.editor import editor_page, typed_text
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.reading import read_plan

STARTER = """\
plan: sales-agents
title: Sales agents
currency: EUR
calendar: quarter
components:
  - tiered:
      id: commission
      label: Commission
      quota: bookings
      bands: [[0, 5%], [100%, 7%]]
clawback: {trigger: termination, schedule: [[3, 100%], [6, 50%], [12, 25%]]}
"""


@page
def listing(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    return render(
        request,
        "compensation/plans/list.html",
        {
            "tab": "plans",
            "manages": manages_pay(actor.user),
            "rows": queries.list_plans(actor),
        },
    )


@page
def new(request: HttpRequest) -> HttpResponse:
    """Write a plan; it starts as a draft."""
    actor = actor_of(request)
    require_pay_manager(actor)
    form = Form(request, {"text": STARTER})
    if request.method == "POST":
        with form:
            version = services.create_plan(actor, typed_text(form), name=form["name"])
            return done(request, f"/compensation/plans/{version.plan_id}", "The draft is saved.")
    return editor_page(form, None)


@page
def edit(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Rewrite the draft, or begin the next version from the text that holds now."""
    actor = actor_of(request)
    require_pay_manager(actor)
    plan = queries.get_plan(actor, plan_id)
    current = (
        plan.versions.filter(activated_at__isnull=True).first()
        or plan.versions.order_by("-number").first()
    )
    form = Form(request, {"text": current.text if current else STARTER})
    if request.method == "POST":
        with form:
            version = services.write_version(actor, plan_id, typed_text(form))
            return done(
                request,
                f"/compensation/plans/{plan_id}",
                f"Version {version.number} is saved as a draft.",
            )
    return editor_page(form, plan)


@page
def show(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """A plan: what it says now, its versions, who is on it."""
    actor = actor_of(request)
    return _plan_page(request, actor, queries.get_plan(actor, plan_id), Form(request))


@page
def version(request: HttpRequest, plan_id: UUID, number: int) -> HttpResponse:
    """One version as a document, with the text it was made of."""
    actor = actor_of(request)
    found = queries.get_version(actor, plan_id, number)
    return render(
        request,
        "compensation/plans/version.html",
        {
            "tab": "plans",
            "manages": manages_pay(actor.user),
            "version": found,
            "plan": found.plan,
            "definition": read_plan(found.text),
            "clauses": queries.check_text(found.text).clauses,
        },
    )


@page(methods=["POST"])
def activate(request: HttpRequest, plan_id: UUID, number: int) -> HttpResponse:
    """Let a draft pay from a day on."""
    actor = actor_of(request)
    plan = queries.get_plan(actor, plan_id)
    form = Form(request)
    with form:
        found = queries.get_version(actor, plan_id, number)
        services.activate_version(actor, found.pk, given_day(form["starts_on"], "starts_on"))
        return done(request, f"/compensation/plans/{plan_id}", f"Version {number} is active.")
    return _plan_page(request, actor, plan, form)


@page(methods=["POST"])
def assign(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Put one person, or everybody with a profile, on the plan."""
    actor = actor_of(request)
    plan = queries.get_plan(actor, plan_id)
    form = Form(request)
    with form:
        starts_on = given_day(form["starts_on"], "starts_on")
        if form["who"] == "reps":
            people = User.objects.filter(is_active=True, profile="rep")
            count = len(services.assign_payees(actor, plan_id, people, starts_on))
            said = f"{count} people were put on the plan."
        else:
            user = User.objects.filter(pk=given_id(form["user"])).first()
            if user is None:
                raise Invalid("Choose a person.", fields={"user": ["Choose a person."]})
            services.assign_payee(
                actor,
                plan_id,
                user,
                starts_on,
                salary=given_optional_amount(form["salary"], "salary"),
                target=given_optional_amount(form["target"], "target"),
            )
            said = f"{user.name} is on the plan from {starts_on:%Y-%m-%d}."
        return done(request, f"/compensation/plans/{plan_id}", said)
    return _plan_page(request, actor, plan, form)


@page(methods=["POST"])
def run(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Book what was won in some days and calculate the plan's periods; somebody may watch."""
    actor = actor_of(request)
    require_pay_manager(actor)
    plan = queries.get_plan(actor, plan_id)
    form = Form(request)
    with form:
        first, last = given_day(form["first"], "first"), given_day(form["last"], "last")
        if last < first or (last - first).days > 5 * 366:
            said = "The last day comes before the first, or more than five years after it."
            raise Invalid(said, fields={"last": [said]})
        started = start_long_job(
            actor,
            run_plan,
            f"{plan.name}: pay for what was won",
            plan_id=str(plan.pk),
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return done(request, f"/jobs/{started.pk}")
    return _plan_page(request, actor, plan, form)


@page(methods=["POST"])
def end(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Take a person off the plan after today."""
    actor = actor_of(request)
    row = services.end_assignment(actor, assignment_id, timezone.localdate())
    return done(
        request, f"/compensation/plans/{row.plan_id}", f"{row.user.name} leaves the plan today."
    )


def _plan_page(
    request: HttpRequest, actor: Any, plan: CompensationPlan, form: Form
) -> HttpResponse:
    versions = list(plan.versions.order_by("-number"))
    active = [each for each in versions if each.activated_at]
    draft = next((each for each in versions if each.activated_at is None), None)
    manages = manages_pay(actor.user)
    shown = active[0] if active else (draft if manages else None)
    return form.page(
        "compensation/plans/show.html",
        {
            "tab": "plans",
            "manages": manages,
            "plan": plan,
            "versions": versions if manages else active,
            "draft": draft if manages else None,
            "shown": shown,
            "clauses": queries.check_text(shown.text).clauses if shown else [],
            "assignments": queries.assignments_of(actor, plan),
            "days": _likely_days(shown, draft),
        },
    )


def _likely_days(shown: PlanVersion | None, draft: PlanVersion | None) -> dict[str, date | None]:
    """The days that the forms of the page begin with. A plan whose text says when it takes
    effect and when it ended is most likely run for just that time."""
    today = timezone.localdate()
    text = draft or shown
    definition = read_plan(text.text) if text is not None else None
    effective = definition.effective if definition else None
    until = definition.until if definition else None
    is_over = until is not None and until < today
    is_ahead = effective is not None and effective > today
    return {
        "activate": effective,
        "assign": effective if effective and (is_over or is_ahead) else today,
        "first": effective or (shown.starts_on if shown is not None else None),
        "last": until if is_over else today,
    }
