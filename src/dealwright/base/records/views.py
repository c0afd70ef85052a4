"""Saved views: a list as someone likes it, for oneself, a team, or everyone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from dealwright.base.access.actor import Actor, change
from dealwright.base.access.visibility import reach_of
from dealwright.base.errors import Invalid, NotAllowed, NotFound
from dealwright.base.objects.filters import check_filter
from dealwright.base.objects.registry import object_type
from dealwright.base.people.models import Team, User
from dealwright.base.records.models import LastView, SavedView, ViewPin

MOST_VIEWS = 200


def views_for(user: User, object_key: str) -> Sequence[SavedView]:
    """The views of an object that the user may open: pinned ones first, then own ones.

    Each has ``is_pinned``.
    """
    pinned = Exists(ViewPin.objects.filter(user=user, view=OuterRef("pk")))
    rows = SavedView.objects.filter(_may_open(user), object=object_key).select_related("owner")
    return sorted(
        rows.annotate(is_pinned=pinned)[:MOST_VIEWS],
        key=lambda view: (
            not view.is_pinned,
            view.owner_id != user.pk,
            view.position,
            view.name,
        ),
    )


def all_views_of(user: User) -> Sequence[SavedView]:
    """The views of every object that the user may open: what the palette lists."""
    return list(SavedView.objects.filter(_may_open(user))[:MOST_VIEWS])


def find_view(user: User, object_key: str, view_id: str) -> SavedView | None:
    """The view of that id, None for an empty id; raises NotFound where it may not be opened."""
    if not view_id:
        return None
    try:
        key = uuid.UUID(view_id)
    except ValueError:
        raise NotFound(_("This view does not exist.")) from None
    view = SavedView.objects.filter(_may_open(user), object=object_key, pk=key).first()
    if view is None:
        raise NotFound(_("This view does not exist, or was not shared with you."))
    return view


def create_view(
    actor: Actor,
    object_key: str,
    *,
    name: str,
    layout: str,
    filter: Mapping[str, Any],
    columns: Sequence[str],
    sort: str,
    scope: str = SavedView.Scope.PRIVATE,
    team_id: str = "",
) -> SavedView:
    """Keep a list under a name; raises Invalid with the sentences per field."""
    user = actor.require_user()
    of = object_type(object_key)
    check_filter(of, filter, user)
    with change(actor):
        view = SavedView(
            object=object_key,
            owner=user,
            name=_checked_name(name),
            layout=layout if layout in SavedView.Layout.values else SavedView.Layout.TABLE,
            filter=dict(filter),
            columns=list(columns),
            sort=sort,
        )
        _set_scope(user, view, scope, team_id)
        view.save()
        return view


def update_view(actor: Actor, view: SavedView, **changes: Any) -> SavedView:
    """Change a view that one owns (an administrator: any).

    ``changes`` may hold name, layout, filter, columns, sort, scope and team_id.
    """
    user = _require_owner(actor, view)
    with change(actor):
        if "name" in changes:
            view.name = _checked_name(changes["name"])
        if "filter" in changes:
            check_filter(object_type(view.object), changes["filter"], user)
        for key in ("layout", "filter", "columns", "sort"):
            if key in changes:
                setattr(view, key, changes[key])
        if "scope" in changes:
            _set_scope(user, view, changes["scope"], changes.get("team_id", ""))
        view.save()
        return view


def delete_view(actor: Actor, view: SavedView) -> None:
    """Forget a view; the records stay."""
    _require_owner(actor, view)
    with change(actor):
        view.delete()


def pin_view(actor: Actor, view: SavedView, *, pinned: bool = True) -> None:
    """Keep a view at hand, or no longer; for the actor alone."""
    user = actor.require_user()
    find_view(user, view.object, str(view.pk))
    with change(actor):
        if pinned:
            ViewPin.objects.get_or_create(user=user, view=view)
        else:
            ViewPin.objects.filter(user=user, view=view).delete()


def remember_view(user: User, object_key: str, view: SavedView | None) -> None:
    """That the user opened the view (None: the plain list) on the object's list just now."""
    changed = LastView.objects.filter(user=user, object=object_key).exclude(view=view)
    if view is None:
        changed = LastView.objects.filter(user=user, object=object_key, view__isnull=False)
    if not changed.update(view=view):
        LastView.objects.get_or_create(user=user, object=object_key, defaults={"view": view})


def last_view(user: User, object_key: str) -> SavedView | None:
    """The view that the user opened last on the object's list, if it may still be opened."""
    return SavedView.objects.filter(
        _may_open(user), pk__in=LastView.objects.filter(user=user, object=object_key).values("view")
    ).first()


def may_change(user: User, view: SavedView) -> bool:
    """Whether the user may change or delete the view."""
    return view.owner_id == user.pk or user.is_administrator


def teams_of(user: User) -> Sequence[Team]:
    """The teams with which the user can share a view."""
    return list(Team.objects.filter(memberships__user=user))


def _may_open(user: User) -> Q:
    return (
        Q(owner=user)
        | Q(scope=SavedView.Scope.EVERYONE)
        | Q(scope=SavedView.Scope.TEAM, team__in=reach_of(user).keys)
    )


def _require_owner(actor: Actor, view: SavedView) -> User:
    user = actor.require_user()
    if not may_change(user, view):
        raise NotAllowed(_("This view belongs to somebody else. Save your own copy instead."))
    return user


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name:
        raise Invalid(_("Give the view a name."), fields={"name": [_("Give the view a name.")]})
    if len(name) > 120:
        sentence = _("A name may have at most 120 characters.")
        raise Invalid(sentence, fields={"name": [sentence]})
    return name


def _set_scope(user: User, view: SavedView, scope: str, team_id: str) -> None:
    if scope not in SavedView.Scope.values:
        sentence = _("Choose who may use this view.")
        raise Invalid(sentence, fields={"scope": [sentence]})
    view.scope = scope
    view.team = None
    if scope == SavedView.Scope.TEAM:
        view.team = next((team for team in teams_of(user) if str(team.pk) == team_id), None)
        if view.team is None:
            sentence = _("Choose one of your teams.")
            raise Invalid(sentence, fields={"team_id": [sentence]})
