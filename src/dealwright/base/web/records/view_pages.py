"""Saving, sharing, renaming and deleting views."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.models import SavedView
from dealwright.base.records.views import (
    create_view,
    delete_view,
    find_view,
    pin_view,
    teams_of,
    update_view,
)
from dealwright.base.web.pages import Form, actor_of, done, page
from dealwright.base.web.records.state import ListState, read_state

LAYOUT_PATHS = {"board": "board", "calendar": "calendar"}


@page
def save_view(request: HttpRequest, of: ObjectType) -> HttpResponse:
    """The dialog that keeps the list of ``address`` as a new view."""
    actor = actor_of(request)
    user = actor.require_user()
    address = request.POST.get("address") or request.GET.get("address", "")
    state = _state_at(of, user, address)
    form = Form(request, {"name": "", "scope": "private", "team_id": "", "address": address})
    if request.method == "POST":
        with form:
            view = create_view(
                actor,
                of.key,
                name=form["name"],
                scope=form["scope"],
                team_id=form["team_id"],
                layout=state.layout,
                filter=state.filter,
                columns=[column.key for column in state.columns],
                sort=state.sort,
            )
            said = _("View “%(name)s” saved.") % {"name": view.name}
            return done(request, view_address(of, view), said)
    context = {
        "of": of,
        "action": f"/{of.slug}/views/new",
        "heading": _("Save this view"),
        "team_options": [(str(team.pk), team.name) for team in teams_of(user)],
        "view": None,
    }
    return form.page("base/web/records/view_dialog.html", context)


@page
def edit_view(request: HttpRequest, of: ObjectType, view_id: Any) -> HttpResponse:
    """The dialog that renames a view or changes who may use it."""
    actor = actor_of(request)
    user = actor.require_user()
    view = find_view(user, of.key, str(view_id))
    assert view is not None
    initial = {"name": view.name, "scope": view.scope, "team_id": str(view.team_id or "")}
    form = Form(request, initial)
    if request.method == "POST":
        with form:
            update_view(
                actor, view, name=form["name"], scope=form["scope"], team_id=form["team_id"]
            )
            return done(request, view_address(of, view), _("View changed."))
    context = {
        "of": of,
        "action": f"/{of.slug}/views/{view.pk}",
        "heading": _("Change the view"),
        "team_options": [(str(team.pk), team.name) for team in teams_of(user)],
        "view": view,
    }
    return form.page("base/web/records/view_dialog.html", context)


@page(methods=["POST"])
def keep_view(request: HttpRequest, of: ObjectType, view_id: Any) -> HttpResponse:
    """Write the list as it is now into its view, for everybody who uses it."""
    actor = actor_of(request)
    user = actor.require_user()
    view = find_view(user, of.key, str(view_id))
    assert view is not None
    state = _state_at(of, user, request.POST.get("address", ""))
    update_view(
        actor,
        view,
        layout=state.layout,
        filter=dict(state.filter),
        columns=[column.key for column in state.columns],
        sort=state.sort,
    )
    said = _("View “%(name)s” saved.") % {"name": view.name}
    return done(request, view_address(of, view), said)


@page(methods=["POST"])
def pin(request: HttpRequest, of: ObjectType, view_id: Any) -> HttpResponse:
    """Keep a view at hand above the list, or no longer."""
    actor = actor_of(request)
    view = find_view(actor.require_user(), of.key, str(view_id))
    assert view is not None
    pin_view(actor, view, pinned=request.POST.get("pinned") == "yes")
    return done(request, view_address(of, view))


@page(methods=["POST"])
def remove_view(request: HttpRequest, of: ObjectType, view_id: Any) -> HttpResponse:
    """Forget a view."""
    actor = actor_of(request)
    view = find_view(actor.require_user(), of.key, str(view_id))
    assert view is not None
    delete_view(actor, view)
    return done(request, f"/{of.slug}", _("View “%(name)s” deleted.") % {"name": view.name})


def view_address(of: ObjectType, view: SavedView) -> str:
    """Where a view opens."""
    layout = LAYOUT_PATHS.get(view.layout)
    return f"/{of.slug}{'/' + layout if layout else ''}?view={view.pk}"


def _state_at(of: ObjectType, user: Any, address: str) -> ListState:
    parts = urlsplit(address)
    last = parts.path.rstrip("/").rsplit("/", 1)[-1]
    return read_state(of, user, QueryDict(parts.query), layout=LAYOUT_PATHS.get(last, "table"))
