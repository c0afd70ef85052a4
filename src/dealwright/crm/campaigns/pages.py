"""The requests of a campaign's members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dealwright.base.errors import Invalid
from dealwright.base.web.pages import Form, actor_of, done, page, render, toast
from dealwright.crm.campaigns.panels import members_context
from dealwright.crm.campaigns.services import add_members, remove_member, set_member_status


@page(methods=["POST"])
def add(request: HttpRequest, record_id: UUID) -> HttpResponse:
    """Put a person into the campaign; answers the panel."""
    actor = actor_of(request)
    form = Form(request)
    with form:
        if not form["contact"]:
            sentence = _("Choose a contact.")
            raise Invalid(sentence, fields={"contact": [sentence]})
        add_members(actor, record_id, [form["contact"]], status=form["status"])
        return _panel(request, actor.user, record_id, _("Added."))
    context = {**(members_context(actor.user, record_id) or {}), "record_id": record_id}
    return form.page("crm/campaigns/members_panel.html", context)


@page(methods=["POST"])
def set_status(request: HttpRequest, record_id: UUID, member_id: UUID) -> HttpResponse:
    """Note what came of a person; answers the panel."""
    actor = actor_of(request)
    set_member_status(actor, member_id, request.POST.get("status", ""))
    return _panel(request, actor.user, record_id, _("Saved."))


@page(methods=["POST"])
def remove(request: HttpRequest, record_id: UUID, member_id: UUID) -> HttpResponse:
    """Take a person out; answers the panel."""
    actor = actor_of(request)
    remove_member(actor, member_id)
    return _panel(request, actor.user, record_id, _("Removed."))


def _panel(request: HttpRequest, user: Any, record_id: UUID, said: str) -> HttpResponse:
    if not request.headers.get("HX-Request"):
        return done(request, f"/campaigns/{record_id}?tab=members", said)
    context = {**(members_context(user, record_id) or {}), "record_id": record_id}
    return toast(render(request, "crm/campaigns/members_panel.html", context), said)
