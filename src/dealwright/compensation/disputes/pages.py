"""Questions about a statement and adjustments, in the browser."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from dealwright.base.errors import Invalid, NotFound
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.access import get_payee, manages_pay, require_pay_manager
from dealwright.compensation.disputes import queries, services
from dealwright.compensation.disputes.models import Category
from dealwright.compensation.given import given_amount, given_id, given_optional_amount
from dealwright.compensation.plans.definition import Plan
from dealwright.compensation.plans.models import CompensationPlan
from dealwright.compensation.plans.reading import read_plan
from dealwright.compensation.statements.queries import get_period, line_detail, version_on

MOST = 10_000_000  # bytes of an attached file


@page
def listing(request: HttpRequest) -> HttpResponse:
    """Disputes and adjustments of pay that one may see."""
    actor = actor_of(request)
    return Form(request).page(
        "compensation/disputes/list.html",
        {
            "tab": "disputes",
            "manages": manages_pay(actor.user),
            "disputes": queries.list_disputes(actor),
            "adjustments": queries.list_adjustments(actor),
            "me": actor.user,
            "categories": dict(Category.choices),
        },
    )


@page
def new(request: HttpRequest) -> HttpResponse:
    """Ask about a component or a line of a statement."""
    actor = actor_of(request)
    form = Form(request)
    about = _about(request, actor)
    if request.method == "POST":
        with form:
            dispute = services.open_dispute(
                actor,
                payee_id=about["payee"].pk,
                period_id=about["period"].pk,
                plan_id=about["plan"].pk,
                component=about["component"],
                line_id=about["line_id"],
                body=form["body"],
                category=form["category"] or Category.OTHER,
                file=_attachment(request),
            )
            return done(
                request,
                f"/compensation/disputes/{dispute.pk}",
                f"Sent. An answer is due by {dispute.due_on:%Y-%m-%d}.",
            )
    return form.page(
        "compensation/disputes/new.html",
        {
            "tab": "disputes",
            "manages": manages_pay(actor.user),
            "categories": Category.choices,
            **about,
        },
    )


@page
def show(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """The thread of a dispute; POST adds to it."""
    form = Form(request)
    if request.method == "POST":
        with form:
            services.answer_dispute(
                actor_of(request), dispute_id, form["body"], _attachment(request)
            )
            return done(request, f"/compensation/disputes/{dispute_id}", "Sent.")
    return _thread(request, dispute_id, form)


@page(methods=["POST"])
def resolve(request: HttpRequest, dispute_id: UUID) -> HttpResponse:
    """End a dispute, with an amount where money follows."""
    form = Form(request)
    with form:
        amount = given_optional_amount(form["amount"], "amount")
        services.resolve_dispute(
            actor_of(request),
            dispute_id,
            accepted=form["outcome"] == "accepted",
            body=form["reason"],
            amount=amount,
        )
        return done(request, f"/compensation/disputes/{dispute_id}", "Resolved.")
    return _thread(request, dispute_id, form)


def _thread(request: HttpRequest, dispute_id: UUID, form: Form) -> HttpResponse:
    actor = actor_of(request)
    dispute = services.get_dispute(actor, dispute_id)
    return form.page(
        "compensation/disputes/show.html",
        {
            "tab": "disputes",
            "manages": manages_pay(actor.user),
            "dispute": dispute,
            "label": _label(_definition(dispute.plan, dispute.period), dispute.component),
            "messages_": list(dispute.messages.select_related("author", "file")),
            "adjustments": list(dispute.adjustments.select_related("proposed_by", "decided_by")),
            "detail": line_detail(actor, dispute.line_id) if dispute.line_id else None,
            "me": actor.user,
        },
    )


@page
def new_adjustment(request: HttpRequest) -> HttpResponse:
    """Propose an amount by hand, for another person to approve."""
    actor = actor_of(request)
    require_pay_manager(actor)
    form = Form(request)
    about = _about(request, actor)
    if request.method == "POST":
        with form:
            services.propose_adjustment(
                actor,
                payee_id=about["payee"].pk,
                period_id=about["period"].pk,
                plan_id=about["plan"].pk,
                component=form["component"] or about["component"],
                amount=given_amount(form["amount"], "amount"),
                reason=form["reason"],
                category=form["category"] or Category.OTHER,
                line_id=about["line_id"],
            )
            return done(request, "/compensation/disputes", "Proposed. Another person approves it.")
    return form.page(
        "compensation/disputes/adjust.html",
        {"tab": "disputes", "manages": True, "categories": Category.choices, **about},
    )


@page(methods=["POST"])
def decide(request: HttpRequest, adjustment_id: UUID, decision: str) -> HttpResponse:
    if decision not in ("approve", "reject"):
        raise NotFound("There is nothing at this address.")
    services.decide_adjustment(actor_of(request), adjustment_id, approve=decision == "approve")
    said = "Approved and posted." if decision == "approve" else "Rejected."
    return done(request, "/compensation/disputes", said)


def _about(request: HttpRequest, actor: Any) -> dict[str, Any]:
    """What a question or adjustment is about, from the address."""
    given = request.GET
    payee = get_payee(actor, given_id(given.get("payee", "")))
    period = get_period(given_id(given.get("period", "")))
    plan = CompensationPlan.objects.filter(pk=given_id(given.get("plan", ""))).first()
    if plan is None:
        raise NotFound("This plan does not exist.")
    line_id = given.get("line", "")
    definition = _definition(plan, period)
    component = given.get("component", "")
    number = whole_number(line_id, most=2**63 - 1)
    return {
        "line": line_detail(actor, number).line if number else None,
        "payee": payee,
        "period": period,
        "plan": plan,
        "component": component,
        "label": _label(definition, component),
        "components": [(each.id, each.label) for each in definition.components]
        if definition
        else [],
        "line_id": number,
        "back": f"/compensation/statements/{payee.pk}/{period.pk}",
    }


def _attachment(request: HttpRequest) -> services.Attachment | None:
    sent = request.FILES.get("file")
    if sent is None:
        return None
    if not sent.size or sent.size > MOST:
        said = "Attach a file of at most 10 MB."
        raise Invalid(said, fields={"file": [said]})
    return services.Attachment(sent.name or "attachment", sent.read())


def _definition(plan: CompensationPlan, period: Any) -> Plan | None:
    version = version_on(plan, period)
    return read_plan(version.text) if version is not None else None


def _label(definition: Plan | None, component: str) -> str:
    found = definition.component(component) if definition is not None else None
    return found.label if found is not None else component
