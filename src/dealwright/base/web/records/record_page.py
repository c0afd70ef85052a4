"""The page of one record: facts, timeline and panels, related; its peek; its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import loader
from django.utils.translation import gettext as _
from markupsafe import Markup

from dealwright.base.access.actor import Actor
from dealwright.base.access.visibility import changeable_by
from dealwright.base.objects.fields import Field, Kind
from dealwright.base.objects.paths import visible_fields
from dealwright.base.objects.registry import ObjectType
from dealwright.base.records.queries import get_row
from dealwright.base.records.services import delete_record
from dealwright.base.web.pages import actor_of, done, page, render, say
from dealwright.base.web.records import cells
from dealwright.base.web.records.addresses import may_create, record_url
from dealwright.base.web.records.cells import Column, column_of, field_infos, title_of
from dealwright.base.web.records.history import shown_history, timeline_of
from dealwright.base.web.records.related import ShownPanel, related_lists, shown_panels
from dealwright.base.web.records.undo import keep_undo

SYSTEM_KEYS = ("owner", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Facts:
    """The fields of a record page: those one looks at first, and the rest."""

    first: Sequence[Column]
    more: Sequence[Column]


@page(methods=["GET", "HEAD"])
def record_page(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """The record with facts left, one main panel in the middle, what is related right.

    ``tab`` names the main panel. The right side comes in a second request.
    """
    actor = actor_of(request)
    context = record_context(actor, of, record_id)
    main = shown_panels(actor.user, of, record_id, "main")
    tabs = [(shown.panel.key, _(shown.panel.label)) for shown in main]
    first = next((shown.panel.key for shown in main if shown.panel.leads), "timeline")
    if "timeline" not in [key for key, _label in tabs]:
        tabs.insert(0, ("timeline", _("Activity")))
    chosen = request.GET.get("tab") or first
    panel = next((shown for shown in main if shown.panel.key == chosen), None)
    if panel is None:
        chosen = "timeline"
        panel = next((shown for shown in main if shown.panel.key == chosen), None)
    context |= {
        "tabs": [
            (
                label,
                record_url(of, record_id) + ("" if key == first else f"?tab={key}"),
                key == chosen,
            )
            for key, label in sorted(tabs, key=lambda tab: (tab[0] != first, tab[0] != "timeline"))
        ],
        "panel": panel,
        "timeline": (timeline_of(actor, of, record_id) if panel is None else []),
    }
    context["render_panel"] = panel_renderer(request, of, record_id)
    return render(request, "base/web/records/record.html", context)


def panel_renderer(
    request: HttpRequest, of: ObjectType, record_id: Any
) -> Callable[[ShownPanel], Markup]:
    """What draws a panel's template with its own context, ``of`` and ``record_id``."""

    def draw(shown: ShownPanel) -> Markup:
        context = {"of": of, "record_id": record_id, **shown.context}
        # Made by our own templates, which escape what they show.
        return Markup(loader.render_to_string(shown.panel.template, context, request))  # noqa: S704

    return draw


def record_context(actor: Actor, of: ObjectType, record_id: Any) -> dict[str, Any]:
    """What the record page, its peek and its live refresh show of the record itself."""
    user = actor.require_user()
    row = get_row(actor, of, record_id)
    writable = may_change(actor, of, record_id)
    return {
        "of": of,
        "record_id": record_id,
        "row": row,
        "record_title": title_of(of, row),
        "subtitle": _subtitle(actor, of, row),
        "facts": facts_of(actor, of),
        "cells": cells,
        "may_write": writable,
        "may_create": may_create(user, of),
        "actions": [
            action
            for action in of.actions
            if (writable or not action.for_writers) and action.available(user, row)
        ],
        "fields": field_infos(of, user),
        "system_keys": SYSTEM_KEYS,
    }


def may_change(actor: Actor, of: ObjectType, record_id: Any) -> bool:
    """Whether the person may change this record."""
    model: Any = of.model
    rows = model.objects.filter(changeable_by(actor.require_user(), of.key), pk=record_id)
    found: bool = rows.exists()
    return found


def facts_of(actor: Actor, of: ObjectType) -> Facts:
    """The object's columns and custom fields first, then all else."""
    fields = [field for field in visible_fields(of, actor.user) if field.kind != Kind.JSON]
    first_keys = list(dict.fromkeys([*of.columns, *(f.key for f in fields if _stands_first(f))]))
    known = {field.key for field in fields}
    first = [key for key in first_keys if key in known and key not in SYSTEM_KEYS[1:]]
    more = [field.key for field in fields if field.key not in first]
    return Facts(
        [column_of(of, key, actor.user) for key in first],
        [column_of(of, key, actor.user) for key in more],
    )


def _stands_first(field: Field) -> bool:
    return field.custom or (field.listed and field.key not in SYSTEM_KEYS[1:])


def _subtitle(actor: Actor, of: ObjectType, row: Mapping[str, Any]) -> str:
    if not of.subtitle or of.subtitle not in {field.key for field in of.all_fields()}:
        return ""
    return cells.text_of(column_of(of, of.subtitle, actor.user), row)


@page(methods=["GET"])
def record_side(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """The right side: panels and related lists."""
    actor = actor_of(request)
    get_row(actor, of, record_id, ["id"])
    context = {
        "of": of,
        "record_id": record_id,
        "panels": shown_panels(actor.user, of, record_id, "side"),
        "lists": related_lists(actor, of, record_id),
        "render_panel": panel_renderer(request, of, record_id),
    }
    return render(request, "base/web/records/side.html", context)


@page(methods=["GET"])
def record_facts(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """The facts anew, after somebody else changed them."""
    context = record_context(actor_of(request), of, record_id)
    return render(request, "base/web/records/facts.html", context)


@page(methods=["GET"])
def record_timeline(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """The built-in timeline anew."""
    actor = actor_of(request)
    items = timeline_of(actor, of, record_id)
    return render(request, "base/web/records/timeline.html", {"of": of, "timeline": items})


@page(methods=["GET"])
def peek(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """The record in short, beside a list."""
    actor = actor_of(request)
    context = record_context(actor, of, record_id)
    context["timeline"] = timeline_of(actor, of, record_id, limit=30)[:8]
    return render(request, "base/web/records/peek.html", context)


@page(methods=["GET"])
def field_history(request: HttpRequest, of: ObjectType, record_id: Any, key: str) -> HttpResponse:
    """How one field came to its value."""
    actor = actor_of(request)
    column = column_of(of, key, actor.user)
    return render(
        request,
        "base/web/records/history.html",
        {"column": column, "changes": shown_history(actor, of, record_id, key)},
    )


@page(methods=["POST"])
def delete(request: HttpRequest, of: ObjectType, record_id: Any) -> HttpResponse:
    """Put the record in the bin; the list says so and offers to take it back."""
    actor = actor_of(request)
    title = title_of(of, get_row(actor, of, record_id))
    delete_record(actor, of.key, record_id)
    address = keep_undo(actor, of.key, [{"id": str(record_id), "restore": True}])
    say(request, _("“%(title)s” deleted.") % {"title": title}, undo=address)
    target = request.POST.get("next", "")
    safe = target if target.startswith(f"/{of.slug}") else f"/{of.slug}"
    if request.headers.get("HX-Request"):
        return done(request, safe)
    return HttpResponseRedirect(safe, status=303)
