"""The requests of a person's panels."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.crm.contacts.panels import reach_context
from dealwright.crm.contacts.services import (
    add_contact_point,
    prefer_contact_point,
    remove_contact_point,
)


@page(methods=["POST"])
def add_point(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Remember a further address or number; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        add_contact_point(actor, record_id, form["kind"], form["value"], label=form["label"])
        return _panel(request, actor.user, record_id, _("Saved."))
    context = {**(reach_context(actor.user, record_id) or {}), "record_id": record_id}
    return form.page("crm/contacts/reach_panel.html", context)


@page(methods=["POST"])
def prefer_point(request: HttpRequest, record_id: UUID, point_id: UUID) -> HttpResponse:
    """Make an address the preferred one; answers the panel."""
    actor = actor_of(request)
    prefer_contact_point(actor, point_id)
    return _panel(request, actor.user, record_id, _("Preferred now."))


@page(methods=["POST"])
def remove_point(request: HttpRequest, record_id: UUID, point_id: UUID) -> HttpResponse:
    """Forget an address or number; answers the panel."""
    actor = actor_of(request)
    remove_contact_point(actor, point_id)
    return _panel(request, actor.user, record_id, _("Removed."))


def _panel(request: HttpRequest, user: Any, record_id: UUID, said: str) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return done(request, f"/contacts/{record_id}", said)
    context = {**(reach_context(user, record_id) or {}), "record_id": record_id}
    return toast(render(request, "crm/contacts/reach_panel.html", context), said)
