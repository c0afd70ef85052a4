"""Planning in the browser: scenarios, the grid, settings, files."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Profile
from dealwright.base.people.organization import organization
from dealwright.base.periods import period_of
from dealwright.base.web.pages import Form, actor_of, done, page, render
from dealwright.compensation.dated_files import MAX_FILE
from dealwright.compensation.given import given_id, given_optional_amount, given_start
from dealwright.compensation.planning import queries, row_services, services
from dealwright.compensation.planning.access import get_scenario, people_below, plans_pay
from dealwright.compensation.planning.adoption import why_not_undone
from dealwright.compensation.planning.files import grid_csv, grid_xlsx, import_grid
from dealwright.compensation.planning.models import WHAT, Method, PlanningScenario
from dealwright.compensation.planning.typed import (
    grouped,
    percentages,
    scenario_texts,
    scenario_values,
    ungrouped,
)
from dealwright.compensation.plans.models import CompensationPlan

RUNNERS = (Profile.ADMINISTRATOR, Profile.FINANCE)
HOME = "/compensation/planning"
BUILDS = {
    "reporting": gettext_noop("By managers"),
    "teams": gettext_noop("By teams"),
    "positions": gettext_noop("By positions"),
    "empty": gettext_noop("Empty"),
}
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ACTIONS = {
    "share": (
        services.share_scenario,
        gettext_noop("Managers see their branches now, and were told."),
    ),
    "unshare": (services.unshare_scenario, gettext_noop("It is a draft again.")),
    "drop": (services.drop_scenario, gettext_noop("The scenario is put aside.")),
    "refresh": (
        services.refresh_figures,
        gettext_noop("What was credited and what is open is up to date."),
    ),
    "season": (
        services.take_season,
        gettext_noop("The months are worth what was credited in them before."),
    ),
}


@page(methods=["GET", "HEAD"])
def listing(request: HttpRequest) -> HttpResponse:
    """The scenarios that one may see."""
    actor = actor_of(request)
    manages = plans_pay(actor)
    if not manages and not people_below(actor):
        raise NotFound(_("There is nothing at this address."))
    first = given_start(request.GET.get("start", "0"))
    rows, more = queries.list_scenarios(actor, start=first)
    return render(
        request,
        "compensation/planning/list.html",
        {
            "tab": "quotas",
            "manages": manages,
            "rows": rows,
            "next": first + len(rows) if more else 0,
        },
    )


@page(profiles=RUNNERS)
def new(request: HttpRequest) -> HttpResponse:
    """A new scenario, from who works here or from another one."""
    actor = actor_of(request)
    source = request.GET.get("copy", "")
    copied = get_scenario(actor, given_id(source)) if source else None
    form = Form(request, _first_values(copied))
    if request.method == "POST":
        with form:
            made = services.create_scenario(
                actor,
                scenario_values(form),
                build=form["build"] if form["build"] in BUILDS else "reporting",
                plan_id=given_id(form["plan"]) if form["plan"] else None,
                copy_of=given_id(form["copy"]) if form["copy"] else None,
            )
            return done(request, f"{HOME}/{made.pk}")
    return form.page(
        "compensation/planning/edit.html",
        {
            **_choices(),
            "scenario": None,
            "copied": copied,
            "builds": [(key, _(label)) for key, label in BUILDS.items()],
            "plans": list(
                CompensationPlan.objects.filter(archived_at__isnull=True).values_list("id", "name")
            ),
        },
    )


def _first_values(copied: PlanningScenario | None) -> dict[str, str]:
    if copied is not None:
        name = _("Copy of %(name)s") % {"name": copied.name}
        return {**scenario_texts(copied), "name": name[:120], "copy": str(copied.pk)}
    year = period_of(timezone.localdate(), "year")
    following = period_of(year.end + timedelta(days=1), "year")
    return {
        "name": _("Quotas %(year)s") % {"year": following.label},
        "measure": "bookings",
        "currency": organization().currency,
        "first": following.label,
        "history_first": year.label,
        "step": "100",
        "method": Method.HISTORY,
        "over_assignment": "5%",
        "expected_attainment": "90%",
        "grain": PlanningScenario.Grain.MONTH,
        "build": "reporting",
    }


def _choices() -> dict[str, Any]:
    return {
        "tab": "quotas",
        "manages": True,
        "methods": [(key, _(str(label))) for key, label in Method.choices],
        "grains": [(key, _(str(label))) for key, label in PlanningScenario.Grain.choices],
    }


@page(profiles=RUNNERS)
def settings(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """Other numbers, days and rules for a scenario."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    form = Form(request, scenario_texts(scenario))
    if request.method == "POST":
        with form:
            services.change_scenario(actor, scenario_id, scenario_values(form))
            return done(request, f"{HOME}/{scenario_id}", _("Saved."))
    return form.page(
        "compensation/planning/edit.html", {**_choices(), "scenario": scenario, "copied": None}
    )


