"""A row of a scenario in the browser: what made it, what was said, what can be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dealwright.base.access.actor import Actor
from dealwright.base.errors import Invalid, NotFound
from dealwright.base.people.models import Team, User
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.compensation.access import payee_ids
from dealwright.compensation.given import given_day, given_id, given_optional_amount
from dealwright.compensation.planning import queries, row_services
from dealwright.compensation.planning.access import plans_pay
from dealwright.compensation.planning.explain import explanation
from dealwright.compensation.planning.figures import (
    credited_events,
    open_deals,
    people_behind,
    target_pay,
)
from dealwright.compensation.planning.models import WHAT, Method
from dealwright.compensation.planning.pages import HOME, RUNNERS, scenario_context
from dealwright.compensation.planning.typed import percentages, plain, row_values
from dealwright.compensation.quotas.queries import positions


@page(methods=["GET", "HEAD"])
def show(request: HttpRequest, scenario_id: UUID, row_id: UUID) -> HttpResponse:
    """What made a row's amount, with the deals behind it."""
    return _page(request, scenario_id, row_id, Form(request))


@page(profiles=RUNNERS, methods=["POST"])
def edit(request: HttpRequest, scenario_id: UUID, row_id: UUID) -> HttpResponse:
    """How a row shares out, its days and what is expected of it."""
    form = Form(request)
    with form:
        row_services.change_row(
            actor_of(request), scenario_id, row_id, row_values(form), reason=form["reason"]
        )
        return done(request, f"{HOME}/{scenario_id}/rows/{row_id}", _("Saved."))
    return _page(request, scenario_id, row_id, form)


@page(methods=["POST"])
def act(request: HttpRequest, scenario_id: UUID, row_id: UUID, action: str) -> HttpResponse:
    """An amount by hand or from below, a comment, a row below, another place, gone."""
    actor = actor_of(request)
    queries.read_line(actor, scenario_id, row_id)
    verb = _ACTIONS.get(action)
    if verb is None:
        raise NotFound(_("There is nothing at this address."))
    form = Form(request)
    with form:
        target, said = verb(actor, scenario_id, row_id, form)
        return done(request, f"{HOME}/{scenario_id}{target}", said)
    return _page(request, scenario_id, row_id, form)


Done = tuple[str, str]


def _lock(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    amount = given_optional_amount(form["locked"], "locked")
    row_services.lock_quota(actor, scenario_id, row_id, amount, reason=form["reason"])
    return f"/rows/{row_id}", _("Saved.")


def _propose(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    amount = given_optional_amount(form["proposed"], "proposed")
    row_services.propose_quota(actor, scenario_id, row_id, amount, reason=form["reason"])
    return f"/rows/{row_id}", _("Saved.")


def _comment(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    row_services.comment(actor, scenario_id, row_id, form["reason"])
    return f"/rows/{row_id}", _("Saved.")


def _take(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    count = row_services.take_proposals(actor, scenario_id, row_id, reason=form["reason"])
    said = ngettext("%(num)s proposal is fixed.", "%(num)s proposals are fixed.", count)
    return "", said % {"num": count}


def _add(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    row = row_services.add_row(
        actor,
        scenario_id,
        row_id,
        holder=_holder(form),
        name=str(form["name"]),
        is_hire=form["kind"] == "hire",
        starts_on=given_day(form["starts_on"], "starts_on") if form["starts_on"] else None,
        weight=given_optional_amount(form["weight"], "weight"),
    )
    return f"/rows/{row_id}", _("%(name)s is added.") % {"name": row.name}


def _holder(form: Form) -> row_services.Holder | None:
    """Whom a new row is for; None for a group or a planned hire."""
    kind = form["kind"]
    if kind == "person":
        user = User.objects.filter(pk=given_id(form["user"])).first()
        if user is None:
            raise Invalid(_("Choose a person."), fields={"user": [_("Choose a person.")]})
        return user
    if kind == "team":
        team = Team.objects.filter(pk=given_id(form["team"])).first()
        if team is None:
            raise Invalid(_("Choose a team."), fields={"team": [_("Choose a team.")]})
        return team
    return str(form["position"]) if kind == "position" else None


def _move(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    parent = given_id(form["parent"])
    row_services.move_row(actor, scenario_id, row_id, parent, reason=form["reason"])
    return f"/rows/{row_id}", _("Moved.")


def _remove(actor: Actor, scenario_id: UUID, row_id: UUID, form: Form) -> Done:
    row_services.remove_row(actor, scenario_id, row_id, reason=form["reason"])
    return "", _("The row is gone.")


_ACTIONS: dict[str, Callable[[Actor, UUID, UUID, Form], Done]] = {
    "lock": _lock,
    "propose": _propose,
    "comment": _comment,
    "take": _take,
    "add": _add,
    "move": _move,
    "remove": _remove,
}


def _page(request: HttpRequest, scenario_id: UUID, row_id: UUID, form: Form) -> HttpResponse:
    actor = actor_of(request)
    sheet, line = queries.read_line(actor, scenario_id, row_id)
    row, scenario = line.row, sheet.scenario
    inside = [row, *sheet.descendants(row)]
    behind = people_behind(inside, {each.pk for each in sheet.leaves})
    people = sorted({user for users in behind.values() for user in users})
    events, event_count = credited_events(actor, scenario, people)
    manages = plans_pay(actor)
    values: dict[str, Any] = {
        "name": row.name,
        "method": row.method,
        "over": "" if row.over is None else percentages([row.over]),
        "expected_attainment": (
            "" if row.expected_attainment is None else percentages([row.expected_attainment])
        ),
        "sets_quota": row.sets_quota,
        "locked": plain(row.locked),
        "proposed": plain(row.proposed),
        "parent": str(row.parent_id or ""),
        **{
            name: getattr(row, name).isoformat() if getattr(row, name) else ""
            for name in ("starts_on", "ends_on", "ramp_from")
        },
    }
    form.values = {**values, **form.values}  # the other forms of the page keep theirs
    visible, pay = payee_ids(actor), None
    if row.user_id is not None and (visible is None or row.user_id in visible):
        pay = target_pay(scenario, [row.user_id]).get(row.user_id)
    under = {each.pk for each in inside}
    return form.page(
        "compensation/planning/row.html",
        {
            **scenario_context(actor, scenario, "grid"),
            "line": line,
            "row": row,
            "kind": queries.kind_of(row),
            "said": explanation(sheet, line),
            "months": sheet.by_month(row).amounts,
            "season": sheet.season,
            "slices": sheet.slices(row),
            "events": events,
            "event_count": event_count,
            "deals": open_deals(actor, people),
            "pay": pay,
            "changes": queries.changes_of(scenario, row.pk),
            "what": WHAT,
            "methods": [(key, _(str(label))) for key, label in Method.choices],
            "over_here": sheet.over(row),
            "parents": [
                (str(each.pk), f"{'– ' * sheet.depth[each.pk]}{each.name}")
                for each in sheet.rows
                if each.pk not in under
            ]
            if manages and row.parent_id is not None
            else [],
            "teams": list(Team.objects.values_list("id", "name")) if manages else [],
            "positions": positions() if manages else [],
        },
    )
