"""Settings: the role tree and the teams."""

from __future__ import annotations

import uuid

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.people import structure
from dealwright.base.people.models import Role, Team, User
from dealwright.base.people.rules import get_role, get_team, get_user
from dealwright.base.web.pages import Form, actor_of, done, page


@page(profiles=["administrator"])
def roles(request: HttpRequest) -> HttpResponse:
    """The tree, and a form that adds to it."""
    form = Form(request)
    if request.method == "POST":
        with form:
            parent = get_role(form["parent"]) if form["parent"] else None
            structure.create_role(actor_of(request), name=form["name"], parent=parent)
            return done(request, "/settings/roles", _("Role added."))
    context = {"tree": structure.role_tree(), "choices": _role_choices()}
    return form.page("base/people/roles.html", context)


@page(profiles=["administrator"])
def role(request: HttpRequest, role_id: uuid.UUID) -> HttpResponse:
    """One role: its name, its place, who stands in it."""
    found = get_role(role_id)
    form = Form(request, {"name": found.name, "parent": found.parent_id})
    if request.method == "POST":
        with form:
            actor = actor_of(request)
            parent = get_role(form["parent"]) if form["parent"] else None
            structure.change_role(actor, role_id, name=form["name"], parent=parent)
            return done(request, "/settings/roles", _("Saved."))
    context = {
        "role": found,
        "choices": _role_choices(without=found),
        "people": found.users.order_by("name"),
    }
    return form.page("base/people/role.html", context)


@page(profiles=["administrator"], methods=["POST"])
def delete_role(request: HttpRequest, role_id: uuid.UUID) -> HttpResponse:
    """Remove an empty role."""
    structure.delete_role(actor_of(request), role_id)
    return done(request, "/settings/roles", _("Role removed."))


@page(profiles=["administrator"])
def teams(request: HttpRequest) -> HttpResponse:
    """All teams, and a form that makes one."""
    form = Form(request)
    if request.method == "POST":
        with form:
            team = structure.create_team(actor_of(request), name=form["name"])
            return done(request, f"/settings/teams/{team.pk}", _("Team made. Choose its members."))
    rows = Team.objects.annotate(people=Count("members")).order_by("name")
    return form.page("base/people/teams.html", {"teams": rows})


@page(profiles=["administrator"])
def team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """One team: its name and members."""
    found = get_team(team_id)
    members = [str(pk) for pk in found.memberships.values_list("user_id", flat=True)]
    form = Form(request, {"name": found.name, "members": members}, lists=["members"])
    if request.method == "POST":
        with form:
            actor = actor_of(request)
            chosen = [get_user(each) for each in form["members"]]
            structure.change_team(actor, team_id, name=form["name"], members=chosen)
            return done(request, "/settings/teams", _("Saved."))
    people = User.objects.filter(is_active=True) | User.objects.filter(pk__in=members)
    return form.page("base/people/team.html", {"team": found, "people": people.order_by("name")})


@page(profiles=["administrator"], methods=["POST"])
def delete_team(request: HttpRequest, team_id: uuid.UUID) -> HttpResponse:
    """Remove a team."""
    structure.delete_team(actor_of(request), team_id)
    return done(request, "/settings/teams", _("Team removed."))


def _role_choices(without: Role | None = None) -> list[tuple[uuid.UUID, str]]:
    return [
        (each.pk, "\u2003" * depth + each.name)
        for each, depth in structure.roles_with_depth(without=without)
    ]
