"""Acceptance of plans in the browser: who has signed, asking, reminding, the document."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.errors import NotFound
from dealwright.base.jobs import start_long_job
from dealwright.base.people.models import Profile
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.base.whole_numbers import whole_number
from dealwright.compensation.acceptance import queries, services
from dealwright.compensation.acceptance.document import plan_document
from dealwright.compensation.acceptance.jobs import ask_everybody
from dealwright.compensation.access import get_payee, manages_pay, require_pay_manager
from dealwright.compensation.given import given_id
from dealwright.compensation.plans.models import CompensationPlan, PlanVersion
from dealwright.compensation.plans.queries import get_plan, get_version
from dealwright.signing.envelopes.contents import file_content

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)


@page
def show(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Who accepted a version, and who has not."""
    actor = actor_of(request)
    return _page(request, get_plan(actor, plan_id), Form(request))


@page
def card(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """How many accepted the version that holds: a part of the plan's page."""
    actor = actor_of(request)
    plan = get_plan(actor, plan_id)
    version = _version(actor, plan, "")
    rows = queries.acceptance_rows(actor, version) if version is not None else []
    context = {"plan": plan, "version": version, "rows": rows}
    return render(request, "compensation/acceptance/card.html", context)


@page(profiles=RUNNERS, methods=["POST"])
def ask(request: HttpRequest, plan_id: UUID, number: int) -> HttpResponse:
    """Send the document to everybody who was not asked, or to one person."""
    actor = actor_of(request)
    plan = get_plan(actor, plan_id)
    form = Form(request)
    with form:
        version = get_version(actor, plan_id, number)
        if form["payee"]:
            payee = get_payee(actor, form["payee"])
            services.ask_for_acceptance(actor, version.pk, [payee.pk])
            return done(request, _address(version), _("Sent to %(name)s.") % {"name": payee.name})
        title = _("%(plan)s: ask for acceptance") % {"plan": plan.name}
        started = start_long_job(actor, ask_everybody, title, version_id=str(version.pk))
        return done(request, f"/jobs/{started.pk}")
    return _page(request, plan, form)


@page(profiles=RUNNERS, methods=["POST"])
def remind(request: HttpRequest, plan_id: UUID, number: int) -> HttpResponse:
    """Write again to whoever has not signed."""
    actor = actor_of(request)
    version = get_version(actor, plan_id, number)
    one = Form(request)["acceptance"]
    chosen = queries.get_acceptance(actor, given_id(one)).pk if one else None
    count = services.remind_payees(actor, version.pk, chosen)
    said = ngettext("%(num)s payee was reminded.", "%(num)s payees were reminded.", count)
    return done(request, _address(version), said % {"num": count})


@page(profiles=RUNNERS, methods=["POST"])
def policy(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Pay only after acceptance, or without."""
    required = Form(request)["required"] == "on"
    services.set_pay_after_acceptance(actor_of(request), plan_id, required)
    said = _("Pay waits until the plan is accepted.") if required else _("Pay waits no more.")
    return done(request, f"/compensation/plans/{plan_id}/acceptance", said)


@page
def document(request: HttpRequest, acceptance_id: UUID) -> HttpResponse:
    """The sealed document, else what was sent: for the payee and whoever may see the pay."""
    found = queries.get_acceptance(actor_of(request), acceptance_id)
    name = f"{found.version.plan.name} {found.version.number}, {found.payee.name}.pdf"
    return _pdf(file_content(queries.document_of(found)), name)


@page(profiles=RUNNERS)
def preview(request: HttpRequest, plan_id: UUID, number: int, payee_id: UUID) -> HttpResponse:
    """The document as it would be sent to a payee."""
    actor = actor_of(request)
    require_pay_manager(actor)
    version = get_version(actor, plan_id, number)
    payee = get_payee(actor, payee_id)
    return _pdf(plan_document(version, payee), f"{version.plan.name}, {payee.name}.pdf")


def _page(request: HttpRequest, plan: CompensationPlan, form: Form) -> HttpResponse:
    actor = actor_of(request)
    version = _version(actor, plan, request.GET.get("version", ""))
    rows = queries.acceptance_rows(actor, version) if version is not None else []
    manages = manages_pay(actor.user)
    versions = plan.versions.order_by("-number")
    if not manages:
        versions = versions.filter(activated_at__isnull=False)
    return form.page(
        "compensation/acceptance/show.html",
        {
            "tab": "plans",
            "manages": manages,
            "plan": plan,
            "version": version,
            "versions": [(each.number, each.number) for each in versions],
            "rows": [(row, _same_text(row)) for row in rows],
            "accepted": sum(row.state == "accepted" for row in rows),
            "waiting": sum(row.state in ("sent", "viewed") for row in rows),
            "unasked": sum(row.state in ("not_sent", "declined", "lapsed") for row in rows),
        },
    )


def _same_text(row: queries.AcceptanceRow) -> bool | None:
    return queries.is_of_this_text(row.acceptance) if row.acceptance is not None else None


def _version(actor: Any, plan: CompensationPlan, number: str) -> PlanVersion | None:
    if number:
        wanted = whole_number(number, most=2**31 - 1)
        if wanted is None:
            raise NotFound("This version does not exist.")
        return get_version(actor, plan.pk, wanted)
    return plan.versions.filter(activated_at__isnull=False).order_by("-number").first()


def _address(version: PlanVersion) -> str:
    return f"/compensation/plans/{version.plan_id}/acceptance?version={version.number}"


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = str(content_disposition_header(False, name))
    response["Cache-Control"] = "private, no-store"
    return response