@page(methods=["GET", "HEAD"])
def show(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """The grid of a scenario, as far as one sees it."""
    actor = actor_of(request)
    return _grid_page(request, actor, get_scenario(actor, scenario_id), Form(request))


def _grid_page(
    request: HttpRequest, actor: Actor, scenario: PlanningScenario, form: Form
) -> HttpResponse:
    under = given_id(request.GET["under"]) if request.GET.get("under") else None
    manages = plans_pay(actor)
    context = _grid(actor, scenario, under)
    changes = queries.changes_of(scenario)[:12] if manages else []
    return form.page(
        "compensation/planning/show.html",
        {
            **scenario_context(actor, scenario, "grid"),
            **context,
            "changes": changes,
            "what": WHAT,
            "over": percentages(scenario.over_assignment),
            "cannot_undo": why_not_undone(scenario) if manages and scenario.adopted_at else [],
        },
    )


def scenario_context(actor: Actor, scenario: PlanningScenario, part: str) -> dict[str, Any]:
    """What all pages of a scenario show."""
    return {
        "tab": "quotas",
        "manages": plans_pay(actor),
        "scenario": scenario,
        "part": part,
        "home": f"{HOME}/{scenario.pk}",
    }


def _grid(actor: Actor, scenario: PlanningScenario, under: UUID | None) -> dict[str, Any]:
    grid = queries.read_grid(actor, scenario, under=under)
    return {
        "grid": grid,
        "scenario": scenario,
        "home": f"{HOME}/{scenario.pk}",
        "manages": plans_pay(actor),
        "commented": queries.commented(scenario),
        "grouped": grouped,
        "kind_of": queries.kind_of,
        "under": under or "",
    }


@page(methods=["POST"])
def cell(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """One amount of the grid; answers with the grid as it is then."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    given = _sent(request)
    value = given_optional_amount(ungrouped(given.get("value")), "value")
    act = {
        "locked": row_services.lock_quota,
        "proposed": row_services.propose_quota,
        "weight": row_services.set_weight,
    }.get(str(given.get("field")))
    if act is None:
        raise Invalid(
            _("Choose one of the list."), fields={"field": [_("Choose one of the list.")]}
        )
    act(actor, scenario_id, given_id(given.get("row")), value, reason=str(given.get("reason", "")))
    under = given_id(given["under"]) if given.get("under") else None
    context = _grid(actor, scenario, under)
    html = loader.render_to_string("compensation/planning/body.html", context, request)
    return JsonResponse({"html": html})


def _sent(request: HttpRequest) -> dict[str, Any]:
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "\x00" in request.body.decode(errors="replace"):
        raise Invalid(_("This did not work."))
    return found


@page(methods=["GET", "HEAD"])
def download(request: HttpRequest, scenario_id: UUID, kind: str) -> HttpResponse:
    """The grid as a file, as far as one sees it."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    if kind not in _TYPES:
        raise NotFound(_("There is no such file."))
    grid = queries.read_grid(actor, scenario, all_rows=True)
    content = grid_csv(grid) if kind == "csv" else grid_xlsx(grid)
    response = HttpResponse(content, content_type=_TYPES[kind])
    name = f"{scenario.name}.{kind}"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    response["Cache-Control"] = "private, no-store"
    return response


@page(methods=["POST"])
def import_file(request: HttpRequest, scenario_id: UUID) -> HttpResponse:
    """The grid back from a file, all rows or none."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    form = Form(request)
    with form:
        sent = request.FILES.get("file")
        if sent is None or not sent.size or sent.size > MAX_FILE:
            said = _("Choose a CSV or XLSX file of at most 5 MB.")
            raise Invalid(said, fields={"file": [said]})
        count = import_grid(actor, scenario_id, sent.read())
        said = ngettext("%(num)s row was changed.", "%(num)s rows were changed.", count)
        return done(request, f"{HOME}/{scenario_id}", said % {"num": count})
    return _grid_page(request, actor, scenario, form)


@page(methods=["POST"])
def act(request: HttpRequest, scenario_id: UUID, action: str) -> HttpResponse:
    """Share, make a draft again, drop, read figures anew, take the season of history."""
    actor = actor_of(request)
    scenario = get_scenario(actor, scenario_id)
    if action not in ACTIONS:
        raise NotFound(_("There is nothing at this address."))
    form = Form(request)
    with form:
        verb, said = ACTIONS[action]
        verb(actor, scenario_id)
        return done(request, f"{HOME}/{scenario_id}", _(said))
    return _grid_page(request, actor, scenario, form)
