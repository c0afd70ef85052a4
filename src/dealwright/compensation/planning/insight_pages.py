"""Whether a scenario holds: capacity, fairness, territories, beside another one, adopted."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.people.models import User
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.compensation.given import given_id
from dealwright.compensation.planning import queries
from dealwright.compensation.planning.access import get_scenario
from dealwright.compensation.planning.adoption import (
    adopt_scenario,
    preview_adoption,
    undo_adoption,
    why_not_undone,
)
from dealwright.compensation.planning.pages import HOME, RUNNERS, scenario_context
from dealwright.compensation.planning.sheet import load_sheet
from dealwright.compensation.planning.territories import plan_territory, territory_balance

SHOWN = 300  # rows of a long table


@page(profiles=RUNNERS, methods=["GET", "HEAD"])
def capacity(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """What those who sell can probably reach, and what hires would bring."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    sheet = load_sheet(scenario)
    return render(
        request,
        "compensation/planning/capacity.html",
        {
            **scenario_context(actor, scenario, "capacity"),
            "found": queries.capacity_of(sheet),
            "sheet": sheet,
            "leaves": sheet.leaves[:SHOWN],
        },
    )


@page(methods=["GET", "HEAD"])
def fairness(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """How alike the quotas are beside what was sold and what is to be earned."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    grid = queries.read_grid(actor, scenario, all_rows=True)
    found = queries.fairness_of(actor, grid.sheet, grid)
    return render(
        request,
        "compensation/planning/fairness.html",
        {
            **scenario_context(actor, scenario, "fairness"),
            "found": found,
            "rows": found.rows[:SHOWN],
        },
    )


@page(profiles=RUNNERS)
def territories(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """What territories are worth, and who would hold them."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            user = None
            if form["user"]:
                user = User.objects.filter(pk=given_id(form["user"])).first()
                if user is None:
                    raise Invalid(_("Choose a person."), fields={"user": [_("Choose a person.")]})
            plan_territory(actor, scenario_id, form["territory"], user, reason=form["reason"])
            return done(request, f"{HOME}/{scenario_id}/territories", _("Saved."))
    return form.page(
        "compensation/planning/territories.html",
        {
            **scenario_context(actor, scenario, "territories"),
            "balance": territory_balance(actor, scenario),
            "shown": SHOWN,
        },
    )


@page(profiles=RUNNERS, methods=["GET", "HEAD"])
def compare(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """This scenario beside another one."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    others = [each for each in queries.list_scenarios(actor)[0] if each.pk != scenario.pk]
    wanted = request.GET.get("with", "")
    found = queries.compare_scenarios(actor, scenario_id, given_id(wanted)) if wanted else None
    return render(
        request,
        "compensation/planning/compare.html",
        {
            **scenario_context(actor, scenario, "compare"),
            "others": [(str(each.pk), each.name) for each in others],
            "wanted": wanted,
            "found": found,
            "capacities": found.capacities if found else None,
            "shown": SHOWN,
        },
    )


@page(profiles=RUNNERS)
def adopt(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """What adopting would write; adopting it."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    form = Form(request)
    if request.method == "POST":
        with form:
            adopt_scenario(actor, scenario_id)
            said = _("Adopted. Statements follow with the next calculation.")
            return done(request, f"{HOME}/{scenario_id}", said)
    return form.page(
        "compensation/planning/adopt.html",
        {
            **scenario_context(actor, scenario, "adopt"),
            "found": preview_adoption(actor, scenario_id),
            "shown": SHOWN,
            "cannot_undo": why_not_undone(scenario) if scenario.adopted_at else [],
        },
    )


@page(profiles=RUNNERS, methods=["POST"])
def undo(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Take the adoption back."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    form = Form(request)
    with form:
        undo_adoption(actor, scenario_id)
        return done(request, f"{HOME}/{scenario_id}", _("Everything is as it was before."))
    return form.page(
        "compensation/planning/adopt.html",
        {
            **scenario_context(actor, scenario, "adopt"),
            "found": preview_adoption(actor, scenario_id),
            "shown": SHOWN,
            "cannot_undo": why_not_undone(scenario) if scenario.adopted_at else [],
        },
    )
